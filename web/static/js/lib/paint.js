// Everything over the streets, in one canvas: perimeters, cells, campuses, gates, premises, hazards, names,
// what is selected, and the lines of a distance check. `hitAt` answers what lies under a point of it.

import { CanvasLayer, LabelRoom, haloText, trace } from "./canvas.js";
import { clusterHazards } from "./clusters.js";
import { today } from "./days.js";
import { boxesMeet, contains, worldX, worldY } from "./geometry.js";
import { metres, nameOf } from "./i18n.js";
import { FONT, clusterRadius, drawCluster, drawHazard, RADIUS } from "./symbols.js";

const CAMPUS = "#1b5e9e";
const PERIMETER = "#1b5e9e";
const FACILITY = "#6b3fa0";
const SELECTED = "#c2410c";
export const VERDICT_COLOURS = { inside: "#b3261e", borderline: "#9a5b00", outside: "#1f6b41", undetermined: "#55626d" };

/** The layer. `scene` holds sources, palette, shown hazards, selection and check; it is read at each painting. */
export function sceneLayer(scene) {
  const layer = new CanvasLayer((view) => paint(view, scene), { pane: "campus", padding: 0.15 });
  return layer;
}

const px = (view, x) => x * view.scale - view.x0;
const py = (view, y) => y * view.scale - view.y0;

function areas(view, features, use) {
  for (const one of features) {
    if (one.shape?.kind !== "area" || !boxesMeet(one.box, view.box)) continue;
    view.ctx.beginPath();
    for (const part of one.shape.parts) trace(view, part, true);
    use(one);
  }
}

function paint(view, scene) {
  const { ctx, zoom } = view;
  ctx.lineJoin = "round";
  ctx.lineCap = "butt";
  const { sources } = scene;
  paintPerimeters(view, sources.perimeters.features, scene);
  paintCells(view, sources.cells.features, scene);
  paintCampuses(view, sources.schools.features, scene);
  if (scene.selectedShape) paintSelectedShape(view, scene.selectedShape);
  if (zoom >= 15.5) paintPremises(view, sources.premises.features);
  const room = new LabelRoom();
  paintGates(view, sources.gates.features, room);
  paintHazards(view, scene, room);
  if (sources.facilities) paintFacilities(view, sources.facilities.features);
  paintSchoolNames(view, sources.schools.features, scene, room);
  if (scene.check) paintCheck(view, scene.check);
  if (scene.pin) paintPin(view, worldX(scene.pin.lon), worldY(scene.pin.lat), SELECTED);
}

function paintPerimeters(view, features, scene) {
  const { ctx, zoom } = view;
  areas(view, features, (one) => {
    const selected = scene.select?.kind === "school" && one.properties.school === scene.select.id;
    ctx.fillStyle = selected ? "rgba(27,94,158,.11)" : "rgba(27,94,158,.06)";
    ctx.fill("evenodd");
    ctx.setLineDash(zoom >= 14 ? [6, 4] : []);
    ctx.lineWidth = selected ? 2.2 : zoom >= 14 ? 1.3 : 0.8;
    ctx.strokeStyle = PERIMETER;
    ctx.globalAlpha = selected ? 1 : 0.75;
    ctx.stroke();
    ctx.globalAlpha = 1;
    ctx.setLineDash([]);
  });
}

function paintCells(view, features, scene) {
  const { ctx, zoom } = view;
  areas(view, features, (one) => {
    const n = one.properties.hazards ?? 0;
    if (n > 0) {
      ctx.fillStyle = `rgba(154,91,0,${Math.min(0.2, 0.045 * n)})`;
      ctx.fill("evenodd");
    }
    const selected = scene.select?.kind === "cell" && String(one.properties.code) === scene.select.id;
    ctx.lineWidth = selected ? 2.6 : 0.7;
    ctx.strokeStyle = selected ? SELECTED : "rgba(45,66,84,.34)";
    ctx.stroke();
  });
  if (zoom < 17.5) return;
  ctx.font = `10px ${FONT}`;
  ctx.textAlign = "left";
  ctx.textBaseline = "top";
  for (const one of features) {
    if (!boxesMeet(one.box, view.box)) continue;
    const x = px(view, one.box[0]);
    const width = px(view, one.box[2]) - x;
    const text = String(one.properties.code ?? "");
    if (width > ctx.measureText(text).width + 8) haloText(ctx, text, x + 4, py(view, one.box[1]) + 4, { colour: "#3c4f5e", halo: "rgba(255,255,255,.8)", width: 2.4 });
  }
}

