// A plan on the map: routes and stops in the colours of their teams; a stop may be dragged, and a place chosen.

import { DivIcon, GeoJSON, LayerGroup, Marker, Polyline, latLngBounds } from "../lib/leaflet.js";
import { groundLayer } from "../lib/ground.js";
import { pageConfig, t } from "../lib/i18n.js";
import { createMap, goHome, tileLayer, writeAttribution } from "../lib/map.js";
import { el } from "../lib/text.js";
import { colourOf } from "./colours.js";

export class PlanMap {
  /** @param {object} options choose(id), move(id, place) */
  constructor(node, options) {
    Object.assign(this, options);
    this.map = createMap(node);
    goHome(this.map);
    (tileLayer() ?? groundLayer({ version: pageConfig.ground })).addTo(this.map);
    writeAttribution(document.getElementById("attribution"));
    new ResizeObserver(() => this.map.invalidateSize({ animate: false })).observe(node);
    this.cells = new GeoJSON(null, { style: ({ properties }) => ({ color: "#12344d", weight: 1, fillColor: "#1b5e9e", fillOpacity: Math.min(0.85, 0.15 + properties.minutes / 120) }) }).addTo(this.map);
    this.routes = new LayerGroup().addTo(this.map);
    this.marks = new LayerGroup().addTo(this.map);
    this.waiting = null;
    this.map.on("click", (event) => {
      const take = this.waiting;
      this.waiting = null;
      take?.([Math.round(event.latlng.lng * 1e6) / 1e6, Math.round(event.latlng.lat * 1e6) / 1e6]);
    });
  }

  /** The next click on the map names a place. */
  ask(take) { this.waiting = take; }

  /**
   * @param {object[]} stops {id, lon, lat, team, order, title, kind, pinned, dropped}
   * @param {object[]} lines {team, coordinates}
   */
  show(stops, lines, chosen) {
    this.routes.clearLayers();
    this.marks.clearLayers();
    for (const { team, coordinates } of lines) {
      new Polyline(coordinates.map(([lon, lat]) => [lat, lon]), { color: "#ffffff", weight: 7, opacity: 0.85, interactive: false }).addTo(this.routes);
      new Polyline(coordinates.map(([lon, lat]) => [lat, lon]), { color: colourOf(team), weight: 4, interactive: false }).addTo(this.routes);
    }
    for (const stop of [...stops].sort((a, b) => Boolean(a.team) - Boolean(b.team))) this.#mark(stop, stop.id === chosen);
  }

  #mark(stop, chosen) {
    const inside = Boolean(stop.team);
    const size = inside ? 28 : 24;
    const face = el("span", { class: `stop-mark${stop.kind === "post" ? " stop-mark--post" : ""}${inside ? "" : " stop-mark--out"}${chosen ? " stop-mark--chosen" : ""}` }, inside ? stop.order ?? "" : stop.dropped ? "×" : "");
    face.style.setProperty("--team", colourOf(stop.team));
    const mark = new Marker([stop.lat, stop.lon], {
      icon: new DivIcon({ className: "stop-holder", html: face, iconSize: [size, size], iconAnchor: [size / 2, size / 2] }),
      draggable: Boolean(this.move), autoPan: true, keyboard: true, alt: stop.title, title: stop.title, zIndexOffset: chosen ? 1000 : inside ? 500 : 0,
    });
    mark.on("click", () => this.choose(stop.id));
    mark.on("dragend", () => { const at = mark.getLatLng(); this.move(stop.id, [at.lng, at.lat]); });
    mark.addTo(this.marks);
  }

  showCells(document) {
    this.cells.clearLayers();
    this.cells.addData(document);
    this.cells.eachLayer((layer) => {
      const { code, minutes, stays } = layer.feature.properties;
      layer.bindTooltip(el("span", {}, t("patrols.cell_dose", { code, minutes, stays })));
    });
    if (document.features.length) this.map.fitBounds(this.cells.getBounds(), { animate: false, padding: [40, 40], maxZoom: 16 });
  }

  fit(places) {
    if (!places.length) return;
    this.map.fitBounds(latLngBounds(places.map(({ lon, lat }) => [lat, lon])), { animate: false, padding: [40, 40], maxZoom: 16 });
  }

  look({ lon, lat }) { this.map.setView([lat, lon], Math.max(this.map.getZoom(), 15), { animate: false }); }
}
