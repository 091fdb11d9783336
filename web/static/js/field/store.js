// What the phone keeps: the outbox (records and photos apart), the pack of the shift, and small memories.

import { openDB } from "../../vendor/idb/index.js";

const NAME = "campus-field";
const VERSION = 1;

let opened = null;

/** The database; older versions of the app left their records in it, so stores are only ever added. */
export function database() {
  opened ??= openDB(NAME, VERSION, {
    upgrade(db, oldVersion) {
      if (oldVersion < 1) {
        const records = db.createObjectStore("records", { keyPath: "id" });
        records.createIndex("order", "order");
        db.createObjectStore("photos", { keyPath: "id" });
        db.createObjectStore("kept");
      }
    },
    blocking() {
      opened?.then((db) => db.close()); // another tab has a newer version
      opened = null;
    },
    terminated() { opened = null; },
  });
  return opened;
}

export async function keep(name, value) {
  await (await database()).put("kept", value, name);
}

export async function kept(name) {
  return (await database()).get("kept", name);
}

export async function forget(name) {
  await (await database()).delete("kept", name);
}

/** Ask the browser not to clear what is kept when space runs low. */
export async function askToStay() {
  try {
    return (await navigator.storage?.persist?.()) ?? false;
  } catch {
    return false;
  }
}

export const isFull = (error) => error?.name === "QuotaExceededError" || error?.inner?.name === "QuotaExceededError";
