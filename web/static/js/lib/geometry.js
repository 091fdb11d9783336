// GeoJSON to flat arrays in "world" units (Web Mercator, 0…1 on both axes), made once when data arrive;
// drawing is then one multiplication a vertex. For drawing and pointing only: distances that count are
// measured on the server.

const DEGREE = Math.PI / 180;

export function worldX(lon) {
  return lon / 360 + 0.5;
}

export function worldY(lat) {
  const sine = Math.sin(Math.max(-85.0511, Math.min(85.0511, lat)) * DEGREE);
  return 0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI);
}

function flat(positions) {
  const part = new Float64Array(positions.length * 2);
  positions.forEach(([lon, lat], index) => {
    part[2 * index] = worldX(lon);
    part[2 * index + 1] = worldY(lat);
  });
  return part;
}

function partsOf(geometry) {
  const { type, coordinates } = geometry;
  switch (type) {
    case "Point": return { kind: "point", parts: [flat([coordinates])] };
    case "MultiPoint": return { kind: "point", parts: [flat(coordinates)] };
    case "LineString": return { kind: "line", parts: [flat(coordinates)] };
    case "MultiLineString": return { kind: "line", parts: coordinates.map(flat) };
    case "Polygon": return { kind: "area", parts: coordinates.map(flat) };
    case "MultiPolygon": return { kind: "area", parts: coordinates.flat().map(flat) };
    case "GeometryCollection": {
      const all = geometry.geometries.map(partsOf).filter((one) => one.kind === "area");
      return { kind: "area", parts: all.flatMap((one) => one.parts) };
    }
    default: return { kind: "none", parts: [] };
  }
}

/** {kind, parts, box: [x0, y0, x1, y1]} of a GeoJSON geometry, or null where there is nothing to draw. */
export function shapeOf(geometry) {
  if (!geometry) return null;
  const { kind, parts } = partsOf(geometry);
  const box = [Infinity, Infinity, -Infinity, -Infinity];
  for (const part of parts) {
    for (let i = 0; i < part.length; i += 2) {
      box[0] = Math.min(box[0], part[i]);
      box[1] = Math.min(box[1], part[i + 1]);
      box[2] = Math.max(box[2], part[i]);
      box[3] = Math.max(box[3], part[i + 1]);
    }
  }
  return Number.isFinite(box[0]) ? { kind, parts, box } : null;
}

export function boxesMeet(a, b) {
  return a[0] <= b[2] && b[0] <= a[2] && a[1] <= b[3] && b[1] <= a[3];
}

/** Even-odd rule over all rings: right for polygons with holes and for several polygons. */
export function contains(shape, x, y) {
  const { box, parts } = shape;
  if (x < box[0] || x > box[2] || y < box[1] || y > box[3]) return false;
  let inside = false;
  for (const ring of parts) {
    for (let i = 0, j = ring.length - 2; i < ring.length; j = i, i += 2) {
      const yi = ring[i + 1];
      const yj = ring[j + 1];
      if (yi > y !== yj > y && x < ((ring[j] - ring[i]) * (y - yi)) / (yj - yi) + ring[i]) inside = !inside;
    }
  }
  return inside;
}

/** A GeoJSON feature made ready: {id, properties, geometry, shape, x, y} with x, y where its mark stands. */
export function prepare(feature, index) {
  const properties = feature.properties ?? {};
  const shape = shapeOf(feature.geometry);
  let x = null;
  let y = null;
  if (Array.isArray(properties.point)) {
    x = worldX(properties.point[0]);
    y = worldY(properties.point[1]);
  } else if (shape) {
    x = (shape.box[0] + shape.box[2]) / 2;
    y = (shape.box[1] + shape.box[3]) / 2;
  }
  const box = shape?.box ?? (x === null ? null : [x, y, x, y]);
  return { id: feature.id ?? properties.uuid ?? properties.code ?? index, properties, geometry: feature.geometry, shape, box, x, y };
}
