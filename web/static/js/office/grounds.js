// The map on which the office draws a school's grounds and places its gates; Geoman draws, and is fetched when it is needed.

import * as Leaflet from "../lib/leaflet.js";
import { get } from "../lib/api.js";
import { t } from "../lib/i18n.js";
import { el } from "../lib/text.js";

const GROUNDS = { color: "#12344d", weight: 2.5, fillColor: "#12344d", fillOpacity: 0.18 };
const ZONE = { color: "#b3261e", weight: 1.5, dashArray: "6 5", fill: false, interactive: false };
const OTHERS = { color: "#4a5a67", weight: 1, fillOpacity: 0.08, interactive: false };
const DIGITS = 1e7;

let ready = null;

/** Geoman wants Leaflet as a global: it gets a copy that it may add to. */
function geoman() {
  ready ??= new Promise((resolve, reject) => {
    document.head.append(el("link", { attributes: { rel: "stylesheet", href: "/static/vendor/geoman/leaflet-geoman.css" } }));
    const script = el("script", { attributes: { src: "/static/vendor/geoman/leaflet-geoman.min.js" }, on: { load: resolve, error: () => reject(new Error(t("problem.network"))) } });
    document.head.append(script);
  });
  return ready;
}

const round = (value) => Math.round(value * DIGITS) / DIGITS;

/** GeoJSON of a layer, to a centimetre. */
function outline(layer) {
  const { geometry } = layer.toGeoJSON(15);
  const rounded = (part) => (typeof part === "number" ? round(part) : part.map(rounded));
  return { type: geometry.type, coordinates: rounded(geometry.coordinates) };
}

export class Grounds {
  /** @param {HTMLElement} node  @param {Function} changed called with what was drawn: "grounds" or "gates" */
  constructor(node, changed) {
    this.node = node;
    this.changed = changed;
    this.parts = [];
    this.gates = new Map();
  }

  async open() {
    await geoman();
    if (this.map) {
      this.map.invalidateSize();
      return;
    }
    this.map = new Leaflet.Map(this.node, { attributionControl: false, zoomSnap: 0.5, maxZoom: 19, center: [30, 110], zoom: 4 });
    Leaflet.control.scale({ imperial: false }).addTo(this.map);
    this.streets = new Leaflet.GeoJSON(null, { style: { color: "#b9c3ca", weight: 2, interactive: false }, interactive: false, pmIgnore: true }).addTo(this.map);
    this.others = new Leaflet.GeoJSON(null, { style: OTHERS, interactive: false, pmIgnore: true }).addTo(this.map);
    this.zone = new Leaflet.GeoJSON(null, { style: ZONE, interactive: false, pmIgnore: true }).addTo(this.map);
    this.map.pm.setGlobalOptions({ pathOptions: GROUNDS, allowSelfIntersection: false, snapDistance: 12, templineStyle: { color: GROUNDS.color }, hintlineStyle: { color: GROUNDS.color, dashArray: "5 5" }, tooltips: false });
    this.map.on("pm:create", ({ layer }) => this.#drawn(layer));
    this.map.on("moveend", () => this.#base());
  }

  /** Streets and other grounds under what is drawn, so that one sees where one is. */
  async #base() {
    if (this.map.getZoom() < 12) return;
    const bounds = this.map.getBounds();
    const bbox = [Math.max(bounds.getWest(), -180), Math.max(bounds.getSouth(), -90), Math.min(bounds.getEast(), 180), Math.min(bounds.getNorth(), 90)].map((v) => v.toFixed(6)).join(",");
    if (bbox === this.box) return;
    this.box = bbox;
    try {
      const [streets, schools] = await Promise.all([get("streets", { bbox, zoom: Math.floor(this.map.getZoom()), limit: 1000 }), get("schools", { bbox, limit: 200 })]);
      if (bbox !== this.box) return;
      this.streets.clearLayers().addData(streets);
      this.others.clearLayers().addData({ ...schools, features: schools.features.filter((one) => one.id !== this.school) });
    } catch {
      this.box = null; // without a base one can still draw
    }
  }

  goTo(lon, lat) {
    this.map.setView([lat, lon], 17, { animate: false });
  }

  /** Show a school: campuses as answered, gates, the zone as GeoJSON or null. */
  show({ id, campuses, gates, zone, centre }) {
    this.stop();
    this.school = id;
    this.box = null;
    for (const { layer } of this.parts) layer.remove();
    for (const marker of this.gates.values()) marker.remove();
    this.parts = [];
    this.gates.clear();
    this.zone.clearLayers();
    if (zone) this.zone.addData(zone);
    for (const campus of campuses) {
      const layer = new Leaflet.GeoJSON(campus.boundary, { style: GROUNDS }).getLayers()[0].addTo(this.map);
      this.#part(layer, campus);
    }
    for (const gate of gates) this.#gate(gate);
    const bounds = this.zone.getLayers().length ? this.zone.getBounds() : Leaflet.latLngBounds(this.parts.flatMap(({ layer }) => [layer.getBounds()]));
    if (bounds.isValid()) this.map.fitBounds(bounds, { animate: false, maxZoom: 17, padding: [16, 16] });
    else if (centre) this.map.fitBounds([[centre[1], centre[0]], [centre[3], centre[2]]], { animate: false });
    this.#base();
  }

  #part(layer, campus) {
    this.parts.push({ layer, campus });
    layer.on("pm:edit", () => {
      const part = this.parts.find((one) => one.layer === layer);
      if (part) part.moved = true;
      this.changed("grounds");
    });
  }