function paintCampuses(view, features, scene) {
  const { ctx, zoom } = view;
  if (zoom >= 13) {
    areas(view, features, (one) => {
      const selected = scene.select?.kind === "school" && one.id === scene.select.id;
      ctx.fillStyle = selected ? "rgba(27,94,158,.42)" : "rgba(27,94,158,.27)";
      ctx.fill("evenodd");
      ctx.lineWidth = selected ? 3 : 1.6;
      ctx.strokeStyle = CAMPUS;
      ctx.stroke();
    });
  }
  for (const one of features) {
    const drawn = one.shape?.kind === "area" && zoom >= 13 && (one.box[2] - one.box[0]) * view.scale > 12;
    if (one.x === null || drawn) continue;
    const selected = scene.select?.kind === "school" && one.id === scene.select.id;
    const half = zoom < 11 ? 2.5 : zoom < 13 ? 4 : 5.5;
    const x = px(view, one.x);
    const y = py(view, one.y);
    if (x < -9 || y < -9 || x > view.width + 9 || y > view.height + 9) continue;
    ctx.fillStyle = selected ? SELECTED : CAMPUS;
    ctx.strokeStyle = "#ffffff";
    ctx.lineWidth = 1.5;
    ctx.beginPath();
    ctx.rect(x - half, y - half, 2 * half, 2 * half);
    ctx.fill();
    ctx.stroke();
  }
}

function paintSelectedShape(view, shape) {
  const { ctx } = view;
  ctx.beginPath();
  for (const part of shape.parts) trace(view, part, true);
  ctx.lineWidth = 5;
  ctx.strokeStyle = "rgba(255,255,255,.85)";
  ctx.stroke();
  ctx.lineWidth = 2.4;
  ctx.setLineDash([8, 4]);
  ctx.strokeStyle = SELECTED;
  ctx.stroke();
  ctx.setLineDash([]);
}

function paintGates(view, features, room) {
  const { ctx, zoom } = view;
  for (const one of features) {
    if (one.x === null || !boxesMeet(one.box, view.box)) continue;
    const x = px(view, one.x);
    const y = py(view, one.y);
    const r = zoom >= 16 ? 5.5 : 4;
    ctx.beginPath();
    ctx.moveTo(x, y - r);
    ctx.lineTo(x + r, y);
    ctx.lineTo(x, y + r);
    ctx.lineTo(x - r, y);
    ctx.closePath();
    ctx.fillStyle = "#ffffff";
    ctx.fill();
    ctx.lineWidth = 2;
    ctx.strokeStyle = CAMPUS;
    ctx.stroke();
    if (zoom < 17 || !one.properties.name) continue;
    ctx.font = `500 11px ${FONT}`;
    const width = ctx.measureText(one.properties.name).width;
    if (!room.take(x + 8, y - 8, x + 12 + width, y + 8)) continue;
    ctx.textAlign = "left";
    ctx.textBaseline = "middle";
    haloText(ctx, one.properties.name, x + 9, y, { colour: CAMPUS });
  }
}

function paintPremises(view, features) {
  const { ctx } = view;
  ctx.fillStyle = "#ffffff";
  ctx.strokeStyle = "#55626d";
  ctx.lineWidth = 1.4;
  for (const one of features) {
    if (one.x === null || !boxesMeet(one.box, view.box)) continue;
    ctx.beginPath();
    ctx.rect(px(view, one.x) - 3.5, py(view, one.y) - 3.5, 7, 7);
    ctx.fill();
    ctx.stroke();
  }
}

/** Counselling rooms as small discs, stations and centres as larger ones with a cross; the closed ones pale. */
function paintFacilities(view, features) {
  const { ctx, zoom } = view;
  const day = today();
  for (const one of features) {
    const p = one.properties;
    if (one.x === null || !boxesMeet(one.box, view.box) || (p.kind === "room" && zoom < 12)) continue;
    const [x, y, r] = [px(view, one.x), py(view, one.y), p.kind === "room" ? 4.5 : 7.5];
    ctx.globalAlpha = p.closed_on && p.closed_on <= day ? 0.35 : 1;
    ctx.beginPath();
    ctx.arc(x, y, r, 0, 2 * Math.PI);
    ctx.fillStyle = p.levels.length ? FACILITY : "#ffffff";
    ctx.strokeStyle = p.levels.length ? "#ffffff" : FACILITY;
    ctx.lineWidth = 1.6;
    ctx.fill();
    ctx.stroke();
    if (p.kind !== "room") {
      ctx.beginPath();
      ctx.moveTo(x - r * 0.5, y);
      ctx.lineTo(x + r * 0.5, y);
      ctx.moveTo(x, y - r * 0.5);
      ctx.lineTo(x, y + r * 0.5);
      ctx.stroke();
    }
    ctx.globalAlpha = 1;
  }
}

