// The page at "/": puts the parts together and keeps address, map, panel and filters in step.

import { ApiError, get } from "../lib/api.js";
import { boxesMeet, worldX, worldY } from "../lib/geometry.js";
import { readHash, writeHash } from "../lib/hash.js";
import { dateTime, language, pageConfig, t } from "../lib/i18n.js";
import { createMap, flyTo, goHome, homeBounds, tileLayer, writeAttribution } from "../lib/map.js";
import { DistanceCheck } from "../lib/check.js";
import { Words } from "../lib/details.js";
import { Filters } from "../lib/filters.js";
import { groundLayer } from "../lib/ground.js";
import { fillLayers, fillLegend } from "../lib/legend.js";
import { Notices } from "../lib/notices.js";
import { Overview } from "../lib/overview.js";
import { Panel } from "../lib/panel.js";
import { sceneLayer } from "../lib/paint.js";
import { Pointing } from "../lib/pointing.js";
import { Search } from "../lib/search.js";
import { Selection } from "../lib/selection.js";
import { Source } from "../lib/sources.js";
import { Palette } from "../lib/symbols.js";
import { debounce } from "../lib/text.js";
import { keepHash } from "../lib/masthead.js";

const byId = (id) => document.getElementById(id);
const WITH_TILES = tileLayer();
const LAYERS = ["hazards", "perimeters", "cells", "gates", "premises", "facilities", "streets"];
const LAYERS_AT_FIRST = LAYERS.filter((name) => name !== "premises" && name !== "facilities" && !(name === "streets" && WITH_TILES));

const start = readHash();
const layersOn = new Set(start.layers ?? LAYERS_AT_FIRST);
const notices = new Notices(byId("map-notices"));
const map = createMap(byId("map"));

const scene = {
  sources: {}, palette: new Palette([]), shownHazards: [], hazardsVersion: 0,
  select: null, selectedShape: null, check: null, pin: null,
};
let filters = null;
let words = new Words({});

function makeSources() {
  const source = (options) => new Source({ ...options, changed: onData });
  scene.sources = {
    schools: source({ path: "schools", pages: 3 }),
    perimeters: source({ path: "perimeters", minZoom: 12.5 }),
    cells: source({ path: "cells", minZoom: 15, pages: 3 }),
    hazards: source({ path: "hazards", minZoom: 8, pages: 3, parameters: hazardParameters }),
    gates: source({ path: "gates", minZoom: 15 }),
    premises: source({ path: "premises", minZoom: 15.5 }),
    facilities: source({ path: "facilities", minZoom: 9, pages: 3 }),
  };
  for (const name of LAYERS) if (name !== "streets") scene.sources[name].enabled = layersOn.has(name);
}

/** All categories are asked for, so that the chips can count them; with very many, only the chosen ones. */
function hazardParameters() {
  const status = filters && filters.status !== "all" ? filters.status : "";
  const narrow = filters && filters.chosen.size > 0 && scene.sources.hazards.truncated;
  return { status: filters ? status : "open", ...(narrow ? { category: [...filters.chosen] } : {}) };
}

makeSources();
const ground = groundLayer({ version: pageConfig.ground, changed: sayState });
const layer = sceneLayer(scene);
const panel = new Panel({ back: () => selection.clear() });
const selection = new Selection({ scene, panel, map, words: () => words, changed: onSelection, openOverview: () => showOverview(true) });
const overview = new Overview({ scene, words: () => words, select: (kind, id) => selection.open(kind, id, { focus: true, move: true }), home: () => goHome(map, { animate: true }), again: (reload) => (reload ? load() : showOverview()) });
const check = new DistanceCheck({
  targets: () => targets,
  drawn: (shown) => { scene.check = shown; layer.redraw(); },
  goTo: (lat, lon, zoom) => { if (map.getZoom() < zoom) flyTo(map, lat, lon, zoom); },
  select: (kind, id) => selection.open(kind, id, { focus: true, move: true }),
});
let targets = [];

// ---- data ----

function view() {
  const bounds = map.getBounds();
  return { west: bounds.getWest(), south: bounds.getSouth(), east: bounds.getEast(), north: bounds.getNorth(), zoom: map.getZoom() };
}

