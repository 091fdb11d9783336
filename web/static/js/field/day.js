// My day: what is due, by distance or by how late it is; own reports and what became of them.

import { dateTime, nameOf, t } from "../lib/i18n.js";
import { metresBetween } from "../lib/measure.js";
import { badge } from "../lib/symbols.js";
import { el } from "../lib/text.js";
import { distanceWords } from "./waiting.js";

const SHOWN = 60;

export class Day {
  constructor(app) {
    this.app = app;
    this.order = "late";
  }

  render() {
    const { app } = this;
    const here = app.position?.place ?? null;
    const due = (app.shift.pack.due ?? []).map((one) => ({ ...one, away_m: here && one.lon !== null ? metresBetween(here, [one.lon, one.lat]) : null }));
    due.sort(this.order === "near" ? (a, b) => (a.away_m ?? Infinity) - (b.away_m ?? Infinity) : (a, b) => b.overdue_days - a.overdue_days);
    const now = due.filter((one) => one.overdue_days >= 0 && !this.#doneToday(one));
    const later = due.filter((one) => one.overdue_days < 0 || this.#doneToday(one));
    return [
      el("h2", { class: "view__title" }, t("field.day")),
      this.#unfinished(),
      el("div", { class: "row" }, ["late", "near"].map((order) => el("button", {
        class: "chip-button", attributes: { type: "button", "aria-pressed": String(order === this.order), disabled: order === "near" && !here },
        on: { click: () => { this.order = order; app.render(); } },
      }, t(`field.by.${order}`)))),
      now.length ? el("ul", { class: "list" }, now.slice(0, SHOWN).map((one) => this.#line(one))) : el("p", { class: "soft" }, app.shift.known ? t("field.nothing_due") : t("field.no_pack")),
      later.length ? el("details", { class: "later" }, el("summary", {}, t("field.later", { n: later.length })), el("ul", { class: "list" }, later.slice(0, SHOWN).map((one) => this.#line(one)))) : null,
      this.#reports(),
      this.app.track.render(),
    ];
  }

  /** Visited with this phone and not yet in the pack. */
  #doneToday(one) {
    return this.app.records.some((record) =>
      (record.kind === "inspection" && [record.data.school, record.data.hazard].includes(one.id))
      || (record.kind === "sighting" && record.data.hazard === one.id));
  }

  #unfinished() {
    const draft = this.app.round.draft;
    if (!draft) return null;
    return el("p", { class: "notice" }, t("field.round_left", { name: draft.name }), " ",
      el("button", { class: "button button--primary", attributes: { type: "button" }, on: { click: () => this.app.go("round") } }, t("field.round_on")));
  }

  #line(one) {
    const { app } = this;
    const name = one.kind === "school" ? nameOf(one) : one.name || app.palette.get(one.category).name;
    const late = one.overdue_days > 0 ? t("field.overdue", { n: one.overdue_days }) : one.overdue_days === 0 ? t("field.due_today") : t("field.due_in", { n: -one.overdue_days });
    return el("li", {}, el("button", {
      class: "list__one list__one--button", attributes: { type: "button", "data-due": one.id },
      on: { click: () => (one.kind === "school" ? app.round.begin(one) : app.openHazard(one.id)) },
    },
    el("div", { class: "list__main" }, one.kind === "hazard" ? badge(app.palette.get(one.category)) : null, el("span", {}, name),
      el("span", { class: "soft" }, [t(`field.reason.${one.reason}`), distanceWords(one.away_m)].filter(Boolean).join(" · "))),
    el("span", { class: one.overdue_days > 0 ? "state state--refused" : "state" }, late)));
  }

  #reports() {
    const { app } = this;
    const reports = app.shift.reports;
    return el("section", {}, el("h3", {}, t("field.my_reports")),
      reports.length ? el("ul", { class: "list" }, reports.slice(0, SHOWN).map((one) => el("li", { class: "list__one" },
        el("div", { class: "list__main" }, badge(app.palette.get(one.properties.category)), el("span", {}, app.palette.get(one.properties.category).name),
          el("span", { class: "soft" }, `${dateTime(one.properties.observed_at)} · ${t("field.seen_times", { n: one.properties.sightings })}`)),
        el("span", { class: `state state--${one.properties.status}` }, t(`field.status.${one.properties.status}`))))) : el("p", { class: "soft" }, t("field.no_reports")));
  }
}
