// My day: what is due, by distance or by how late it is; own reports and what became of them.

import { dateTime, label, nameOf, t } from "../lib/i18n.js";
import { metresBetween } from "../lib/measure.js";
import { badge } from "../lib/symbols.js";
import { el } from "../lib/text.js";
import { distanceWords } from "./waiting.js";

const DAY_MS = 86_400_000;

/** Whole days from a date (a text is one of the calendar, at the phone's own midnight) to today. */
function daysSince(date) {
  const then = typeof date === "string" ? new Date(`${date}T00:00`) : new Date(date.getFullYear(), date.getMonth(), date.getDate());
  return Math.round((new Date().setHours(0, 0, 0, 0) - then) / DAY_MS);
}

const SHOWN = 60;

export class Day {
  constructor(app) {
    this.app = app;
    this.order = "late";
  }

  render() {
    const { app } = this;
    const here = app.position?.place ?? null;
    const due = this.sorted(app.shift.pack.due ?? []);
    const now = due.filter((one) => this.#isOpen(one));
    const later = due.filter((one) => !this.#isOpen(one));
    return [
      el("h2", { class: "view__title" }, t("field.day")),
      this.#unfinished(),
      el("div", { class: "row" }, ["late", "near"].map((order) => el("button", {
        class: "chip-button", attributes: { type: "button", "aria-pressed": String(order === this.order), disabled: order === "near" && !here },
        on: { click: () => { this.order = order; app.render(); } },
      }, t(`field.by.${order}`)))),
      now.length ? el("ul", { class: "list" }, now.slice(0, SHOWN).map((one, at) => this.line(one, at + 1))) : el("p", { class: "soft" }, app.shift.known ? t("field.nothing_due") : t("field.no_pack")),
      later.length ? el("details", { class: "later" }, el("summary", {}, t("field.later", { n: later.length })), el("ul", { class: "list" }, later.slice(0, SHOWN).map((one) => this.line(one)))) : null,
      app.walk.walk ? null : app.walk.render(),
      this.#reports(),
      this.app.track.render(),
    ];
  }

  /** What is due as it stands on this phone today, with how far it is, in the order that was chosen. */
  sorted(due) {
    const here = this.app.position?.place ?? null;
    const open = due.filter((one) => !this.app.shift.goneBy(one.id, this.app.records));
    const all = open.map((one) => ({ ...one, ...this.#today(one), away_m: here && one.lon !== null ? metresBetween(here, [one.lon, one.lat]) : null }));
    return all.sort(this.order === "near" ? (a, b) => (a.away_m ?? Infinity) - (b.away_m ?? Infinity) : (a, b) => b.overdue_days - a.overdue_days || (a.away_m ?? 0) - (b.away_m ?? 0));
  }

  /** What has to be gone to, numbered as it is listed: shown on the map too. */
  shown() {
    return this.sorted(this.app.shift.pack.due ?? []).filter((one) => this.#isOpen(one)).slice(0, SHOWN).map((one, at) => ({ ...one, number: at + 1 })).filter((one) => one.lon !== null);
  }

  #isOpen(one) {
    return one.overdue_days >= 0;
  }

  /** By how many days it is late now, however old the pack is; from the last visit with this phone, if there was one since. */
  #today(one) {
    const visited = this.#visitedSince(one);
    if (!visited) return { overdue_days: one.reason === "never" ? 0 : daysSince(one.due_on) };
    return { overdue_days: daysSince(visited) - one.interval_days, reason: "interval" };
  }

  /** When it was last visited with this phone after the visit that the pack knows of; null where it was not. */
  #visitedSince(one) {
    const known = one.last_at ? Date.parse(one.last_at) : 0;
    const at = this.app.records.map(({ kind, data }) => {
      if (kind === "inspection" && data.outcome !== "not_reached" && [data.school, data.hazard].includes(one.id)) return Date.parse(data.started_at);
      return kind === "sighting" && data.hazard === one.id ? Date.parse(data.observed_at) : 0;
    });
    const last = at.reduce((a, b) => Math.max(a, b), 0);
    return last > known ? new Date(last) : null;
  }

  #unfinished() {
    const draft = this.app.round.draft;
    if (!draft) return null;
    return el("p", { class: "notice" }, t("field.round_left", { name: draft.name }), " ",
      el("button", { class: "button button--primary", attributes: { type: "button" }, on: { click: () => this.app.go("round") } }, t("field.round_on")));
  }

  pick(one) {
    if (one.kind === "school") this.app.round.begin(one);
    else this.app.openHazard(one.id);
  }

  line(one, at = null) {
    const { app } = this;
    const name = one.kind === "school" ? nameOf(one) : app.palette.called(one);
    const late = one.overdue_days > 0 ? t("field.overdue", { n: one.overdue_days }) : one.overdue_days === 0 ? t("field.due_today") : t("field.due_in", { n: -one.overdue_days });
    return el("li", {}, el("button", {
      class: "list__one list__one--button", attributes: { type: "button", "data-due": one.id },
      on: { click: () => this.pick(one) },
    },
    at === null ? null : el("span", { class: one.overdue_days > 0 ? "todo todo--late" : "todo", attributes: { "aria-hidden": "true" } }, String(at)),
    el("div", { class: "list__main" }, one.kind === "hazard" ? badge(app.palette.get(one.category)) : null, el("span", {}, name),
      el("span", { class: "soft" }, [one.reason === "interval" ? t("field.every", { n: one.interval_days }) : t(`field.reason.${one.reason}`), distanceWords(one.away_m)].filter(Boolean).join(" · "))),
    el("span", { class: one.overdue_days > 0 ? "state state--refused" : "state" }, late)));
  }

  /** What became of a report: where its case stands, or else whether it is still there. */
  #fate({ status, case: file }) {
    if (!file) return el("span", { class: `state state--${status}` }, t(`field.status.${status}`));
    return el("span", { class: `state state--case state--${file.over ? "sent" : "waiting"}` }, label(file));
  }

  #reports() {
    const { app } = this;
    const fresh = app.ownHazards(); // written here since the pack was fetched
    const reports = [...fresh.map((one) => ({ ...one, written: app.records.find(({ id }) => id === one.id).state })).reverse(), ...app.shift.reports];
    return el("section", {}, el("h3", {}, t("field.my_reports")),
      reports.length ? el("ul", { class: "list" }, reports.slice(0, SHOWN).map((one) => el("li", { class: "list__one" },
        el("div", { class: "list__main" }, badge(app.palette.get(one.properties.category)), el("span", {}, app.palette.get(one.properties.category).name),
          el("span", { class: "soft" }, [dateTime(one.properties.observed_at), one.properties.sightings ? t("field.seen_times", { n: one.properties.sightings }) : "", one.properties.case?.number].filter(Boolean).join(" · "))),
        one.written ? el("span", { class: `state state--${one.written}` }, t(`field.state.${one.written}`)) : this.#fate(one.properties)))) : el("p", { class: "soft" }, t("field.no_reports")));
  }
}
