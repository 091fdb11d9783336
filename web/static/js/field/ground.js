// The base of the map around a shift, and the pictures of its hazards: fetched ahead, while there is a signal.

import { worldX, worldY } from "../lib/geometry.js";
import { addressesOf } from "../lib/tiles.js";

const MOST_TILES = 1200; // of the surroundings; a shift of one person has some dozens
const MOST_PHOTOS = 300;
const AT_ONCE = 4;

/** Fetch the tiles and small pictures of the shift's surroundings, which the service worker keeps; false where the signal went. */
export async function fetchGround(pack) {
  if (!pack.bounds || !navigator.serviceWorker?.controller) return false;
  const kept = await caches.open("campus-field-ground");
  const have = new Set((await kept.keys()).map(({ url }) => new URL(url).pathname + new URL(url).search));
  const wanted = addressesOf(pack.bounds, pack.ground ?? 0, { worldX, worldY }).filter((address) => !have.has(address)).slice(0, MOST_TILES);
  const pictured = new Set((await (await caches.open("campus-field-photos")).keys()).map(({ url }) => new URL(url).pathname));
  const photos = (pack.hazards?.features ?? []).map((one) => one.properties.photo).filter(Boolean).map((id) => `/api/v1/photos/${id}/thumbnail`);
  wanted.push(...photos.filter((address) => !pictured.has(address)).slice(0, MOST_PHOTOS));
  const one = async () => {
    for (let address = wanted.shift(); address; address = wanted.shift()) {
      const answer = await fetch(address, { credentials: "same-origin", signal: AbortSignal.timeout(30_000) });
      if (!answer.ok && answer.status !== 404) throw new Error(String(answer.status)); // a photo may be gone meanwhile
    }
  };
  try {
    await Promise.all(Array.from({ length: AT_ONCE }, one));
  } catch {
    return false;
  }
  return true;
}
