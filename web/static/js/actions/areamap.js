// Areas of joint actions on the map, and choosing one: drawn corner by corner, or made of cells.

import { CircleMarker, GeoJSON, LayerGroup, Polygon, Polyline } from "../lib/leaflet.js";
import { getFeatures } from "../lib/api.js";
import { groundLayer } from "../lib/ground.js";
import { pageConfig, t } from "../lib/i18n.js";
import { createMap, goHome, latLngBounds, tileLayer, writeAttribution } from "../lib/map.js";
import { debounce, el } from "../lib/text.js";

const COLOURS = { planned: "#1b5e9e", under_way: "#c2410c", ended: "#4a5a67", reported: "#1f6b41", cancelled: "#8b98a3" };
const DRAWN = { color: "#c2410c", weight: 2.5, fillColor: "#c2410c", fillOpacity: 0.15, interactive: false };
const CELLS_FROM = 14;

const boundsOf = ({ bounds: [west, south, east, north] }) => latLngBounds([south, west], [north, east]);

export class AreaMap {
  constructor(node, hint, { choose }) {
    this.hint = hint;
    this.map = createMap(node);
    goHome(this.map);
    (tileLayer() ?? groundLayer({ version: pageConfig.ground })).addTo(this.map);
    writeAttribution(document.getElementById("attribution"));
    this.areas = new GeoJSON(null, {
      style: ({ properties, id }) => ({ color: COLOURS[properties.state], weight: id === this.current ? 4 : 2, fillColor: COLOURS[properties.state], fillOpacity: id === this.current ? 0.2 : 0.08 }),
      onEachFeature: (feature, layer) => layer.bindTooltip(el("span", {}, feature.properties.title)).on("click", () => { if (!this.mode) choose(feature.id); }),
    }).addTo(this.map);
    this.marks = new LayerGroup().addTo(this.map);
    this.drawing = new LayerGroup().addTo(this.map);
    this.mode = null;
    this.map.on("click", (event) => this.#corner(event.latlng));
    this.map.on("moveend", debounce(() => this.#loadCells(), 200));
    new ResizeObserver(() => this.map.invalidateSize({ animate: false })).observe(node);
  }

  show(actions, current) {
    this.current = current;
    this.areas.clearLayers();
    this.areas.addData({ type: "FeatureCollection", features: actions });
    this.areas.eachLayer((layer) => { if (layer.feature.id === current) layer.bringToFront(); });
  }

  /** The city that the map looks at, else the first. */
  cityInView(cities) {
    return cities.find((one) => boundsOf(one).contains(this.map.getCenter())) ?? cities[0];
  }

  lookAtCity(city) {
    this.map.fitBounds(boundsOf(city), { animate: false, padding: [16, 16], maxZoom: 16 });
  }

  /** Show every area. */
  lookAtAll() {
    const bounds = this.areas.getBounds();
    if (bounds.isValid()) this.map.fitBounds(bounds, { animate: false, padding: [40, 40], maxZoom: 16 });
  }

  look(id) {
    this.map.invalidateSize({ animate: false }); // the page of the action has just taken its place beside the map
    this.areas.eachLayer((layer) => { if (layer.feature.id === id) this.map.fitBounds(layer.getBounds(), { animate: false, padding: [40, 40], maxZoom: 17 }); });
  }

  showCases(cases, palette) {
    this.marks.clearLayers();
    for (const { geometry, properties } of cases) {
      const [lon, lat] = geometry.coordinates;
      const done = ["closed", "rated"].includes(properties.state);
      new CircleMarker([lat, lon], { radius: 7, weight: properties.overdue ? 3 : 1.5, color: properties.overdue ? "#b3261e" : "#ffffff", fillColor: palette.get(properties.category).colour, fillOpacity: done ? 0.35 : 0.95 })
        .bindTooltip(el("span", {}, `${properties.number} ${properties.name || palette.get(properties.category).name}`)).addTo(this.marks);
    }
  }

  /**
   * Choose an area on the map.
   * @param {"draw"|"cells"} mode
   * @param {Function} changed called with the corners [[lon, lat], …] or the codes of the cells
   */
  startDrawing(mode, changed) {
    this.stopDrawing();
    Object.assign(this, { mode, changed, corners: [], closed: false, cells: new Set() });
    this.#say();
    if (mode === "cells") this.#loadCells();
  }

  stopDrawing() {
    this.mode = null;
    this.drawing.clearLayers();
    this.hint.hidden = true;
  }

  undo() {
    if (this.mode !== "draw") return;
    if (this.closed) this.closed = false;
    else this.corners.pop();
    this.#draw();
  }

  #say() {
    this.hint.textContent = this.mode === "draw" ? t("actions.hint_draw") : this.map.getZoom() < CELLS_FROM ? t("actions.hint_zoom") : t("actions.hint_cells");
    this.hint.hidden = false;
  }

  #corner(place) {
    if (this.mode !== "draw" || this.closed) return;
    this.corners.push([place.lng, place.lat]);
    this.#draw();
  }

  #draw() {
    const places = this.corners.map(([lon, lat]) => [lat, lon]);
    this.drawing.clearLayers();
    if (places.length > 2) new Polygon(places, DRAWN).addTo(this.drawing);
    else new Polyline(places, DRAWN).addTo(this.drawing);
    places.forEach((place, n) => {
      const first = n === 0 && places.length > 2 && !this.closed;
      new CircleMarker(place, { radius: first ? 9 : 5, color: "#c2410c", weight: 2, fillColor: "#ffffff", fillOpacity: 1 })
        .on("click", (event) => { event.originalEvent.stopPropagation(); if (first) { this.closed = true; this.#draw(); } }).addTo(this.drawing);
    });
    this.changed(this.corners);
  }

  async #loadCells() {
    if (this.mode !== "cells") return;
    this.#say();
    if (this.map.getZoom() < CELLS_FROM) return;
    const box = this.map.getBounds();
    const { features } = await getFeatures("cells", { bbox: box.toBBoxString(), limit: 1000 }, { pages: 3 }).catch(() => ({ features: [] }));
    if (this.mode !== "cells") return;
    this.drawing.clearLayers();
    const style = ({ properties: { code } }) => ({ color: "#8b98a3", weight: 1, fillColor: this.cells.has(code) ? "#c2410c" : "#ffffff", fillOpacity: this.cells.has(code) ? 0.4 : 0.05 });
    const layer = new GeoJSON(features, {
      style,
      onEachFeature: (feature, cell) => cell.on("click", () => {
        const { code } = feature.properties;
        if (this.cells.has(code)) this.cells.delete(code);
        else this.cells.add(code);
        cell.setStyle(style(feature));
        this.changed([...this.cells]);
      }),
    });
    layer.addTo(this.drawing);
  }
}
