// Photos made smaller on the phone: drawn anew, so that position, camera and whatever else was in them is gone.

import { t } from "../lib/i18n.js";

const SIDE_PX = 1600;
const QUALITY = 0.82;
const MOST_BYTES = 60_000_000;


export class NoPhoto extends Error {}

/** Take in some files that somebody chose; what is no photo is said, and left out. */
export async function takeInAll(files, app) {
  const taken = [];
  for (const file of files) {
    try {
      taken.push(await takeIn(file));
    } catch (error) {
      if (!(error instanceof NoPhoto)) throw error;
      app.say(t(`field.bad_photo.${error.message}`), "alert");
    }
  }
  return taken;
}

/** {id, blob, sent_sha256, taken_at} of a file that somebody chose. */
export async function takeIn(file) {
  if (file.size > MOST_BYTES) throw new NoPhoto("too_large");
  let image;
  try {
    image = await createImageBitmap(file, { imageOrientation: "from-image" });
  } catch {
    throw new NoPhoto("unreadable");
  }
  const factor = Math.min(1, SIDE_PX / Math.max(image.width, image.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(image.width * factor));
  canvas.height = Math.max(1, Math.round(image.height * factor));
  const ctx = canvas.getContext("2d");
  ctx.fillStyle = "#ffffff";
  ctx.fillRect(0, 0, canvas.width, canvas.height);
  ctx.drawImage(image, 0, 0, canvas.width, canvas.height);
  image.close();
  const blob = await new Promise((done) => { canvas.toBlob(done, "image/jpeg", QUALITY); });
  if (!blob) throw new NoPhoto("unreadable");
  return { id: crypto.randomUUID(), blob, sent_sha256: await sha256(blob), taken_at: new Date().toISOString() };
}

async function sha256(blob) {
  const digest = await crypto.subtle.digest("SHA-256", await blob.arrayBuffer());
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The outbox record of a photo. */
export function photoRecord(photo, owner) {
  return { id: photo.id, kind: "photo", data: { id: photo.id, ...owner, sent_sha256: photo.sent_sha256, taken_at: photo.taken_at } };
}
