// The base: buildings, streets and names of our own vector tiles, quiet enough to lie under everything else.

import { CanvasLayer, LabelRoom, haloText, trace } from "./canvas.js";
import { boxesMeet } from "./geometry.js";
import { FONT } from "./symbols.js";
import { Tiles } from "./tiles.js";

// class: [width in pixels at zoom 16, fill, casing, from which zoom]; drawn in this order
const CLASSES = [
  ["path", [1.2, null, "#c5cdc6", 16]],
  ["service", [3.2, "#ffffff", "#d3d9d4", 15]],
  ["residential", [6, "#ffffff", "#cbd3cd", 13]],
  ["tertiary", [8, "#ffffff", "#bfc9c2", 11]],
  ["secondary", [10, "#fffdf4", "#bfbfa8", 9]],
  ["primary", [11.5, "#fbf0cd", "#cdb987", 0]],
  ["motorway", [12.5, "#f6dfb6", "#c9a467", 0]],
];

const CLASS_OF = {
  motorway: "motorway", motorway_link: "motorway", trunk: "motorway", trunk_link: "motorway",
  primary: "primary", primary_link: "primary", secondary: "secondary", secondary_link: "secondary",
  tertiary: "tertiary", tertiary_link: "tertiary",
  residential: "residential", unclassified: "residential", living_street: "residential", road: "residential", pedestrian: "residential",
  service: "service", track: "service",
  footway: "path", path: "path", cycleway: "path", steps: "path", bridleway: "path", corridor: "path",
};
const LABELLED = ["motorway", "primary", "secondary", "tertiary", "residential"];

const classOf = (street) => CLASS_OF[street.properties.highway] ?? "residential";

function tracedBy(view, features, wanted) {
  view.ctx.beginPath();
  for (const street of features) {
    if (classOf(street) !== wanted || !boxesMeet(street.box, view.box)) continue;
    for (const part of street.shape.parts) trace(view, part, false);
  }
}

function paintStreets(view, features) {
  const { ctx, zoom } = view;
  const factor = 1.42 ** (zoom - 16);
  ctx.lineCap = "round";
  ctx.lineJoin = "round";
  const shown = CLASSES.filter(([, style]) => zoom >= style[3]);
  for (const [name, [width, fill, casing]] of shown) {
    tracedBy(view, features, name);
    const inner = Math.max(fill ? 0.9 : 0.7, width * factor);
    ctx.strokeStyle = casing;
    ctx.setLineDash(fill ? [] : [3, 3]);
    ctx.lineWidth = fill && inner > 2 ? inner + 1.6 : inner;
    ctx.stroke();
  }
  ctx.setLineDash([]);
  for (const [name, [width, fill]] of shown) {
    const inner = width * factor;
    if (!fill || inner <= 2) continue;
    tracedBy(view, features, name);
    ctx.strokeStyle = fill;
    ctx.lineWidth = inner;
    ctx.stroke();
  }
}

/** The longest straight piece of a street on the canvas: [x, y, angle, length]. */
function longestPiece(view, street) {
  let best = null;
  for (const part of street.shape.parts) {
    for (let i = 2; i < part.length; i += 2) {
      const ax = part[i - 2] * view.scale - view.x0;
      const ay = part[i - 1] * view.scale - view.y0;
      const bx = part[i] * view.scale - view.x0;
      const by = part[i + 1] * view.scale - view.y0;
      const x = (ax + bx) / 2;
      const y = (ay + by) / 2;
      if (x < 0 || y < 0 || x > view.width || y > view.height) continue;
      const length = Math.hypot(bx - ax, by - ay);
      if (!best || length > best[3]) best = [x, y, Math.atan2(by - ay, bx - ax), length];
    }
  }
  return best;
}