  #drawn(layer) {
    if (this.wants === "gate") {
      const { lat, lng } = layer.getLatLng();
      layer.remove();
      this.#gate({ uuid: crypto.randomUUID(), lon: round(lng), lat: round(lat), name: "", kind: this.gates.size ? "gate" : "main", fresh: true });
      this.changed("gates");
    } else {
      this.#part(layer, { uuid: null, name: "", known_as: "polygon" });
      this.changed("grounds");
    }
    this.stop();
  }

  #gate(gate) {
    const icon = new Leaflet.DivIcon({ className: `gate-mark gate-mark--${gate.kind}`, iconSize: [18, 18] });
    const marker = new Leaflet.Marker([gate.lat, gate.lon], { icon, draggable: true, pmIgnore: true, title: gate.name }).addTo(this.map);
    marker.gate = { ...gate };
    marker.on("dragend", () => {
      const { lat, lng } = marker.getLatLng();
      Object.assign(marker.gate, { lon: round(lng), lat: round(lat), moved: true });
      this.changed("gates");
    });
    this.gates.set(gate.uuid, marker);
  }

  /** Begin to draw: "grounds", "gate" or "edit"; again to stop. */
  begin(wants) {
    const again = this.wants === wants;
    this.stop();
    if (again) return;
    this.wants = wants;
    if (wants === "grounds") this.map.pm.enableDraw("Polygon", { snappable: true });
    else if (wants === "gate") this.map.pm.enableDraw("Marker", { markerStyle: { icon: new Leaflet.DivIcon({ className: "gate-mark", iconSize: [18, 18] }) } });
    else for (const { layer } of this.parts) layer.pm.enable({ allowSelfIntersection: false, preventMarkerRemoval: false });
  }

  stop() {
    if (!this.map) return;
    this.map.pm.disableDraw();
    for (const { layer } of this.parts) layer.pm?.disable();
    this.wants = null;
  }

  /** Take one campus away, by its place in the list. */
  drop(at) {
    const [part] = this.parts.splice(at, 1);
    part.layer.remove();
    this.changed("grounds");
  }

  dropGate(uuid) {
    this.gates.get(uuid)?.remove();
    this.gates.delete(uuid);
    this.changed("gates");
  }

  /** The campuses as the server takes them; a disc that nobody touched stays a point. */
  campuses() {
    return this.parts.map(({ layer, campus, moved }) => ({
      ...(campus.uuid && { id: campus.uuid }), name: campus.name,
      ...(campus.point && !moved ? { lon: campus.point[0], lat: campus.point[1], radius_m: campus.radius_m } : { boundary: moved || !campus.boundary ? outline(layer) : campus.boundary }),
    }));
  }
}
