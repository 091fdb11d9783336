// Sends the outbox when there is a signal: records in their order, then photos; one tab at a time.

import { language } from "../lib/i18n.js";
import * as outbox from "./outbox.js";
import { keep, kept } from "./store.js";

const BATCH = 20;
const WAIT_MS = [2_000, 5_000, 15_000, 30_000, 60_000];
const TOO_LONG_MS = 60_000;
const UNREADABLE = new Set([400, 413, 422]);
const CLOCK_OFF_MS = 5 * 60_000;
const DONE = new Set(["created", "duplicate"]);

/** {phase: idle|sending|offline|signin|failed, waiting, troubled, last_sent, detail, clock_off_min} */
export const state = { phase: "idle", waiting: 0, troubled: 0, last_sent: null, detail: "", clock_off_min: 0 };
const listeners = new Set();
let tries = 0;
let timer = 0;
let running = null;
let again = false;

export function onState(listener) {
  listeners.add(listener);
  listener(state);
}

function say(change) {
  Object.assign(state, change);
  for (const listener of listeners) listener(state);
}

async function count() {
  const records = await outbox.all();
  const open = records.filter((one) => one.state === "waiting").length;
  say({ waiting: open, troubled: records.filter((one) => one.state === "refused" || one.state === "conflict").length });
  return open;
}

export async function ask(method, path, { csrf, body, form } = {}) {
  const headers = { Accept: "application/json", "Accept-Language": language };
  if (csrf) headers["X-CSRF-Token"] = csrf;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  return fetch(`/api/v1/${path}`, {
    method, headers, credentials: "same-origin", cache: "no-store",
    body: form ?? (body === undefined ? undefined : JSON.stringify(body)),
    signal: AbortSignal.timeout(TOO_LONG_MS),
  });
}

class Stopped extends Error {
  constructor(phase, detail = "") {
    super(detail);
    this.phase = phase;
  }
}

async function checked(response) {
  if (response.status === 401) throw new Stopped("signin");
  if (response.status >= 500 || response.status === 429) throw new Stopped("failed", (await said(response)).detail);
  return response;
}

async function said(response) {
  try {
    return await response.json();
  } catch {
    throw new Stopped("offline"); // a captive portal's page, or half an answer
  }
}

let asking = null;

/** What the server says of who is signed in: asked once where several want to know at the same time. */
export function asked() {
  asking ??= (async () => {
    try {
      return await said(await checked(await ask("GET", "me")));
    } finally {
      asking = null;
    }
  })();
  return asking;
}

/** Who is signed in; remembered, so that the app knows without a signal too. */
async function whoAmI() {
  const me = await asked();
  if (!me.id || !me.csrf) throw new Stopped("signin");
  await keep("me", { id: me.id, name: me.name, display_name: me.display_name, roles: me.roles });
  return me;
}

async function sendRecords(me) {
  let size = BATCH;
  for (;;) {
    const waiting = (await outbox.all()).filter((one) => one.state === "waiting" && one.kind !== "photo" && one.person === me.id);
    const batch = waiting.slice(0, size);
    if (!batch.length) return;
    const records = batch.map(({ kind, data }) => ({ kind, data }));
    const response = await checked(await ask("POST", "sync", { csrf: me.csrf, body: { sent_at: new Date().toISOString(), records } }));
    const answer = await said(response);
    if (UNREADABLE.has(response.status)) { // one of them holds up the others: each by itself, and that one to its writer
      if (batch.length === 1) await outbox.note(batch[0].id, { state: "refused", detail: answer.detail, errors: [] });
      size = 1;
      continue;
    }
    if (!response.ok) throw new Stopped("failed", answer.detail);
    if (answer.answers?.length !== batch.length) throw new Stopped("failed");
    compareClocks(answer.received_at);
    let progress = false;
    for (const [at, one] of answer.answers.entries()) progress = (await settle(batch[at], one)) || progress;
    await noteSent();
    if (!progress) throw new Stopped("failed", answer.answers[0].detail);
  }
}

/** Minutes by which the phone's clock is ahead (or behind, below 0), where that is worth a word. */
function compareClocks(received_at) {
  const off_ms = Date.now() - Date.parse(received_at);
  if (Number.isNaN(off_ms)) return;
  outbox.clockIs(off_ms);
  say({ clock_off_min: Math.abs(off_ms) > CLOCK_OFF_MS ? Math.round(off_ms / 60_000) : 0 });
}

