// The outbox: everything that is written goes in here first, and leaves when the server has acknowledged it.
//
// A record is {id, kind, data, order, written_at, person, state, detail, errors, server, tries}; its state is waiting,
// sent, refused (the writer mends or discards it) or conflict (the writer chooses). Photos are records too; their bytes
// lie in a store of their own until the server has named their hash.

import { database, isFull } from "./store.js";

export const LONGEST_NOTE = 10_000;
const KEPT_SENT = 1000;
const OF_THE_WEB = ["campus-field-ground", "campus-field-photos"]; // what the worker keeps and can fetch again
const listeners = new Set();

export function onChange(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function changed() {
  for (const listener of listeners) listener();
  channel?.postMessage("changed");
}

const channel = typeof BroadcastChannel === "function" ? new BroadcastChannel("campus-outbox") : null;
channel?.addEventListener("message", () => { for (const listener of listeners) listener(); });

let last = 0;

/** A number that grows, also where the phone's clock is set back. */
function nextOrder(records) {
  last = Math.max(last, Date.now(), ...records.map((one) => one.order)) + 1;
  return last;
}

const EARLIEST_MS = Date.UTC(2000, 0);
const AHEAD_MS = 86_400_000;
let clockOff_ms = 0;

/** Keep by how much the phone's clock is ahead of the server's. */
export function clockIs(off_ms) {
  clockOff_ms = off_ms;
}

/** A moment that a server can believe, or null: a clock that was never set says 1970, or 2099. */
export function validTime(text) {
  const time = Date.parse(text ?? "");
  return time >= EARLIEST_MS && time <= Date.now() - clockOff_ms + AHEAD_MS ? text : null;
}

/** The moment itself where it can be; else what the server's clock said then, or where that cannot be known, what it says now. */
export function mendedTime(text) {
  if (validTime(text)) return text;
  const then = Date.parse(text ?? "") - clockOff_ms;
  const now = Date.now() - clockOff_ms;
  return new Date(then >= EARLIEST_MS && then <= now ? then : now).toISOString();
}

/** Give back the room of what can be fetched again: tiles and small pictures. */
async function makeRoom() {
  try {
    const gone = await Promise.all(OF_THE_WEB.map((name) => caches.delete(name)));
    return gone.some(Boolean);
  } catch {
    return false;
  }
}

/**
 * Write records and photos: all of them. Where the phone is full, first the map's tiles go, then the photos stay out.
 * @param {object[]} records {id, kind, data}
 * @param {{id, blob}[]} photos their bytes; each has a record of kind "photo"
 * @returns {Promise<{photosLost: number}>} resolved once it is on the phone's disk
 */
export async function write(records, photos, person) {
  try {
    await put(records, photos, person);
    return { photosLost: 0 };
  } catch (error) {
    if (!isFull(error)) throw error;
    if (await makeRoom()) {
      try {
        await put(records, photos, person);
        return { photosLost: 0 };
      } catch (still) {
        if (!isFull(still)) throw still;
      }
    }
    if (!photos.length) throw error;
    const lost = new Set(photos.map((one) => one.id));
    await put(records.filter((one) => !lost.has(one.id)), [], person);
    return { photosLost: lost.size };
  }
}

async function put(records, photos, person) {
  const db = await database();
  const work = db.transaction(["records", "photos"], "readwrite", { durability: "strict" });
  const known = await work.objectStore("records").getAll();
  try {
    for (const { id, blob } of photos) await work.objectStore("photos").put({ id, blob });
    for (const record of records) {
      await work.objectStore("records").put({
        ...record, person, order: nextOrder(known), written_at: new Date().toISOString(), state: "waiting", tries: 0,
      });
    }
  } catch (error) {
    work.done.catch(() => {}); // it is aborted, and said below
    try { work.abort(); } catch { /* it is over already */ }
    throw error;
  }
  await work.done;
  changed();
}

/** All records, the oldest first. */
export async function all() {
  return (await database()).getAllFromIndex("records", "order");
}

export async function one(id) {
  return (await database()).get("records", id);
}

export async function photo(id) {
  return (await (await database()).get("photos", id))?.blob ?? null;
}

/** Change what is known of a record; it is left alone where it is gone or was sent meanwhile. */
export async function note(id, change) {
  const db = await database();
  const work = db.transaction(["records", "photos"], "readwrite", { durability: "strict" });
  const record = await work.objectStore("records").get(id);
  if (record && record.state !== "sent") {
    await work.objectStore("records").put({ ...record, ...change });
    if (change.state === "sent") await work.objectStore("photos").delete(id);
  }
  await work.done;
  changed();
}

/** Put a mended record back into the queue, at its place. */
export async function mend(id, data) {
  await note(id, { data, state: "waiting", detail: null, errors: [], server: null, tries: 0 });
}

/** Send a record whose id is taken under a new one, with all that hangs on it. */
export async function reissue(id) {
  const db = await database();
  const work = db.transaction(["records", "photos"], "readwrite", { durability: "strict" });
  const store = work.objectStore("records");
  const fresh = crypto.randomUUID();
  for (const record of await store.getAll()) {
    if (record.id === id) {
      await store.delete(id);
      await store.put({ ...record, id: fresh, data: { ...record.data, id: fresh }, state: "waiting", detail: null, errors: [], server: null, tries: 0 });
    } else if (record.state !== "sent") {
      const owner = ["hazard", "inspection"].find((name) => record.data[name] === id);
      if (owner) await store.put({ ...record, data: { ...record.data, [owner]: fresh } });
    }
  }
  await work.done;
  changed();
}

/** Records written before anybody had signed in on this phone are those of who signs in first. */
export async function adopt(person) {
  const db = await database();
  const work = db.transaction("records", "readwrite", { durability: "strict" });
  for (const record of await work.store.getAll()) {
    if (record.person === null && record.state !== "sent") await work.store.put({ ...record, person });
  }
  await work.done;
}

/** Take a record and its photos away: only its writer's own tap does this. */
export async function discard(id) {
  const db = await database();
  const work = db.transaction(["records", "photos"], "readwrite", { durability: "strict" });
  const records = await work.objectStore("records").getAll();
  for (const record of records) {
    const hangs = record.kind !== "hazard" && [record.data.hazard, record.data.inspection].includes(id);
    if (record.id !== id && !(hangs && record.state !== "sent")) continue;
    await work.objectStore("records").delete(record.id);
    await work.objectStore("photos").delete(record.id);
  }
  await work.done;
  changed();
}

/** Forget the oldest of what was sent long ago. */
export async function tidy() {
  const sent = (await all()).filter((record) => record.state === "sent");
  const db = await database();
  for (const record of sent.slice(0, Math.max(0, sent.length - KEPT_SENT))) await db.delete("records", record.id);
}