/** The groups for this zoom, kept until zoom or hazards change. */
function groupsOf(scene, zoom) {
  const key = `${zoom}/${scene.hazardsVersion}`;
  if (scene.groupsKey !== key) {
    scene.groupsKey = key;
    scene.groups = clusterHazards(scene.shownHazards, zoom);
  }
  return scene.groups;
}

function paintHazards(view, scene, room) {
  const { ctx, zoom } = view;
  const factor = zoom < 14 ? 0.86 : 1;
  const groups = groupsOf(scene, zoom);
  let chosen = null;
  ctx.globalAlpha = scene.check?.point ? 0.4 : 1; // a check is read without the hazards
  for (const group of groups) {
    const x = px(view, group.x);
    const y = py(view, group.y);
    if (x < -30 || y < -30 || x > view.width + 30 || y > view.height + 30) continue;
    if (scene.select?.kind === "hazard" && group.items.some((one) => one.id === scene.select.id)) chosen = [x, y, group];
    if (group.count > 1) {
      drawCluster(ctx, group, scene.palette, x, y);
      const r = clusterRadius(group.count);
      room.block(x - r, y - r, x + r, y + r);
      continue;
    }
    const { category, severity, status } = group.items[0].properties;
    drawHazard(ctx, scene.palette.get(category), x, y, { severity, done: status !== "open", factor });
    room.block(x - 8, y - 8, x + 8, y + 8);
  }
  ctx.globalAlpha = 1;
  if (chosen) {
    const [x, y, group] = chosen;
    const radius = (group.count > 1 ? clusterRadius(group.count) : RADIUS[group.items[0].properties.severity] ?? 9) + 6;
    ctx.beginPath();
    ctx.arc(x, y, radius, 0, 2 * Math.PI);
    ctx.lineWidth = 5;
    ctx.strokeStyle = "rgba(255,255,255,.9)";
    ctx.stroke();
    ctx.lineWidth = 2.6;
    ctx.strokeStyle = SELECTED;
    ctx.stroke();
  }
}

function paintSchoolNames(view, features, scene, room) {
  const { ctx, zoom } = view;
  if (zoom < 13.5 && features.length > 40) return;
  if (zoom < 11) return;
  ctx.font = `600 ${zoom >= 15 ? 13 : 12}px ${FONT}`;
  ctx.textAlign = "center";
  ctx.textBaseline = "middle";
  const first = (one) => (scene.select?.kind === "school" && one.id === scene.select.id ? -1 : 0);
  for (const one of [...features].sort((a, b) => first(a) - first(b))) {
    if (one.x === null || !boxesMeet(one.box, view.box)) continue;
    const text = nameOf(one.properties);
    const width = ctx.measureText(text).width;
    const x = px(view, one.x);
    const middle = py(view, one.y);
    const half_height = Math.max(7, ((one.box[3] - one.box[1]) * view.scale) / 2);
    const inside = zoom >= 15 && (one.box[2] - one.box[0]) * view.scale > width * 0.7;
    const places = [middle + half_height + 9, middle - half_height - 9, middle + half_height + 25, middle - half_height - 25];
    const y = (inside ? [middle, ...places] : zoom >= 15 ? [...places, middle] : places).find((at) => room.take(x - width / 2 - 3, at - 8, x + width / 2 + 3, at + 8));
    if (y === undefined && !first(one)) continue;
    haloText(ctx, text, x, y ?? places[0], { colour: first(one) ? "#8a2c06" : "#0d3a66", width: 3.6 });
  }
}

function paintPin(view, wx, wy, colour) {
  const { ctx } = view;
  const x = px(view, wx);
  const y = py(view, wy);
  ctx.beginPath();
  ctx.moveTo(x, y);
  ctx.bezierCurveTo(x - 4, y - 8, x - 10, y - 11, x - 10, y - 19);
  ctx.arc(x, y - 19, 10, Math.PI, 0);
  ctx.bezierCurveTo(x + 10, y - 11, x + 4, y - 8, x, y);
  ctx.fillStyle = colour;
  ctx.fill();
  ctx.lineWidth = 2;
  ctx.strokeStyle = "#ffffff";
  ctx.stroke();
  ctx.beginPath();
  ctx.arc(x, y - 19, 3.6, 0, 2 * Math.PI);
  ctx.fillStyle = "#ffffff";
  ctx.fill();
}

