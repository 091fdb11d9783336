// The cases of the queue on the map; the chosen one stands out.

import { CircleMarker, LayerGroup } from "../lib/leaflet.js";
import { groundLayer } from "../lib/ground.js";
import { pageConfig } from "../lib/i18n.js";
import { createMap, goHome, tileLayer, writeAttribution } from "../lib/map.js";
import { el } from "../lib/text.js";

export class CaseMap {
  constructor(node, { choose, moved }) {
    this.choose = choose;
    this.map = createMap(node);
    goHome(this.map);
    (tileLayer() ?? groundLayer({ version: pageConfig.ground })).addTo(this.map);
    writeAttribution(document.getElementById("attribution"));
    this.marks = new LayerGroup().addTo(this.map);
    this.seen = "";
    this.map.on("moveend", () => { if (!this.ours) moved(this.view()); }); // moved by the person, and not by us
    new ResizeObserver(() => this.#by(() => this.map.invalidateSize({ animate: false }))).observe(node);
  }

  #by(work) {
    this.ours = true;
    work();
    this.ours = false;
  }

  show(cases, current, palette) {
    this.marks.clearLayers();
    for (const one of [...cases].reverse()) {
      const [lon, lat] = one.geometry.coordinates;
      const { overdue, category, name, number } = one.properties;
      const chosen = one.id === current;
      new CircleMarker([lat, lon], {
        radius: chosen ? 12 : 8, weight: chosen ? 4 : overdue ? 3 : 1.5, color: chosen ? "#12344d" : overdue ? "#b3261e" : "#ffffff",
        fillColor: palette.get(category).colour, fillOpacity: 0.95,
      }).bindTooltip(el("span", {}, `${number} ${name || palette.get(category).name}`)).on("click", () => this.choose(one.id)).addTo(this.marks);
    }
  }

  /** Bring all cases into view, once for each queue. */
  fit(cases, key) {
    if (key === this.seen || !cases.length) return;
    this.seen = key;
    const lat = cases.map((one) => one.geometry.coordinates[1]);
    const lon = cases.map((one) => one.geometry.coordinates[0]);
    this.#by(() => this.map.fitBounds([[Math.min(...lat), Math.min(...lon)], [Math.max(...lat), Math.max(...lon)]], { animate: false, padding: [40, 40], maxZoom: 16 }));
  }

  /** The box in view, as the address says it. */
  view() {
    const box = this.map.getBounds();
    return [box.getWest(), box.getSouth(), box.getEast(), box.getNorth()].map((degrees) => degrees.toFixed(5)).join();
  }

  lookAt(bbox) {
    const [west, south, east, north] = bbox.split(",").map(Number);
    if ([west, south, east, north].every(Number.isFinite)) this.#by(() => this.map.fitBounds([[south, west], [north, east]], { animate: false }));
  }

  look(one) {
    const [lon, lat] = one.geometry.coordinates;
    this.#by(() => this.map.setView([lat, lon], Math.max(this.map.getZoom(), 16), { animate: false }));
  }
}

/** A small map of one case, for its page and for paper. */
export function smallMap(node, { geometry }, colour) {
  const map = createMap(node);
  map.scrollWheelZoom.disable(); // the page is scrolled with it
  const [lon, lat] = geometry.coordinates;
  (tileLayer() ?? groundLayer({ version: pageConfig.ground })).addTo(map);
  map.setView([lat, lon], 16, { animate: false });
  new CircleMarker([lat, lon], { radius: 9, weight: 3, color: "#12344d", fillColor: colour, fillOpacity: 0.95 }).addTo(map);
  const watch = new ResizeObserver(() => map.invalidateSize({ animate: false }));
  watch.observe(node);
  map.on("unload", () => watch.disconnect()); // a map that was taken away has no size to mend
  return map;
}
