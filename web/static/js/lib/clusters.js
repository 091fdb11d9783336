// Hazards that would lie on each other at this zoom become one group; the groups stay the same while panning.

const REACH = 34; // pixels
const SINGLE_FROM = 17; // from this zoom on every hazard stands for itself

/** [{x, y, count, categories: Map(code → n), items}] in world units; count 1 is the hazard itself. */
export function clusterHazards(features, zoom) {
  const reach = zoom >= SINGLE_FROM ? 0 : REACH / (256 * 2 ** zoom);
  if (!reach) return features.map(single);
  const cells = new Map();
  const keyOf = (x, y) => `${Math.floor(x / reach)}:${Math.floor(y / reach)}`;
  for (const one of features) {
    const key = keyOf(one.x, one.y);
    const list = cells.get(key);
    if (list) list.push(one);
    else cells.set(key, [one]);
  }
  const done = new Set();
  const groups = [];
  for (const one of features) {
    if (done.has(one)) continue;
    const items = [];
    for (let dx = -1; dx <= 1; dx += 1) {
      for (let dy = -1; dy <= 1; dy += 1) {
        for (const other of cells.get(keyOf(one.x + dx * reach, one.y + dy * reach)) ?? []) {
          if (!done.has(other) && Math.hypot(other.x - one.x, other.y - one.y) <= reach) items.push(other);
        }
      }
    }
    for (const other of items) done.add(other);
    if (items.length === 1) {
      groups.push(single(one));
      continue;
    }
    const categories = new Map();
    let x = 0;
    let y = 0;
    for (const other of items) {
      x += other.x;
      y += other.y;
      categories.set(other.properties.category, (categories.get(other.properties.category) ?? 0) + 1);
    }
    groups.push({ x: x / items.length, y: y / items.length, count: items.length, categories, items });
  }
  return groups;
}

function single(one) {
  return { x: one.x, y: one.y, count: 1, categories: new Map([[one.properties.category, 1]]), items: [one] };
}
