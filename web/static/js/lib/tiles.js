// Vector tiles of the ground, fetched as they come into view and decoded once.

export const DEEPEST = 15;
const MOST = 240; // tiles kept in memory
const AGAIN_MS = 8_000; // after a failure
const readers = () => Promise.all([import("../../vendor/vector-tile/index.js"), import("../../vendor/pbf/index.js")]); // with the first tile
const NOTHING = Object.freeze({ buildings: [], streets: [], names: [] });

/** The level that a zoom is drawn from: a tile is 512 pixels and more, so that few are asked for. */
export const levelOf = (zoom) => Math.max(0, Math.min(DEEPEST, Math.floor(zoom + 0.001) - 1));

export const addressOf = (z, x, y, version) => `/api/v1/tiles/${z}/${x}/${y}.mvt?v=${version}`;

/** A layer's features with their parts in world units, as lib/geometry.js makes them of GeoJSON. */
function decoded(layer, z, x, y) {
  if (!layer) return [];
  const unit = 1 / (layer.extent * 2 ** z);
  const features = [];
  for (let i = 0; i < layer.length; i += 1) {
    const feature = layer.feature(i);
    const box = [Infinity, Infinity, -Infinity, -Infinity];
    const parts = feature.loadGeometry().map((points) => {
      const part = new Float64Array(points.length * 2);
      points.forEach((point, at) => {
        const px = x / 2 ** z + point.x * unit;
        const py = y / 2 ** z + point.y * unit;
        part[2 * at] = px;
        part[2 * at + 1] = py;
        box[0] = Math.min(box[0], px);
        box[1] = Math.min(box[1], py);
        box[2] = Math.max(box[2], px);
        box[3] = Math.max(box[3], py);
      });
      return part;
    });
    features.push({ properties: feature.properties, shape: { kind: ["", "point", "line", "area"][feature.type], parts }, box, x: box[0], y: box[1] });
  }
  return features;
}

export class Tiles {
  /** @param {object} options version: grows when the ground is imported anew; changed() when a tile has come or failed */
  constructor({ version, changed }) {
    Object.assign(this, { version, changed });
    this.kept = new Map(); // "z/x/y" → { features or null, failed }
    this.waiting = 0;
    this.error = null;
  }

  /** Forget what was drawn of an older ground. */
  renew(version) {
    if (version === this.version) return;
    this.version = version;
    this.kept.clear();
  }

  /** What is there for a view: decoded tiles with their boxes; missing ones are asked for, and a coarser one stands in. */
  around({ zoom, box }) {
    const z = levelOf(zoom);
    const size = 2 ** z;
    const shown = new Map();
    const clamp = (value) => Math.max(0, Math.min(size - 1, value));
    for (let x = clamp(Math.floor(box[0] * size)); x <= clamp(Math.floor(box[2] * size)); x += 1) {
      for (let y = clamp(Math.floor(box[1] * size)); y <= clamp(Math.floor(box[3] * size)); y += 1) {
        this.#ask(z, x, y);
        for (let up = 0; up <= z; up += 1) {
          const key = `${z - up}/${x >> up}/${y >> up}`;
          const tile = this.kept.get(key)?.tile;
          if (!tile) continue;
          shown.set(key, tile);
          break;
        }
      }
    }
    return [...shown.values()];
  }

  async #ask(z, x, y) {
    const key = `${z}/${x}/${y}`;
    const known = this.kept.get(key);
    if (known && !(known.failed && Date.now() - known.failed > AGAIN_MS)) {
      this.kept.delete(key); // last used, last dropped
      this.kept.set(key, known);
      return;
    }
    const entry = { tile: null, failed: 0 };
    this.kept.set(key, entry);
    this.waiting += 1;
    try {
      const response = await fetch(addressOf(z, x, y, this.version), { credentials: "same-origin" });
      if (!response.ok) throw new Error(String(response.status));
      const content = await response.arrayBuffer();
      const [{ VectorTile }, { PbfReader }] = await readers();
      const { layers } = content.byteLength ? new VectorTile(new PbfReader(new Uint8Array(content))) : { layers: {} };
      const features = Object.fromEntries(Object.keys(NOTHING).map((name) => [name, decoded(layers[name], z, x, y)]));
      entry.tile = { ...features, box: [x / 2 ** z, y / 2 ** z, (x + 1) / 2 ** z, (y + 1) / 2 ** z] };
      this.error = null;
    } catch (error) {
      entry.failed = Date.now();
      this.error = error;
    }
    this.waiting -= 1;
    const oldest = this.kept.keys();
    while (this.kept.size > MOST) this.kept.delete(oldest.next().value);
    this.changed();
  }
}

/** The addresses of all tiles of a box, [west, south, east, north] in degrees, that a shift needs. */
export function addressesOf(box, version, { from = 11, worldX, worldY }) {
  const addresses = [];
  for (let z = from; z <= DEEPEST; z += 1) {
    const at = (value) => Math.floor(value * 2 ** z);
    for (let x = at(worldX(box[0])); x <= at(worldX(box[2])); x += 1) {
      for (let y = at(worldY(box[3])); y <= at(worldY(box[1])); y += 1) addresses.push(addressOf(z, x, y, version));
    }
  }
  return addresses;
}
