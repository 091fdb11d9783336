// The map: cells in the colours of the mode, a sign for each hot place from afar, and the cell that is chosen.

import { CircleMarker, GeoJSON, LayerGroup } from "../lib/leaflet.js";
import { groundLayer } from "../lib/ground.js";
import { language, pageConfig, t } from "../lib/i18n.js";
import { createMap, goHome, tileLayer, writeAttribution } from "../lib/map.js";
import { el } from "../lib/text.js";

const FAR_BELOW = 13; // cells are too small to be seen from there on

export const map = createMap(document.getElementById("map"));
goHome(map);
(tileLayer() ?? groundLayer({ version: pageConfig.ground })).addTo(map);
writeAttribution(document.getElementById("attribution"));
new ResizeObserver(() => map.invalidateSize({ animate: false })).observe(document.getElementById("map"));

let chosen = null;
let look = { colour: () => "#f4e3c2", tip: () => "" };
let onPick = () => {};

// from afar a cell is smaller than a point of the screen: a border in its own colour makes it larger than it is
const style = (feature) => {
  const colour = look.colour(feature.properties), opacity = look.opacity?.(feature.properties) ?? 0.72;
  if (feature.id === chosen) return { color: "#0d1b26", opacity: 1, weight: 3, fillColor: colour, fillOpacity: opacity };
  const small = map.getZoom() < FAR_BELOW;
  return { color: colour, opacity: small ? opacity : 0.9, weight: small ? 4 : 0.5, fillColor: colour, fillOpacity: opacity };
};
const cells = new GeoJSON(null, {
  style,
  onEachFeature: (feature, layer) => {
    layer.bindTooltip(() => el("div", {}, el("b", {}, placeOf(feature)), el("div", {}, look.tip(feature.properties))), { className: "cell-tip" });
    layer.on("click", () => onPick(feature, { scroll: true }));
  },
}).addTo(map);
const far = new LayerGroup().addTo(map);
map.on("zoomend", () => {
  if (map.getZoom() < FAR_BELOW) far.addTo(map);
  else far.remove();
  cells.setStyle(style);
});

/** What a cell is called: its schools, or its code. */
export const placeOf = ({ properties }) => (language === "en" ? properties.schools_en : properties.schools)?.join(t("list.comma")) || properties.code;

/**
 * Draw cells.
 * @param {object[]} features
 * @param {{colour: Function, tip: Function, opacity?: Function}} how
 * @param {object[]} signs those that get a sign from afar
 */
export function draw(features, how, signs = []) {
  look = how;
  cells.clearLayers();
  cells.addData(features);
  far.clearLayers();
  for (const one of signs) {
    const centre = new GeoJSON(one).getBounds().getCenter();
    new CircleMarker(centre, { radius: 9, color: "#ffffff", weight: 2, fillColor: how.colour(one.properties), fillOpacity: 0.95 })
      .bindTooltip(() => el("span", {}, how.tip(one.properties))).on("click", () => onPick(one, { scroll: true, move: true })).addTo(far);
  }
  if (map.getZoom() >= FAR_BELOW) far.remove();
  if (features.length) map.fitBounds(cells.getBounds(), { animate: false, padding: [24, 24] });
}

export function choose(feature, { move = false } = {}) {
  chosen = feature?.id ?? null;
  cells.setStyle(style);
  if (feature && move) map.fitBounds(new GeoJSON(feature).getBounds().pad(2), { animate: false, maxZoom: 17 });
}

export function whenPicked(handler) { onPick = handler; }