function paintStreetNames(view, features, room) {
  const { ctx, zoom } = view;
  if (zoom < 14.5) return;
  const said = new Map();
  ctx.font = `500 11px ${FONT}`;
  ctx.textAlign = "center";
  ctx.textBaseline = "middle";
  for (const name of LABELLED) {
    if (name === "residential" && zoom < 16) continue;
    for (const street of features) {
      const text = street.properties.name;
      if (!text || classOf(street) !== name || !boxesMeet(street.box, view.box)) continue;
      const piece = longestPiece(view, street);
      if (!piece) continue;
      let [x, y, angle, length] = piece;
      const width = ctx.measureText(text).width;
      if (length < width * 0.8) continue;
      const near = said.get(text) ?? [];
      if (near.some(([px, py]) => Math.hypot(px - x, py - y) < 420)) continue;
      if (Math.abs(angle) > Math.PI / 2) angle += Math.PI;
      const dx = (Math.abs(Math.cos(angle)) * width) / 2 + 8;
      const dy = (Math.abs(Math.sin(angle)) * width) / 2 + 8;
      if (!room.take(x - dx, y - dy, x + dx, y + dy)) continue;
      said.set(text, [...near, [x, y]]);
      ctx.save();
      ctx.translate(x, y);
      ctx.rotate(angle);
      haloText(ctx, text, 0, 0, { colour: "#55625f", halo: "rgba(255,255,255,.85)", width: 3 });
      ctx.restore();
    }
  }
}

function paintBuildings(view, tiles) {
  const { ctx, zoom } = view;
  if (zoom < 15) return;
  ctx.fillStyle = "#dedace";
  ctx.strokeStyle = "#bdb7a6";
  ctx.lineWidth = zoom >= 17 ? 1 : 0.6;
  for (const { box, buildings } of tiles) {
    if (!buildings.length) continue;
    ctx.save();
    ctx.beginPath(); // an outline that was cut lies beyond its tile's edge: it must not show in the next one
    const x = Math.floor(box[0] * view.scale - view.x0);
    const y = Math.floor(box[1] * view.scale - view.y0);
    ctx.rect(x, y, Math.ceil(box[2] * view.scale - view.x0) - x, Math.ceil(box[3] * view.scale - view.y0) - y);
    ctx.clip();
    ctx.beginPath();
    for (const one of buildings) {
      if (!boxesMeet(one.box, view.box)) continue;
      for (const part of one.shape.parts) trace(view, part, true);
    }
    ctx.fill(); // by winding: holes stay open, buildings that overlap do not cancel out
    ctx.stroke();
    ctx.restore();
  }
}

// kind: [from which zoom, font, colour]; earlier kinds have the room
const NAMES = {
  place: [12, `600 13px ${FONT}`, "#5d6a75"],
  station: [16, `500 11.5px ${FONT}`, "#3f6286"],
  building: [17.5, `400 11px ${FONT}`, "#7a7568"],
  poi: [17.5, `400 11px ${FONT}`, "#7a7568"],
};

function paintNames(view, features, room) {
  const { ctx, zoom } = view;
  ctx.textAlign = "center";
  ctx.textBaseline = "middle";
  const said = new Set();
  for (const [kind, [from, font, colour]] of Object.entries(NAMES)) {
    if (zoom < from) continue;
    ctx.font = font;
    for (const { x: worldX, y: worldY, box, properties } of features) {
      if (properties.kind !== kind || !properties.name || !boxesMeet(box, view.box)) continue;
      const x = worldX * view.scale - view.x0;
      const y = worldY * view.scale - view.y0;
      const key = `${properties.name} ${Math.round(x / 40)} ${Math.round(y / 40)}`;
      const half = ctx.measureText(properties.name).width / 2 + 6;
      if (said.has(key) || half > 110 || !room.take(x - half, y - 9, x + half, y + 9)) continue;
      said.add(key);
      haloText(ctx, properties.name, x, y, { colour, halo: "rgba(255,255,255,.85)", width: 3 });
    }
  }
}

/** The layer of the ground; `changed(tiles)` is called when a tile has come or failed. `version`: see Tiles. */
export function groundLayer({ version, changed = () => {} }) {
  const layer = new CanvasLayer((view) => {
    const shown = tiles.around(view);
    const all = (name) => shown.flatMap((one) => one[name]);
    const streets = all("streets");
    const room = new LabelRoom();
    paintBuildings(view, shown);
    paintStreets(view, streets);
    paintNames(view, all("names"), room);
    paintStreetNames(view, streets, room);
  }, { pane: "streets", padding: 0.2 });
  const tiles = new Tiles({ version, changed: () => { layer.redraw(); changed(tiles); } });
  layer.tiles = tiles;
  return layer;
}