/** Keep what the server said of a record; true where that moved it on. */
async function settle(record, answer) {
  if (DONE.has(answer.state)) await outbox.note(record.id, { state: "sent", sent_at: new Date().toISOString(), server: null });
  else if (answer.state === "conflict") await outbox.note(record.id, { state: "conflict", detail: answer.detail, server: answer.record ?? null });
  else if (answer.state === "refused") await outbox.note(record.id, { state: "refused", detail: answer.detail, errors: answer.errors ?? [] });
  else {
    await outbox.note(record.id, { tries: record.tries + 1, detail: answer.detail });
    return false;
  }
  return true;
}

async function sendPhotos(me) {
  const records = await outbox.all();
  const states = new Map(records.map((one) => [one.id, one.state]));
  for (const record of records) {
    if (record.kind !== "photo" || record.state !== "waiting" || record.person !== me.id) continue;
    const owner = states.get(record.data.hazard ?? record.data.inspection);
    if (owner !== undefined && owner !== "sent") continue; // what it belongs to is not there yet
    await sendPhoto(me, record);
    await noteSent();
  }
}

async function sendPhoto(me, record) {
  const { id, hazard, inspection, sent_sha256: hash } = record.data;
  const blob = await outbox.photo(id);
  if (!blob) {
    await outbox.note(id, { state: "refused", detail: null, errors: [], lost: true });
    return;
  }
  const question = { id, sent_sha256: hash, ...(hazard ? { hazard } : { inspection }) };
  const asked = await checked(await ask("POST", "sync", { csrf: me.csrf, body: { records: [{ kind: "photo", data: question }] } }));
  const [answer] = (await said(asked)).answers ?? [{}];
  if (answer.state !== "wanted") {
    await settle(record, answer);
    return;
  }
  const form = new FormData();
  form.set("id", id);
  if (record.data.taken_at) form.set("taken_at", record.data.taken_at);
  form.set("file", blob, `${id}.jpg`);
  const path = hazard ? `hazards/${hazard}/photos` : `inspections/${inspection}/photos`;
  const response = await checked(await ask("POST", path, { csrf: me.csrf, form }));
  const told = await said(response);
  if (response.ok && told.sent_sha256 === hash) await outbox.note(id, { state: "sent", sent_at: new Date().toISOString() });
  else if (response.ok) throw new Stopped("failed"); // not what was sent: once more
  else await outbox.note(id, { state: "refused", detail: told.detail, errors: told.errors ?? [] });
}

async function noteSent() {
  const last_sent = new Date().toISOString();
  await keep("last_sent", last_sent);
  say({ last_sent });
  await count();
}

async function run() {
  if (!(await count())) {
    if (state.phase !== "signin") say({ phase: navigator.onLine ? "idle" : "offline" });
    return;
  }
  say({ phase: "sending", detail: "" });
  try {
    const me = await whoAmI();
    await outbox.adopt(me.id);
    await sendRecords(me);
    await sendPhotos(me);
    await outbox.tidy();
    tries = 0;
    const left = (await outbox.all()).filter((one) => one.state === "waiting");
    const others = left.some((one) => one.person !== me.id);
    await count();
    say({ phase: "idle", others });
  } catch (error) {
    const phase = error instanceof Stopped ? error.phase : "offline"; // fetch says no more than that it failed
    say({ phase, detail: error instanceof Stopped ? error.message : "" });
    await count();
    if (phase !== "signin") later();
  }
}

function later() {
  clearTimeout(timer);
  timer = setTimeout(send, WAIT_MS[Math.min(tries, WAIT_MS.length - 1)]);
  tries += 1;
}

/** Send what waits; called again while it runs, it goes round once more. */
export async function send() {
  again = true;
  running ??= (async () => {
    try {
      while (again) {
        again = false;
        clearTimeout(timer);
        await (navigator.locks ? navigator.locks.request("campus-outbox", run) : run());
      }
    } finally {
      running = null;
    }
  })();
  return running;
}

/** Send at once when something is written, the signal is back, or the app comes to the front. */
export async function startSending() {
  say({ last_sent: (await kept("last_sent")) ?? null });
  await count();
  outbox.onChange(count);
  window.addEventListener("online", () => { tries = 0; send(); });
  window.addEventListener("offline", () => say({ phase: "offline" }));
  document.addEventListener("visibilitychange", () => { if (!document.hidden) send(); });
  await send();
}