function worldBox() {
  const { west, south, east, north } = view();
  return [worldX(west), worldY(north), worldX(east), worldY(south)];
}

function load() {
  const now = view();
  for (const source of Object.values(scene.sources)) source.update(now);
  ground.redraw(); // what failed is asked for again
}

function showHazards() {
  const { hazards } = scene.sources;
  const shows = (one) => filters?.shows(one.properties.category) ?? true;
  scene.shownHazards = hazards.features.filter((one) => one.x !== null && shows(one));
  scene.hazardsVersion += 1;
}

function countHazards() {
  const box = worldBox();
  const counts = new Map();
  for (const one of scene.sources.hazards.features) {
    if (boxesMeet(one.box, box)) counts.set(one.properties.category, (counts.get(one.properties.category) ?? 0) + 1);
  }
  filters?.setCounts(counts, { more: scene.sources.hazards.truncated });
}

const sayLoading = debounce(() => {
  const busy = ground.tiles.waiting > 0 || Object.values(scene.sources).some((one) => one.state === "loading");
  notices.set("loading", busy ? t("state.loading") : null, { kind: "busy" });
}, 350);

function onData(source) {
  const { sources } = scene;
  if (source === sources.hazards && source.state !== "loading") showHazards();
  layer.redraw();
  if (source === sources.hazards) countHazards();
  sayState();
  const cut = sources.hazards.truncated ? sources.hazards : sources.schools.truncated ? sources.schools : null;
  notices.set("cut", cut ? t("state.truncated", { n: cut.features.length }) : null);
  if (panel.kind === "overview") showOverview();
}

/** Say what is being fetched, and what could not be. */
function sayState() {
  sayLoading();
  const failed = Object.values(scene.sources).find((one) => one.state === "error") ?? (ground.tiles.error && ground.tiles);
  notices.set("error", failed ? t("state.failed", { reason: failed.error.message }) : null, { kind: "error", again: load });
}

function showOverview(fresh = false) {
  if (fresh) overview.reset();
  const nodes = overview.render(worldBox());
  if (nodes) panel.show("overview", nodes);
}

// ---- what is on the screen, in the address ----

function remember(push = false) {
  const centre = map.getCenter();
  const sameLayers = LAYERS.every((name) => layersOn.has(name) === LAYERS_AT_FIRST.includes(name));
  writeHash({
    view: { zoom: map.getZoom(), lat: centre.lat, lon: centre.lng },
    select: scene.select,
    categories: filters ? [...filters.chosen] : start.categories,
    status: filters?.status ?? start.status,
    layers: sameLayers ? null : [...layersOn],
  }, { push });
}

function onSelection({ push }) {
  layer.redraw();
  remember(push);
}

window.addEventListener("popstate", () => {
  const state = readHash();
  if (state.view) map.setView([state.view.lat, state.view.lon], state.view.zoom, { animate: false });
  stopCheck();
  if (state.select) selection.open(state.select.kind, state.select.id, { push: false });
  else selection.clear({ push: false });
  if (filters) filters.setChosen(state.categories);
});

// ---- tools ----

function stopCheck() {
  if (!pointing.checking) return;
  pointing.checking = false;
  byId("tool-check").setAttribute("aria-pressed", "false");
  byId("map").classList.remove("map--checking");
  check.close();
  scene.check = null;
  layer.redraw();
}

function startCheck() {
  selection.clear({ push: false, quiet: true });
  pointing.checking = true;
  byId("tool-check").setAttribute("aria-pressed", "true");
  byId("map").classList.add("map--checking");
  panel.show("check", check.nodes(), { title: t("check.title"), focus: true });
}

panel.back = () => {
  if (pointing.checking) {
    stopCheck();
    showOverview(true);
    byId("tool-check").focus();
  } else selection.clear();
};

const pointing = new Pointing({
  map, scene, layer,
  tip: { words: () => words },
  choose: (kind, id, more) => selection.open(kind, id, more),
  clear: () => { if (scene.select || scene.pin) selection.clear(); },
  place: (lon, lat) => check.place(lon, lat),
});
pointing.leaveCheck = stopCheck;

