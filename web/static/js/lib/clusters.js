// Hazards that would lie on each other at this zoom become one group; the groups stay the same while panning.

import { clusterRadius } from "./symbols.js";

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
    groups.push(items.length === 1 ? single(one) : together(items));
  }
  return apart(groups, 256 * 2 ** zoom);
}

function together(items) {
  const categories = new Map();
  let x = 0;
  let y = 0;
  for (const one of items) {
    x += one.x;
    y += one.y;
    categories.set(one.properties.category, (categories.get(one.properties.category) ?? 0) + 1);
  }
  return { x: x / items.length, y: y / items.length, count: items.length, categories, items };
}

/** Groups whose discs would still overlap are put together, the larger taking the smaller in. */
function apart(groups, scale) {
  const kept = [];
  const lots = new Map(); // groups by squares of 2 × the largest radius
  const lot = 60 / scale;
  const radius = (group) => (group.count > 1 ? clusterRadius(group.count) : 10);
  const order = [...groups].sort((a, b) => b.count - a.count || a.x - b.x);
  for (const group of order) {
    const column = Math.floor(group.x / lot);
    const row = Math.floor(group.y / lot);
    const near = [-1, 0, 1].flatMap((dx) => [-1, 0, 1].flatMap((dy) => lots.get(`${column + dx}:${row + dy}`) ?? []));
    const host = near.find((at) => {
      const gap = Math.hypot(kept[at].x - group.x, kept[at].y - group.y) * scale;
      return gap < (radius(kept[at]) + radius(group)) * 0.92;
    });
    if (host !== undefined) {
      kept[host] = { ...together([...kept[host].items, ...group.items]), x: kept[host].x, y: kept[host].y };
      continue;
    }
    const key = `${column}:${row}`;
    lots.set(key, [...(lots.get(key) ?? []), kept.length]);
    kept.push(group);
  }
  return kept;
}

function single(one) {
  return { x: one.x, y: one.y, count: 1, categories: new Map([[one.properties.category, 1]]), items: [one] };
}