function paintCheck(view, check) {
  const { ctx } = view;
  const room = new LabelRoom();
  for (const line of check.lines) {
    const colour = VERDICT_COLOURS[line.verdict] ?? VERDICT_COLOURS.undetermined;
    ctx.beginPath();
    for (const part of line.shape.parts) trace(view, part, false);
    ctx.lineWidth = 5;
    ctx.strokeStyle = "rgba(255,255,255,.9)";
    ctx.stroke();
    ctx.lineWidth = line.chosen ? 3.4 : 2.2;
    ctx.strokeStyle = colour;
    ctx.setLineDash(line.verdict === "outside" ? [7, 4] : []);
    ctx.stroke();
    ctx.setLineDash([]);
    for (const part of line.shape.parts) {
      for (const i of [0, part.length - 2]) {
        ctx.beginPath();
        ctx.arc(px(view, part[i]), py(view, part[i + 1]), 3.5, 0, 2 * Math.PI);
        ctx.fillStyle = colour;
        ctx.fill();
      }
    }
    const x = px(view, (line.shape.box[0] + line.shape.box[2]) / 2);
    const y = py(view, (line.shape.box[1] + line.shape.box[3]) / 2);
    const text = metres(line.distance_m);
    ctx.font = `600 12px ${FONT}`;
    ctx.textAlign = "center";
    ctx.textBaseline = "middle";
    const half = ctx.measureText(text).width / 2 + 6;
    if (!room.take(x - half, y - 10, x + half, y + 10)) continue;
    ctx.fillStyle = "#ffffff";
    ctx.strokeStyle = colour;
    ctx.lineWidth = 1.5;
    ctx.beginPath();
    ctx.roundRect(x - half, y - 10, 2 * half, 20, 6);
    ctx.fill();
    ctx.stroke();
    ctx.fillStyle = colour;
    ctx.fillText(text, x, y + 0.5);
  }
  if (check.point) paintPin(view, worldX(check.point.lon), worldY(check.point.lat), "#0d1b26");
}

/** What lies at a place (world units): {kind, feature} or {kind: "cluster", group}, or null. */
export function hitAt(scene, x, y, zoom, { touch = false } = {}) {
  const pixel = 1 / (256 * 2 ** zoom);
  const slack = touch ? 8 : 3;
  let best = null;
  for (const group of groupsOf(scene, zoom)) {
    const radius = group.count > 1 ? clusterRadius(group.count) : RADIUS[group.items[0].properties.severity] ?? 9;
    const distance = Math.hypot(group.x - x, group.y - y) / pixel;
    if (distance <= radius + slack && (!best || distance < best.distance)) best = { distance, group };
  }
  if (best) return best.group.count > 1 ? { kind: "cluster", group: best.group } : { kind: "hazard", feature: best.group.items[0] };
  const { gates, schools, cells, perimeters, premises, facilities } = scene.sources;
  const near = (list, reach) => list.find((one) => one.x !== null && Math.hypot(one.x - x, one.y - y) / pixel <= reach + slack);
  const gate = near(gates.features, 6);
  if (gate) return { kind: "gate", feature: gate };
  const shop = zoom >= 15.5 ? near(premises.features, 5) : null;
  if (shop) return { kind: "premises", feature: shop };
  const support = facilities ? near(facilities.features.filter((one) => zoom >= 12 || one.properties.kind !== "room"), 6) : null;
  if (support) return { kind: "facility", feature: support };
  const onCampus = schools.features.find((one) => one.shape?.kind === "area" && contains(one.shape, x, y));
  const school = onCampus ?? (zoom < 15 ? near(schools.features, 8) : near(schools.features.filter((one) => one.shape?.kind !== "area"), 8));
  if (school) return { kind: "school", feature: school };
  const cell = cells.features.find((one) => one.shape?.kind === "area" && contains(one.shape, x, y));
  if (cell) return { kind: "cell", feature: cell };
  const perimeter = perimeters.features.find((one) => one.shape?.kind === "area" && contains(one.shape, x, y));
  if (perimeter) return { kind: "perimeter", feature: perimeter };
  return null;
}
