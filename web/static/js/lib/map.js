// The Leaflet map: no tile server unless the configuration names one, no Leaflet controls but the scale.

import { Map as LeafletMap, TileLayer, control, latLng, latLngBounds } from "./leaflet.js";
import { pageConfig, t } from "./i18n.js";

export { latLng, latLngBounds };

export const calm = window.matchMedia("(prefers-reduced-motion: reduce)");

export function createMap(node) {
  const map = new LeafletMap(node, {
    zoomControl: false,
    attributionControl: false,
    minZoom: 4,
    maxZoom: 19,
    zoomSnap: 0.5,
    wheelPxPerZoomLevel: 110,
    zoomAnimation: !calm.matches,
    fadeAnimation: !calm.matches,
    inertia: !calm.matches,
    preferCanvas: true,
  });
  for (const [name, order] of [["streets", 210], ["campus", 420]]) {
    const pane = map.createPane(name);
    pane.style.zIndex = String(order);
    pane.style.pointerEvents = "none";
  }
  control.scale({ metric: true, imperial: false, maxWidth: 120, position: "bottomleft" }).addTo(map);
  return map;
}

/** The tile layers of the configuration as one, or null. A key bound to an address is only taken with the origin. */
export function tileLayer() {
  const { urls = [], subdomains = "abc" } = pageConfig.tiles ?? {};
  if (!urls.length) return null;
  const [base, ...above] = urls.map((url, at) => new TileLayer(url, { maxZoom: 19, maxNativeZoom: 18, subdomains, referrerPolicy: "origin", zIndex: at + 1 }));
  base.on("add", () => above.forEach((one) => one.addTo(base._map)));
  base.on("remove", () => above.forEach((one) => one.remove()));
  return base;
}

/** Say, as text, where the base comes from. */
export function writeAttribution(node) {
  node.textContent = pageConfig.tiles?.attribution || t(pageConfig.osm ? "map.attribution_osm" : "map.attribution");
}

/** [[south, west], [north, east]] of the configured bounds, or null when nothing has been imported. */
export function homeBounds() {
  const bounds = pageConfig.bounds;
  if (!bounds) return null;
  return latLngBounds([bounds[1], bounds[0]], [bounds[3], bounds[2]]);
}

export function goHome(map, { animate = false } = {}) {
  const bounds = homeBounds();
  if (bounds) {
    map.fitBounds(bounds, { animate, padding: [16, 16], maxZoom: 16 });
  } else {
    const [lon, lat] = pageConfig.center ?? [104, 35];
    map.setView([lat, lon], 12, { animate });
  }
}

/** How many pixels of the map lie under the sheet of a phone. */
export function covered() {
  if (!window.matchMedia("(max-width: 47.99rem)").matches) return 0;
  return document.getElementById("panel")?.offsetHeight ?? 0;
}

/** Bring a place into the middle of what can be seen of the map. */
export function flyTo(map, lat, lon, zoom) {
  const target = Math.max(map.getZoom(), zoom);
  const centre = map.unproject(map.project([lat, lon], target).add([0, covered() / 2]), target);
  map.setView(centre, target, { animate: !calm.matches });
}
