// Distances on the phone, for places at most some kilometres apart: metres on the plane that touches the ellipsoid
// (WGS 84) at the first point. Within 2 km that is right to some millimetres; the server measures again.

const A = 6378137;
const E2 = 0.00669437999014;
const RADIAN = Math.PI / 180;

function scales(lat) {
  const sine = Math.sin(lat * RADIAN);
  const w = Math.sqrt(1 - E2 * sine * sine);
  return { x: (A / w) * Math.cos(lat * RADIAN) * RADIAN, y: ((A * (1 - E2)) / w ** 3) * RADIAN };
}

/** Metres between [lon, lat] and [lon, lat]. */
export function metresBetween(a, b) {
  const scale = scales((a[1] + b[1]) / 2);
  return Math.hypot((b[0] - a[0]) * scale.x, (b[1] - a[1]) * scale.y);
}

function rings(geometry) {
  if (geometry.type === "Polygon") return [geometry.coordinates];
  if (geometry.type === "MultiPolygon") return geometry.coordinates;
  if (geometry.type === "GeometryCollection") return geometry.geometries.flatMap(rings);
  return [];
}

function inRing(ring, [lon, lat]) {
  let inside = false;
  for (let i = 0, j = ring.length - 1; i < ring.length; j = i, i += 1) {
    const [xi, yi] = ring[i];
    const [xj, yj] = ring[j];
    if (yi > lat !== yj > lat && lon < ((xj - xi) * (lat - yi)) / (yj - yi) + xi) inside = !inside;
  }
  return inside;
}

/** True where a point lies in an area; holes are outside. */
export function isInside(geometry, place) {
  return rings(geometry).some(([shell, ...holes]) => inRing(shell, place) && !holes.some((hole) => inRing(hole, place)));
}

function toSegment(ax, ay, bx, by) {
  const dx = bx - ax;
  const dy = by - ay;
  const length2 = dx * dx + dy * dy;
  const along = length2 ? Math.max(0, Math.min(1, -(ax * dx + ay * dy) / length2)) : 0;
  return Math.hypot(ax + along * dx, ay + along * dy);
}

/** Metres from [lon, lat] to the edge of an area; 0 inside. */
export function metresToArea(geometry, place) {
  if (isInside(geometry, place)) return 0;
  const scale = scales(place[1]);
  let best = Infinity;
  for (const polygon of rings(geometry)) {
    for (const ring of polygon) {
      for (let i = 1; i < ring.length; i += 1) {
        const [a, b] = [ring[i - 1], ring[i]];
        best = Math.min(best, toSegment((a[0] - place[0]) * scale.x, (a[1] - place[1]) * scale.y, (b[0] - place[0]) * scale.x, (b[1] - place[1]) * scale.y));
      }
    }
  }
  return best;
}
