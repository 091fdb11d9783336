// The patrol of today on the phone: the next stop, arriving and leaving by position, what was found there.
//
// All of it goes into the outbox as records of kind "patrol_check", so that it works without a signal; the shift itself
// comes with the pack.

import { t } from "../lib/i18n.js";
import { metresBetween } from "../lib/measure.js";
import { el } from "../lib/text.js";
import { distanceWords } from "./waiting.js";

const AT_STOP_M = 80;
const REDRAW_MS = 4_000;

export class Patrol {
  /** @param {object} app see pages/field.js */
  constructor(app) {
    this.app = app;
    this.drawn_at = 0;
    this.note = "";
  }

  get shifts() { return this.app.shift?.patrols ?? []; }

  get shift() { return this.shifts.find((one) => one.id === this.chosen) ?? this.shifts[0] ?? null; }

  get stops() {
    return (this.shift?.stops.features ?? []).filter((one) => one.properties.is === "stop").sort((a, b) => a.properties.order - b.properties.order);
  }

  /** What was said of a stop: by the server's word and by what waits on this phone. */
  #said(stop) {
    const sent = (this.shift.checks ?? []).map(({ id, stop: of, event, at }) => ({ id, stop: of, event, at }));
    const own = this.app.records.filter((one) => one.kind === "patrol_check" && one.data.shift === this.shift.id && one.state !== "refused").map((one) => one.data);
    const known = new Map([...sent, ...own].map((one) => [one.id, one]));
    return [...known.values()].filter((one) => one.stop === stop).sort((a, b) => Date.parse(a.at) - Date.parse(b.at));
  }

  /** "waiting", "here", "left" or "skipped" */
  #stateOf(stop) {
    const last = this.#said(stop.id).filter((one) => one.event !== "finding").at(-1)?.event;
    return { arrive: "here", leave: "left", skip: "skipped" }[last] ?? "waiting";
  }

  /** The way and the stops on the map; the tab only where there is a patrol. */
  draw() {
    document.getElementById("go-patrol").hidden = !this.shift;
    const ways = (this.shift?.stops.features ?? []).filter((one) => one.properties.is === "route");
    this.app.map.patrol(ways, this.stops.map((one) => ({ place: one.geometry.coordinates, state: this.#stateOf(one) })));
  }

  /** The phone has moved: distances change, though not every second. */
  moved() {
    if (Date.now() - this.drawn_at < REDRAW_MS || document.activeElement?.id === "skip-note") return;
    this.app.render();
  }

  render() {
    this.drawn_at = Date.now();
    const { shift, stops } = this;
    if (!shift) return [el("p", { class: "soft" }, t("field.no_patrol"))];
    const next = stops.find((one) => ["waiting", "here"].includes(this.#stateOf(one)));
    return [
      el("h2", { class: "view__title" }, `${shift.day} · ${shift.name || t("patrols.team_n", { n: shift.team })}`),
      this.shifts.length > 1 ? el("div", { class: "chips-row" }, this.shifts.map((one) => el("button", { class: "chip-button", attributes: { type: "button", "aria-pressed": String(one.id === shift.id) }, on: { click: () => { this.chosen = one.id; this.draw(); this.app.render(); } } }, `${one.day.slice(5)} ${one.begins}`))) : null,
      el("p", { class: "soft" }, `${shift.begins}–${shift.ends} · ${t(`patrols.mode.${shift.mode}`)}${shift.members.length ? ` · ${shift.members.map((one) => one.name).join(t("list.comma"))}` : ""}`),
      next ? this.#next(next) : el("p", { class: "good" }, stops.length ? t("field.patrol_done") : t("field.patrol_empty")),
      el("ol", { class: "list" }, stops.map((one) => this.#line(one, one === next))),
    ];
  }

  #away(stop) {
    const { position } = this.app;
    return position?.place ? metresBetween(stop.geometry.coordinates, position.place) : null;
  }

  #title({ properties }) { return `${properties.school} ${properties.name}`.trim() || t(`patrols.kind.${properties.kind}`); }

  #next(stop) {
    const { app } = this;
    const said = stop.properties;
    const here = this.#stateOf(stop) === "here";
    const away_m = this.#away(stop);
    const near = away_m !== null && away_m <= AT_STOP_M + Math.min(app.position.accuracy_m ?? 0, 100);
    return el("section", { class: "next", attributes: { "data-next": stop.id, "aria-label": t("field.next_stop") } },
      el("p", { class: "soft" }, here ? t("field.at_stop") : t("field.next_stop")),
      el("p", { class: "next__time" }, `${said.starts}–${said.leaves}`),
      el("p", { class: "next__place" }, `${said.order}. ${this.#title(stop)}`),
      el("p", {}, t(`patrols.look.${said.kind}`)),
      said.dismissals.length ? el("p", { class: "soft" }, said.dismissals.map((one) => t("patrols.dismissal", { grades: one.grades || t("patrols.all_grades"), time: one.at })).join(t("list.comma"))) : null,
      el("p", { class: near || here ? "good" : "warn" }, away_m === null ? t("field.arrival_unknown") : near ? t("field.stop_near", { distance: distanceWords(away_m) }) : t("field.stop_far", { distance: distanceWords(away_m) })),
      el("button", { class: "button", attributes: { type: "button" }, on: { click: () => app.map.look(stop.geometry.coordinates) } }, t("field.show_on_map")), " ",
      here ? el("button", { class: "button", attributes: { type: "button", id: "patrol-finding" }, on: { click: () => this.#find(stop) } }, t("field.finding")) : null,
      here ? null : el("label", { class: "note" }, el("span", {}, t("field.skip_why")), el("input", { attributes: { id: "skip-note", maxlength: 500, value: this.note }, on: { input: (event) => { this.note = event.target.value; } } })),
      here ? null : el("button", { class: "button", attributes: { type: "button", id: "patrol-skip" }, on: { click: () => this.#skip(stop) } }, t("field.skip")),
      el("button", { class: "save", attributes: { type: "button", id: here ? "patrol-leave" : "patrol-arrive" }, on: { click: () => this.#tell(stop, here ? "leave" : "arrive") } }, t(here ? "field.leave" : "field.arrive")));
  }

  #line(stop, next) {
    const state = this.#stateOf(stop);
    const found = this.#said(stop.id).filter((one) => one.event === "finding").length;
    return el("li", { class: "list__one", attributes: { "aria-current": next ? "step" : null } },
      el("div", { class: "list__main" }, el("b", {}, `${stop.properties.order}. ${stop.properties.starts}`), el("span", {}, this.#title(stop)),
        el("span", { class: "soft" }, [t(`patrols.kind.${stop.properties.kind}`), distanceWords(this.#away(stop)), found ? t("field.findings", { n: found }) : ""].filter(Boolean).join(" · "))),
      el("span", { class: `state ${state === "left" ? "state--sent" : state === "here" ? "state--waiting" : ""}` }, t(`field.stop_state.${state}`)));
  }

  /** Keep what is said of a stop, with the position of now. */
  async #tell(stop, event, more = {}, words = t("field.kept_here")) {
    const { position } = this.app;
    const id = crypto.randomUUID();
    const data = {
      id, shift: this.shift.id, stop: stop.id, event, at: new Date().toISOString(), ...more,
      ...(position?.place ? { lon: position.place[0], lat: position.place[1], position_error_m: Math.min(100_000, position.accuracy_m ?? 0) } : {}),
    };
    await this.app.writeDown([{ id, kind: "patrol_check", data }], [], words);
    this.note = "";
    this.draw();
    this.app.render();
  }

  async #skip(stop) {
    if (!this.note.trim()) {
      this.app.say(t("field.reason_needed"), "alert");
      return;
    }
    await this.#tell(stop, "skip", { note: this.note.trim() });
  }

  /** A hazard of this stop is tagged as any other; then it is tied to the stop. */
  #find(stop) {
    const { app } = this;
    app.tag.reset();
    app.tag.round = { view: "patrol", found: (hazard) => this.#tell(stop, "finding", { hazard }) };
    app.tag.put(app.position?.place ?? stop.geometry.coordinates, { byHand: !app.position?.place });
    app.go("tag");
  }
}