byId("tool-check").addEventListener("click", () => (pointing.checking ? panel.back() : startCheck()));
byId("tool-home").addEventListener("click", () => goHome(map, { animate: true }));
byId("tool-in").addEventListener("click", () => map.zoomIn());
byId("tool-out").addEventListener("click", () => map.zoomOut());
byId("tool-print").addEventListener("click", () => window.print());
byId("tool-layers").addEventListener("click", () => {
  const card = byId("layers-card");
  card.hidden = !card.hidden;
  byId("tool-layers").setAttribute("aria-expanded", String(!card.hidden));
  if (!card.hidden) card.querySelector("input")?.focus();
});
byId("layers-card").addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  byId("layers-card").hidden = true;
  byId("tool-layers").setAttribute("aria-expanded", "false");
  byId("tool-layers").focus();
});

function fillLayerCard() {
  const notes = { cells: t("layer.from_zoom"), gates: t("layer.from_zoom"), premises: t("layer.from_zoom") };
  fillLayers(byId("layers-card"), LAYERS.map((name) => ({ name, on: layersOn.has(name), note: notes[name] })), (name, on) => {
    if (on) layersOn.add(name);
    else layersOn.delete(name);
    if (name === "streets") {
      if (on) ground.addTo(map);
      else ground.remove();
    } else {
      scene.sources[name].enabled = on;
      scene.sources[name].update(view());
    }
    remember();
  });
}

window.addEventListener("beforeprint", () => {
  byId("print-foot").textContent = t("print.foot", { time: dateTime(new Date().toISOString()), address: window.location.host });
  map.invalidateSize({ animate: false });
});
window.addEventListener("afterprint", () => map.invalidateSize({ animate: false }));

new Search({
  choose: (result) => {
    stopCheck();
    scene.pin = null;
    if (result.kind === "school" && result.uuid) selection.open("school", result.uuid, { move: true });
    else if (result.kind === "hazard" && result.uuid) selection.open("hazard", result.uuid, { move: true });
    else if (result.kind === "cell") {
      flyTo(map, result.lat, result.lon, 17);
      selection.open("cell", result.name, { at: result });
    } else {
      selection.clear({ push: false });
      scene.pin = { lon: result.lon, lat: result.lat };
      flyTo(map, result.lat, result.lon, 16);
      layer.redraw();
    }
  },
});

// ---- start ----

const moved = debounce(load, 160);
map.on("moveend", () => {
  moved();
  if (started) remember();
  countHazards();
  if (panel.kind === "overview") showOverview();
});

let started = false;

async function begin() {
  if (start.view) map.setView([start.view.lat, start.view.lon], start.view.zoom, { animate: false });
  else goHome(map);
  if (homeBounds()) map.setMaxBounds(homeBounds().pad(12));
  if (WITH_TILES) WITH_TILES.addTo(map);
  if (layersOn.has("streets")) ground.addTo(map);
  layer.addTo(map);
  writeAttribution(byId("attribution"));
  fillLegend(byId("legend-body"));
  byId("legend").open = window.matchMedia("(min-width: 60rem)").matches;
  fillLayerCard();
  keepHash();
  panel.kind = "overview";
  showOverview();
  load();
  started = true;
  await loadVocabulary();
  if (start.select) selection.open(start.select.kind, start.select.id, { push: false, move: start.view === null });
}

async function loadVocabulary() {
  try {
    const vocabulary = await get("vocabulary", { language });
    words = new Words(vocabulary);
    targets = (vocabulary.premises_categories ?? []).map((entry) => [entry.code ?? entry, words.premisesCategory(entry.code ?? entry)]);
    scene.palette = new Palette(vocabulary.hazard_categories ?? []);
    filters = new Filters({ palette: scene.palette, statuses: vocabulary.hazard_statuses, chosen: start.categories, status: start.status, changed: onFilters });
    notices.set("vocabulary", null);
    onFilters();
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    notices.set("vocabulary", t("state.failed", { reason: error.message }), { kind: "error", again: loadVocabulary });
  }
}

function onFilters() {
  scene.sources.hazards.update(view());
  showHazards();
  countHazards();
  layer.redraw();
  remember();
  if (panel.kind === "overview") showOverview(true);
}

document.fonts?.ready.then(() => { if (started) ground.redraw(); });
begin();
