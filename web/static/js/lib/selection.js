// The school, hazard or cell that is selected: loads it, shows it in the panel, marks it on the map.

import { get, getFeatures, isAborted } from "./api.js";
import { badge } from "./symbols.js";
import { cellPanel, hazardPanel, schoolPanel } from "./details.js";
import { prepare, shapeOf } from "./geometry.js";
import { nameOf, t } from "./i18n.js";
import { calm, flyTo, latLngBounds } from "./map.js";
import { failure, waiting } from "./panel.js";

const PIECE = 1e-5; // degrees around a point when asking for the cell that holds it

export class Selection {
  constructor({ scene, panel, map, words, changed, openOverview }) {
    Object.assign(this, { scene, panel, map, words, changed, openOverview });
    this.request = null;
  }

  /** Nothing is selected any more. */
  clear({ push = true, quiet = false } = {}) {
    this.request?.abort();
    const had = this.scene.select !== null;
    this.scene.select = null;
    this.scene.selectedShape = null;
    this.scene.pin = null;
    if (!quiet) this.openOverview();
    this.changed({ push: push && had });
  }

  #options() {
    return {
      palette: this.scene.palette,
      words: this.words(),
      select: (kind, id) => this.open(kind, id, { focus: true, move: true }),
      goTo: (lat, lon, zoom) => flyTo(this.map, lat, lon, zoom),
      openCell: (code, hazard) => this.open("cell", code, { focus: true, at: { lon: hazard.geometry.coordinates[0], lat: hazard.geometry.coordinates[1] } }),
    };
  }

  async open(kind, id, { push = true, focus = false, move = false, at = null } = {}) {
    this.request?.abort();
    const request = new AbortController();
    this.request = request;
    const again = this.scene.select?.kind === kind && this.scene.select.id === id;
    this.scene.select = { kind, id };
    this.scene.selectedShape = null;
    this.scene.pin = null;
    this.changed({ push: push && !again });
    this.panel.show("loading", [waiting()], { title: t(`panel.${kind}`), focus });
    const show = { school: () => this.#school(id, request.signal, move, focus), hazard: () => this.#hazard(id, request.signal, move, focus), cell: () => this.#cell(id, request.signal, at, focus) }[kind];
    try {
      await show();
      if (this.request === request) this.changed({ push: false });
    } catch (error) {
      if (isAborted(error) || this.request !== request) return;
      this.panel.show("error", [failure(error, () => this.open(kind, id, { push: false, focus, move, at }))], { title: t(`panel.${kind}`) });
    }
  }

  async #school(id, signal, move, focus) {
    const path = `schools/${encodeURIComponent(id)}`;
    const [school, perimeter, tied] = await Promise.all([
      get(path, {}, { signal }),
      optional(get(`${path}/perimeter`, {}, { signal })),
      optional(getFeatures("hazards", { school: id, status: "open", limit: 200 }, { signal })),
    ]);
    // Only hazards that come with their distance to this school are known to be tied to it.
    const near = (tied?.features ?? []).filter((one) => Number.isFinite(one.properties.boundary_distance_m));
    near.sort((a, b) => a.properties.boundary_distance_m - b.properties.boundary_distance_m);
    this.scene.selectedShape = shapeOf(perimeter?.geometry ?? school.geometry);
    this.panel.show("school", schoolPanel(school, { ...this.#options(), perimeter, hazards: near }), { title: nameOf(school.properties), focus });
    if (move) this.#fit(perimeter?.geometry ?? school.geometry, school.properties.point);
  }

  async #hazard(id, signal, move, focus) {
    const hazard = await get(`hazards/${encodeURIComponent(id)}`, {}, { signal });
    const { name, category, subtype, status } = hazard.properties;
    const look = this.scene.palette.get(category);
    const title = name || this.scene.palette.subtype(category, subtype) || look.name;
    this.panel.show("hazard", hazardPanel(hazard, this.#options()), { title, lead: badge(look, { hollow: status !== "open" }), focus });
    const [lon, lat] = hazard.geometry.coordinates;
    if (move) flyTo(this.map, lat, lon, 17);
  }

  async #cell(code, signal, at, focus) {
    let place = at;
    const known = this.scene.sources.cells.features.find((one) => String(one.properties.code) === code);
    if (!known && !place) {
      const { results } = await get("geocode", { q: code }, { signal });
      place = (results ?? []).find((one) => one.kind === "cell" && one.name === code) ?? null;
      if (place) flyTo(this.map, place.lat, place.lon, 17);
    }
    let cell = known ?? null;
    if (!cell && place) {
      const bbox = [place.lon - PIECE, place.lat - PIECE, place.lon + PIECE, place.lat + PIECE].join(",");
      const { features } = await getFeatures("cells", { bbox, limit: 20 }, { signal });
      const found = features.find((one) => String(one.properties.code) === code);
      cell = found ? prepare(found, 0) : null;
    }
    if (!cell) throw new Error(t("cell.not_found", { code }));
    const hazards = this.scene.sources.hazards.features.filter((one) => one.properties.cell_code === code);
    this.scene.selectedShape = cell.shape;
    this.panel.show("cell", cellPanel(cell, { ...this.#options(), hazards }), { title: t("cell.title", { code }), focus });
  }

  #fit(geometry, point) {
    const shape = geometry ? shapeOf(geometry) : null;
    if (!shape) {
      if (point) flyTo(this.map, point[1], point[0], 16);
      return;
    }
    const positions = geometry.coordinates.flat(geometry.type === "MultiPolygon" ? 2 : geometry.type === "Polygon" ? 1 : 0);
    const bounds = latLngBounds((Array.isArray(positions[0]) ? positions : [positions]).map(([lon, lat]) => [lat, lon]));
    const phone = window.matchMedia("(max-width: 47.99rem)").matches;
    const low = phone ? Math.round(this.map.getSize().y * 0.5) : 24;
    this.map.fitBounds(bounds, { animate: !calm.matches, maxZoom: 17, paddingTopLeft: [24, phone ? 110 : 24], paddingBottomRight: [24, low] });
  }
}

async function optional(promise) {
  try {
    return await promise;
  } catch (error) {
    if (isAborted(error)) throw error;
    return null; // the panel is worth showing without it
  }
}
