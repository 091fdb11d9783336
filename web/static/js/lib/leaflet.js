// Leaflet's own minified file as a module: on the line it is less than half of its source (43 of 112 KB compressed).

import "../../vendor/leaflet/leaflet.js";

export const {
  Circle, CircleMarker, DivIcon, GeoJSON, LayerGroup, Map, Marker, Polygon, Polyline, Renderer, TileLayer,
  canvas, control, latLng, latLngBounds, setOptions, stamp,
} = globalThis.L;
