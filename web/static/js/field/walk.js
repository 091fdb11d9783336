// A walk through the own cells: while it is switched on, each cell that is reached by the phone's position is noted once,
// as a visit that goes out like any other record. A cell that no position confirms is noted with the reason.

import { dateTime, metres, t } from "../lib/i18n.js";
import { isInside, metresToArea } from "../lib/measure.js";
import { el } from "../lib/text.js";
import { forget, keep, kept } from "./store.js";

const ROUGH_M = 50;
const SHIFT_MS = 12 * 3_600_000; // who forgets to end it is not followed home
const WEEK_MS = 7 * 86_400_000;
const SHOWN = 60;

export class Walk {
  constructor(app) {
    this.app = app;
    this.walk = null; // {started_at, cells: [codes]}
    this.asked = null; // the code of the cell for which a reason is being written
    this.reason = "";
  }

  async restore() {
    this.walk = (await kept("walk")) ?? null;
  }

  #own() {
    return this.app.shift.cells.filter((one) => one.properties.own);
  }

  /** When somebody was last in a cell, by the pack and by this phone's own records; null: never. */
  lastIn(cell) {
    const { code, last_at } = cell.properties;
    const own = this.app.records.filter((one) => one.kind === "inspection" && one.data.cell === code && one.data.outcome !== "not_reached").map((one) => one.data.started_at);
    const times = [last_at, ...own].filter(Boolean).map((text) => Date.parse(text));
    return times.length ? Math.max(...times) : null;
  }

  /** A position has come: the cell in it is walked, if the walk is on and the position is good enough. */
  async follow({ place, accuracy_m }) {
    if (!this.walk || !place || accuracy_m > ROUGH_M) return;
    if (Math.abs(Date.now() - Date.parse(this.walk.started_at)) > SHIFT_MS) {
      await this.#end();
      return;
    }
    const cell = this.#own().find((one) => isInside(one.geometry, place));
    if (!cell || this.walk.cells.includes(cell.properties.code)) return;
    await this.#note(cell, { lon: place[0], lat: place[1], position_error_m: accuracy_m ?? 0 });
  }

  async #note(cell, more) {
    const { code } = cell.properties;
    this.walk.cells.push(code); // first: the next position comes before this one is written
    const id = crypto.randomUUID();
    const now = new Date().toISOString();
    try {
      await this.app.writeDown([{ id, kind: "inspection", data: { id, cell: code, started_at: now, ended_at: now, ...more } }], [], t("field.cell_walked", { code }));
      await keep("walk", this.walk);
    } catch (error) {
      this.walk.cells = this.walk.cells.filter((one) => one !== code);
      this.app.say(t("field.not_kept", { reason: error.message ?? String(error) }), "alert");
    }
    this.draw();
    if (this.app.view === "round") this.app.render();
  }

  draw() {
    const now = Date.now();
    const walked = this.#own().filter((one) => { const last = this.lastIn(one); return last !== null && now - last <= WEEK_MS; });
    this.app.map.cells(this.walk ? walked : []);
  }

  async #begin() {
    this.walk = { started_at: new Date().toISOString(), cells: [] };
    await keep("walk", this.walk);
    if (this.app.position?.place) await this.follow(this.app.position);
    this.draw();
    this.app.render();
  }

  async #end() {
    const { cells } = this.walk;
    this.walk = null;
    this.asked = null;
    await forget("walk");
    this.draw();
    this.app.render();
    this.app.say(t("field.walk_ended", { n: cells.length }));
  }

  async #unconfirmed(cell, absent) {
    if (!this.reason.trim()) {
      this.app.say(t("field.reason_needed"), "alert");
      document.getElementById("cell-reason")?.focus();
      return;
    }
    const answers = { arrival_reason: this.reason.trim() };
    this.asked = null;
    this.reason = "";
    await this.#note(cell, { answers, outcome: absent ? "not_reached" : "done" });
  }

  render() {
    const own = this.#own();
    if (!own.length) return null;
    const now = Date.now();
    const here = this.app.position?.place ?? null;
    const cells = own.map((cell) => ({ cell, last: this.lastIn(cell), away_m: here ? metresToArea(cell.geometry, here) : null }));
    const fresh = cells.filter(({ last }) => last !== null && now - last <= WEEK_MS).length;
    const button = (text, work, id, main = false) => el("button", { class: main ? "button button--primary" : "button", attributes: { type: "button", id }, on: { click: () => work.call(this) } }, text);
    cells.sort((a, b) => (a.away_m ?? 0) - (b.away_m ?? 0) || (a.last ?? 0) - (b.last ?? 0));
    return el("section", { attributes: { id: "walk" } }, el("h3", {}, t("field.walk")),
      el("p", { class: this.walk ? "good" : "soft" }, t("field.walk_sum", { n: own.length, walked: fresh }), this.walk ? ` ${t("field.walk_on", { n: this.walk.cells.length })}` : ` ${t("field.walk_off")}`),
      this.walk ? button(t("field.walk_end"), this.#end, "walk-end", true) : button(t("field.walk_begin"), this.#begin, "walk-begin", true),
      this.walk ? el("ul", { class: "list" }, cells.slice(0, SHOWN).map((one) => this.#line(one))) : null);
  }

  #line({ cell, last, away_m }) {
    const { code } = cell.properties;
    const done = this.walk.cells.includes(code);
    return el("li", { class: "known", attributes: { "data-cell": code } },
      el("div", { class: "list__one" },
        el("div", { class: "list__main" }, el("span", {}, code), el("span", { class: "soft" }, [away_m === null ? "" : away_m === 0 ? t("field.in_cell") : metres(away_m), last === null ? t("field.never_walked") : t("field.last_walked", { time: dateTime(new Date(last).toISOString()) })].filter(Boolean).join(" · "))),
        done ? el("span", { class: "state state--sent" }, t("field.walked"))
          : el("button", { class: "button", attributes: { type: "button", id: `cell-${code}` }, on: { click: () => { this.asked = this.asked === code ? null : code; this.app.render(); } } }, t("field.not_confirmed"))),
      this.asked === code ? el("div", {},
        el("label", { class: "note" }, el("span", {}, t("field.reason_why")), el("input", { attributes: { id: "cell-reason", value: this.reason, maxlength: 200 }, on: { input: (event) => { this.reason = event.target.value; } } })),
        el("div", { class: "row" },
          el("button", { class: "button button--primary", attributes: { type: "button", id: "cell-present" }, on: { click: () => this.#unconfirmed(cell, false) } }, t("field.present")),
          el("button", { class: "button", attributes: { type: "button", id: "cell-absent" }, on: { click: () => this.#unconfirmed(cell, true) } }, t("field.absent")))) : null);
  }
}
