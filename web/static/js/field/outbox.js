// The outbox: everything that is written goes in here first, and leaves when the server has acknowledged it.
//
// A record is {id, kind, data, order, written_at, person, state, detail, errors, server, tries}; its state is waiting,
// sent, refused (the writer mends or discards it) or conflict (the writer chooses). Photos are records too; their bytes
// lie in a store of their own until the server has named their hash.

import { database, isFull } from "./store.js";

const KEPT_SENT = 1000;
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

/**
 * Write records and photos: all of them, or where the phone is full the records without the photos.
 * @param {object[]} records {id, kind, data}
 * @param {{id, blob}[]} photos their bytes; each has a record of kind "photo"
 * @returns {Promise<{photosLost: number}>} resolved once it is on the phone's disk
 */
export async function write(records, photos, person) {
  try {
    await put(records, photos, person);
    return { photosLost: 0 };
  } catch (error) {
    if (!isFull(error) || !photos.length) throw error;
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
