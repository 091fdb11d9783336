// The pack of the shift: fetched while there is a signal, kept on the phone, and asked about a place.

import { prepare } from "../lib/geometry.js";
import { isInside, metresBetween, metresToArea } from "../lib/measure.js";
import { ask } from "./sender.js";
import { keep, kept } from "./store.js";

const STALL_MINUTES = 30;
export const SAME_WITHIN_M = 50;
const MOBILE = "VEN";
const EMPTY = { type: "FeatureCollection", features: [] };
const PARTS = ["cells", "schools", "gates", "perimeters", "hazards", "reports"];

/** What the phone knows of the surroundings; empty until a pack has come. */
export class Shift {
  constructor(pack, tag = null) {
    this.tag = tag;
    this.pack = pack ?? { places: [], checklists: {}, due: [], made_at: null };
    for (const part of PARTS) this[part] = (this.pack[part] ?? EMPTY).features.map(prepare).filter((one) => one.box !== null);
    this.told = new Set([...this.hazards, ...this.reports].map((one) => one.id)); // of these the server knows more than the outbox
    this.perimeterOf = new Map(this.perimeters.map((one) => [one.properties.school, one]));
  }

  /** The patrols of today and the days to come, the next first. */
  get patrols() { return this.pack.shifts ?? []; }

  get known() { return this.pack.made_at !== null; }

  /** Cell, and the schools in whose perimeter a place lies, nearest first, with distances. */
  describe(place) {
    const cell = this.cells.find((one) => isInside(one.geometry, place)) ?? null;
    const schools = [];
    for (const school of this.schools) {
      const limit = school.properties.perimeter_distance_m ?? 200;
      const boundary_m = metresToArea(school.geometry, place);
      if (boundary_m > limit) continue;
      const gates = this.gates.filter((gate) => gate.properties.school === school.id);
      const away = gates.map((gate) => metresBetween(gate.geometry.coordinates, place));
      schools.push({ school, boundary_m, gate_m: away.length ? Math.min(...away) : null });
    }
    return { cell, schools: schools.sort((a, b) => a.boundary_m - b.boundary_m) };
  }

  /** Open hazards that a new one may be: the same category within 50 m, a mobile stall seen within the last half hour. */
  alike(category, place, records, now = Date.now()) {
    const own = records
      .filter((one) => one.kind === "hazard" && one.state !== "refused" && !this.told.has(one.id))
      .map(({ id, data }) => ({
        id, geometry: { coordinates: [data.lon, data.lat] },
        properties: { ...data, status: "open", sightings: 0, last_seen_at: data.observed_at, photo: null },
      }));
    const sightings = records.filter((one) => one.kind === "sighting");
    const found = [];
    for (const one of [...own, ...this.hazards]) {
      if (one.properties.category !== category || one.properties.status !== "open") continue;
      const distance_m = metresBetween(one.geometry.coordinates, place);
      if (distance_m > SAME_WITHIN_M) continue;
      if (this.goneBy(one.id, records)) continue;
      const seen = [one.properties.last_seen_at, ...sightings.filter((s) => s.data.hazard === one.id).map((s) => s.data.observed_at)];
      const last = Math.max(...seen.map((text) => Date.parse(text)));
      if (category === MOBILE && now - last > STALL_MINUTES * 60_000) continue;
      found.push({ hazard: one, distance_m, last_seen: new Date(last).toISOString() });
    }
    return found.sort((a, b) => a.distance_m - b.distance_m);
  }

  /** True where this phone's last word of a hazard is that it is gone, and the pack does not know of it yet. */
  goneBy(id, records) {
    const said = records.filter((one) => one.kind === "sighting" && one.data.hazard === id && one.state !== "refused");
    return said.length > 0 && said.reduce((a, b) => (b.data.observed_at > a.data.observed_at ? b : a)).data.state === "gone";
  }

  hazardsOf(school) {
    return this.hazards.filter((one) => this.describe(one.geometry.coordinates).schools.some((near) => near.school.id === school.id));
  }

  /** Places, schools and cells by name: all words must be in it. */
  find(text) {
    const words = text.trim().toLocaleLowerCase().split(/\s+/).filter(Boolean);
    if (!words.length) return [];
    const fits = (...names) => words.every((word) => names.some((name) => (name ?? "").toLocaleLowerCase().includes(word)));
    const schools = this.schools.filter((one) => fits(one.properties.name, one.properties.name_en, one.properties.address))
      .map((one) => ({ name: one.properties.name, kind: "school", place: one.properties.point }));
    const places = (this.pack.places ?? []).filter((one) => fits(one.name)).map((one) => ({ name: one.name, kind: one.kind, place: [one.lon, one.lat] }));
    const cells = this.cells.filter((one) => fits(one.properties.code))
      .map((one) => ({ name: one.properties.code, kind: "cell", place: centre(one) }));
    return [...schools, ...places, ...cells].slice(0, 12);
  }
}

function centre(one) {
  const ring = one.geometry.type === "Polygon" ? one.geometry.coordinates[0] : one.geometry.coordinates[0][0];
  const lon = ring.reduce((sum, [x]) => sum + x, 0) / ring.length;
  return [lon, ring.reduce((sum, [, y]) => sum + y, 0) / ring.length];
}

export async function keptShift() {
  const found = await kept("pack");
  return new Shift(found?.pack, found?.tag);
}

/** The surroundings are not for whoever is signed in: they have another part in this than walking around. */
export class NotForThem extends Error {}

/** The newest pack where it can be had; null where what is kept is the newest, or there is no signal. */
export async function freshShift(place, tag) {
  const where = place ? `?lon=${place[0]}&lat=${place[1]}` : "";
  const response = await fetch(`/api/v1/field/pack${where}`, {
    credentials: "same-origin", headers: tag ? { "If-None-Match": tag } : {}, signal: AbortSignal.timeout(60_000),
  });
  if (response.status === 403) throw new NotForThem();
  if (response.status === 304 || !response.ok) return null;
  const pack = await response.json();
  const words = await (await ask("GET", "vocabulary")).json();
  await keep("words", words);
  await keep("pack", { pack, tag: response.headers.get("ETag") });
  return new Shift(pack, response.headers.get("ETag"));
}
