"use strict";
// Unpacking numbers, and where cells lie on the Earth. The three scripts of the page are run as one.

// ---- numbers packed by gis/maps/packing.py -------------------------------------------------------------
function unpack(text) {
  const bytes = atob(text);
  const out = [];
  let value = 0, factor = 1;
  for (let i = 0; i < bytes.length * 2; i += 1) {
    const byte = bytes.charCodeAt(i >> 1);
    const nibble = i & 1 ? byte & 15 : byte >> 4;
    value += (nibble & 7) * factor;
    if (nibble & 8) { factor *= 8; continue; }
    out.push(value);
    value = 0;
    factor = 1;
  }
  return out;
}
const unzigzag = (n) => (n % 2 ? -(n + 1) / 2 : n / 2);

// ---- Gauss–Krüger on WGS 84, by Krüger's series to n⁴ (Karney 2011): true to well below a millimetre ----
const A = 6378137, F = 1 / 298.257223563, N = F / (2 - F), E = Math.sqrt(F * (2 - F));
const RADIUS = (A / (1 + N)) * (1 + N ** 2 / 4 + N ** 4 / 64);
const ALPHA = [N / 2 - (2 * N ** 2) / 3 + (5 * N ** 3) / 16 + (41 * N ** 4) / 180, (13 * N ** 2) / 48 - (3 * N ** 3) / 5 + (557 * N ** 4) / 1440, (61 * N ** 3) / 240 - (103 * N ** 4) / 140, (49561 * N ** 4) / 161280];
const BETA = [N / 2 - (2 * N ** 2) / 3 + (37 * N ** 3) / 96 - N ** 4 / 360, N ** 2 / 48 + N ** 3 / 15 - (437 * N ** 4) / 1440, (17 * N ** 3) / 480 - (37 * N ** 4) / 840, (4397 * N ** 4) / 161280];
const DELTA = [2 * N - (2 * N ** 2) / 3 - 2 * N ** 3 + (116 * N ** 4) / 45, (7 * N ** 2) / 3 - (8 * N ** 3) / 5 - (227 * N ** 4) / 45, (56 * N ** 3) / 15 - (136 * N ** 4) / 35, (4279 * N ** 4) / 630];
const RAD = Math.PI / 180;

function toPlane(lat, lon, meridian) {
  const s = Math.sin(lat * RAD), d = (lon - meridian) * RAD;
  const t = Math.sinh(Math.atanh(s) - E * Math.atanh(E * s));
  const xi = Math.atan2(t, Math.cos(d)), eta = Math.atanh(Math.sin(d) / Math.hypot(1, t));
  let x = eta, y = xi;
  ALPHA.forEach((a, i) => {
    const j = 2 * (i + 1);
    x += a * Math.cos(j * xi) * Math.sinh(j * eta);
    y += a * Math.sin(j * xi) * Math.cosh(j * eta);
  });
  return [500000 + RADIUS * x, RADIUS * y];
}

function toEarth(x, y, meridian) {
  const xi = y / RADIUS, eta = (x - 500000) / RADIUS;
  let p = xi, q = eta;
  BETA.forEach((b, i) => {
    const j = 2 * (i + 1);
    p -= b * Math.sin(j * xi) * Math.cosh(j * eta);
    q -= b * Math.cos(j * xi) * Math.sinh(j * eta);
  });
  const chi = Math.asin(Math.sin(p) / Math.cosh(q));
  let lat = chi;
  DELTA.forEach((d, i) => { lat += d * Math.sin(2 * (i + 1) * chi); });
  return [lat / RAD, meridian + Math.atan2(Math.sinh(q), Math.cos(p)) / RAD];
}

// Web Mercator pixels of zoom 0, as Leaflet has them
function toWorld(lat, lon) {
  const s = Math.sin(lat * RAD);
  return [256 * (lon / 360 + 0.5), 256 * (0.5 - Math.atanh(s) / (2 * Math.PI))];
}
