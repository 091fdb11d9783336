// The service worker of /field: the app itself is kept on the phone, so that it opens without a signal.
// The server puts a line before this file: const SHELL = { version, files, pages }.

/* global SHELL */

const APP = `campus-field-${SHELL.version}`;
const PHOTOS = "campus-field-photos";
const MEMORY = "campus-field-memory";
const GROUND = "campus-field-ground";
const MOST_PHOTOS = 400;
const MOST_TILES = 1500;
const PAGE = "/field";

self.addEventListener("install", (event) => {
  event.waitUntil((async () => {
    const cache = await caches.open(APP);
    await cache.addAll([...SHELL.files, ...Object.values(SHELL.pages)].map((url) => new Request(url, { cache: "no-cache" })));
    await self.skipWaiting();
  })());
});

self.addEventListener("activate", (event) => {
  event.waitUntil((async () => {
    const old = (await caches.keys()).filter((name) => name.startsWith("campus-field-") && ![APP, PHOTOS, MEMORY, GROUND].includes(name));
    await Promise.all(old.map((name) => caches.delete(name)));
    await self.clients.claim();
    if (!old.length) return;
    for (const client of await self.clients.matchAll()) client.postMessage("new-version");
  })());
});

/** The page in the language that was chosen last. */
async function page(url) {
  const memory = await caches.open(MEMORY);
  const wish = url.searchParams.get("lang");
  if (wish in SHELL.pages) await memory.put("/language", new Response(wish));
  const language = wish in SHELL.pages ? wish : await (await memory.match("/language"))?.text();
  const cache = await caches.open(APP);
  return (await cache.match(SHELL.pages[language] ?? SHELL.pages.zh)) ?? fetch(url);
}

async function photo(request) {
  const cache = await caches.open(PHOTOS);
  try {
    const answer = await fetch(request);
    if (answer.ok) {
      await cache.put(request, answer.clone());
      const keys = await cache.keys();
      await Promise.all(keys.slice(0, Math.max(0, keys.length - MOST_PHOTOS)).map((key) => cache.delete(key)));
    }
    return answer;
  } catch (error) {
    const known = await cache.match(request);
    if (known) return known;
    throw error;
  }
}

/** A tile never changes under its address; without a signal, the one of an older ground is better than none. */
async function tile(request) {
  const cache = await caches.open(GROUND);
  const known = await cache.match(request);
  if (known) return known;
  try {
    const answer = await fetch(request);
    if (answer.ok) {
      await cache.delete(request, { ignoreSearch: true });
      await cache.put(request, answer.clone());
      const keys = await cache.keys();
      await Promise.all(keys.slice(0, Math.max(0, keys.length - MOST_TILES)).map((key) => cache.delete(key)));
    }
    return answer;
  } catch (error) {
    const older = await cache.match(request, { ignoreSearch: true });
    if (older) return older;
    throw error;
  }
}

async function file(request) {
  return (await (await caches.open(APP)).match(request, { ignoreSearch: true })) ?? fetch(request);
}

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== self.location.origin) return;
  if (request.mode === "navigate" && url.pathname === PAGE) event.respondWith(page(url));
  else if (SHELL.files.includes(url.pathname)) event.respondWith(file(request));
  else if (/^\/api\/v1\/photos\/[^/]+\/thumbnail$/.test(url.pathname)) event.respondWith(photo(request));
  else if (url.pathname.startsWith("/api/v1/tiles/")) event.respondWith(tile(request));
});
