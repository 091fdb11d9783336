// The map of the field app: what the pack holds, the own position, and the pin.

import { Circle, CircleMarker, DivIcon, LayerGroup, Marker, Polygon, Polyline } from "../lib/leaflet.js";
import { createMap, goHome, tileLayer, writeAttribution } from "../lib/map.js";
import { worldX, worldY } from "../lib/geometry.js";
import { hitAt, sceneLayer } from "../lib/paint.js";
import { groundLayer } from "../lib/ground.js";
import { t } from "../lib/i18n.js";
import { el } from "../lib/text.js";

const STOPS = { waiting: "#b3261e", here: "#c2410c", left: "#1f6b41", skipped: "#75828c" };
const SEARCH_PX = 60; // the search box and its margins, above
const still = () => ({ features: [], enabled: true, state: "ready", truncated: false });

export class FieldMap {
  /** @param {object} options palette, chosen(place), pickHazard(id) */
  constructor(node, options) {
    Object.assign(this, options);
    this.map = createMap(node);
    this.scene = {
      sources: { schools: still(), perimeters: still(), cells: still(), hazards: still(), gates: still(), premises: still() },
      palette: this.palette, shownHazards: [], hazardsVersion: 0, select: null, selectedShape: null, check: null, pin: null,
    };
    goHome(this.map);
    writeAttribution(document.getElementById("map-attribution"));
    this.ground = groundLayer({ version: 0 });
    const tiles = tileLayer();
    if (tiles) { // our own ground comes up where the configured tiles do not: without a signal
      tiles.on("tileload", () => this.ground.remove());
      tiles.on("tileerror", () => this.ground.addTo(this.map));
      tiles.addTo(this.map);
    } else this.ground.addTo(this.map);
    this.layer = sceneLayer(this.scene);
    this.layer.addTo(this.map);
    this.map.on("click", (event) => this.#tapped(event));
    new ResizeObserver(() => this.map.invalidateSize({ animate: false })).observe(node); // the sheet below grows and shrinks
    this.accuracy = new Circle([0, 0], { radius: 0, color: "#1b5e9e", weight: 1, fillOpacity: 0.12, interactive: false });
    this.dot = new CircleMarker([0, 0], { radius: 7, color: "#ffffff", weight: 2.5, fillColor: "#1b5e9e", fillOpacity: 1, interactive: false });
    this.path = new Polyline([], { color: "#c2410c", weight: 4, opacity: 0.8, interactive: false }).addTo(this.map);
    this.walked = new LayerGroup().addTo(this.map);
    this.tasks = new LayerGroup().addTo(this.map);
    this.stops = new LayerGroup().addTo(this.map);
    this.pin = new Marker([0, 0], {
      draggable: true, autoPan: true, keyboard: true, alt: t("field.pin"), title: t("field.pin"),
      icon: new DivIcon({ className: "pin", iconSize: [44, 52], iconAnchor: [22, 50] }),
    });
    this.pin.on("dragend", () => { const at = this.pin.getLatLng(); this.chosen([at.lng, at.lat]); });
    this.pin.on("add", () => this.pin.getElement().addEventListener("keydown", (event) => this.#nudge(event)));
  }

  /** The pin by the arrow keys, some pixels at a time. */
  #nudge(event) {
    const [dx, dy] = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key] ?? [];
    if (dx === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    const step = event.shiftKey ? 20 : 4;
    const at = this.map.containerPointToLatLng(this.map.latLngToContainerPoint(this.pin.getLatLng()).add([dx * step, dy * step]));
    this.chosen([at.lng, at.lat]);
    this.pin.getElement()?.focus({ preventScroll: true });
  }

  #tapped(event) {
    const { lat, lng } = event.latlng;
    const touch = event.originalEvent?.pointerType !== "mouse";
    const hit = hitAt(this.scene, worldX(lng), worldY(lat), this.map.getZoom(), { touch });
    if (hit?.kind === "hazard" && !this.placing) this.pickHazard(hit.feature.id);
    else this.chosen([lng, lat]);
  }

  show(shift, hazards) {
    const { sources } = this.scene;
    for (const name of ["schools", "perimeters", "cells", "gates"]) sources[name].features = shift[name];
    sources.hazards.features = hazards;
    this.scene.shownHazards = hazards.filter((one) => one.x !== null);
    this.scene.hazardsVersion += 1;
    this.ground.tiles.renew(shift.pack.ground ?? 0);
    this.ground.redraw();
    this.layer.redraw();
  }

  position({ place, accuracy_m }) {
    const at = [place[1], place[0]];
    this.dot.setLatLng(at).addTo(this.map);
    this.accuracy.setLatLng(at).setRadius(accuracy_m ?? 0).addTo(this.map);
  }

  setPin(place) {
    if (!place) {
      this.pin.remove();
      return;
    }
    this.pin.setLatLng([place[1], place[0]]).addTo(this.map);
  }

  /** Mark cells that were walked. */
  cells(features) {
    this.walked.clearLayers();
    for (const { geometry } of features) {
      const rings = geometry.type === "Polygon" ? [geometry.coordinates] : geometry.coordinates;
      const turned = rings.map((part) => part.map((ring) => ring.map(([lon, lat]) => [lat, lon])));
      this.walked.addLayer(new Polygon(turned, { color: "#1f6b41", weight: 2, fillColor: "#1f6b41", fillOpacity: 0.25, interactive: false }));
    }
  }

  /** Mark what has to be gone to: a ring around each place, numbered as in the list; `pick` gets the one that is tapped. */
  todo(list, pick) {
    this.tasks.clearLayers();
    for (const one of list) {
      const mark = new Marker([one.lat, one.lon], { keyboard: false, icon: new DivIcon({ className: one.overdue_days > 0 ? "todo todo--late" : "todo", iconSize: [28, 28], html: el("span", {}, String(one.number)) }) });
      mark.on("click", () => pick(one));
      this.tasks.addLayer(mark);
    }
  }

  /** Draw the ways of a patrol, and its stops by their state. */
  patrol(ways, stops) {
    this.stops.clearLayers();
    for (const { geometry } of ways) new Polyline(geometry.coordinates.map(([lon, lat]) => [lat, lon]), { color: "#1b5e9e", weight: 4, opacity: 0.8, interactive: false }).addTo(this.stops);
    for (const { place: [lon, lat], state } of stops) new CircleMarker([lat, lon], { radius: 9, color: "#ffffff", weight: 2, fillColor: STOPS[state], fillOpacity: 1, interactive: false }).addTo(this.stops);
  }

  /** Draw the track: [lat, lon] of each point. */
  line(points) { this.path.setLatLngs(points); }

  /** Bring a place into the middle of what the search leaves free. */
  look(place, zoom = 17) {
    const level = Math.max(this.map.getZoom(), zoom);
    const middle = this.map.project([place[1], place[0]], level).subtract([0, SEARCH_PX / 2]);
    this.map.setView(this.map.unproject(middle, level), level, { animate: false });
  }

  /** Show all of what is between west, south, east and north. */
  frame([west, south, east, north]) { this.map.fitBounds([[south, west], [north, east]], { animate: false }); }

  /** The looks of the categories, as the vocabulary has them. */
  words(palette) { this.scene.palette = palette; }
}
