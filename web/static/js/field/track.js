// The own track of a shift: only while it is switched on, kept on the phone, seen first by whoever walked it. Handed in,
// it goes out as the record of a round; else it is thrown away.

import { metres, t } from "../lib/i18n.js";
import { metresBetween } from "../lib/measure.js";
import { el } from "../lib/text.js";
import { forget, keep, kept } from "./store.js";

const STEP_M = 15;
const MOST_POINTS = 2_000;
const ROUGH_M = 60;
const SHIFT_MS = 12 * 3_600_000; // who forgets to switch it off is not followed home

export class Track {
  constructor(app) {
    this.app = app;
    this.track = null; // {id, started_at, ended_at, points: [[lon, lat, time]]}
  }

  async restore() {
    this.track = (await kept("track")) ?? null;
  }

  /** A position has come: a point of the track, if it is on and this is a step. */
  async follow({ place, accuracy_m, at }) {
    if (!this.track || this.track.ended_at || !place || accuracy_m > ROUGH_M) return;
    if (Math.abs(Date.now() - Date.parse(this.track.started_at)) > SHIFT_MS) {
      await this.#end();
      return;
    }
    const last = this.track.points.at(-1);
    if (last && metresBetween(last, place) < STEP_M) return;
    this.track.points.push([Number(place[0].toFixed(6)), Number(place[1].toFixed(6)), new Date(at).toISOString()]);
    if (this.track.points.length > MOST_POINTS) this.track.points = this.track.points.filter((_, n) => n % 2 === 0);
    await keep("track", this.track).catch(() => {}); // a full phone: what was walked so far is kept
    this.draw();
    if (this.app.view === "day") this.app.render();
  }

  draw() {
    this.app.map.line(this.track?.points.map(([lon, lat]) => [lat, lon]) ?? []);
  }

  #length() {
    const { points } = this.track;
    return points.slice(1).reduce((sum, point, n) => sum + metresBetween(points[n], point), 0);
  }

  async #begin() {
    this.track = { id: crypto.randomUUID(), started_at: new Date().toISOString(), ended_at: null, points: [] };
    await keep("track", this.track);
    if (this.app.position?.place) await this.follow(this.app.position);
    this.app.render();
  }

  async #end() {
    this.track.ended_at = new Date().toISOString();
    await keep("track", this.track);
    this.app.render();
  }

  async #away() {
    if (!(await this.app.sure(t("field.track_away_sure")))) return;
    await this.#clear();
  }

  async #clear() {
    this.track = null;
    await forget("track");
    this.draw();
    this.app.render();
  }

  async #handIn() {
    const { id, started_at, ended_at, points } = this.track;
    const [lon, lat] = points.at(-1);
    await this.app.writeDown([{ id, kind: "inspection", data: { id, started_at, ended_at, lon, lat, answers: { track: points } } }], [], t("field.track_sent"));
    await this.#clear();
  }

  render() {
    const button = (text, work, primary = false) => el("button", { class: primary ? "button button--primary" : "button", attributes: { type: "button" }, on: { click: () => work.call(this) } }, text);
    const { track } = this;
    if (!track) return el("section", {}, el("h3", {}, t("field.track")), el("p", { class: "soft" }, t("field.track_off")), button(t("field.track_begin"), this.#begin));
    const words = t("field.track_sum", { distance: metres(this.#length()), n: track.points.length });
    if (!track.ended_at) return el("section", {}, el("h3", {}, t("field.track")), el("p", { class: "good" }, t("field.track_on"), " ", words), button(t("field.track_end"), this.#end, true));
    return el("section", {}, el("h3", {}, t("field.track")), el("p", {}, words, " ", t("field.track_look")), el("div", { class: "row" },
      track.points.length ? button(t("field.track_hand_in"), this.#handIn, true) : null, button(t("field.track_away"), this.#away)));
  }
}
