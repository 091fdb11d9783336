// The working calendar: office hours, public holidays and make-up working days of a year.

import { change, get } from "../lib/api.js";
import { today } from "../lib/days.js";
import { language, pageConfig, t } from "../lib/i18n.js";
import { fillTable, say } from "../lib/table.js";
import { el } from "../lib/text.js";

const byId = (id) => document.getElementById(id);
const SPAN = /^\s*(\d{1,2}:\d{2})\s*[-–—~]\s*(\d{1,2}:\d{2})\s*$/;
const clock = (text) => text.padStart(5, "0");

export class WorkDays {
  /** @param {object} options attempt(work), done */
  constructor(options) {
    Object.assign(this, options);
    this.year = null;
  }

  async open() {
    if (this.year) return;
    byId("workdays-city").replaceChildren(...pageConfig.cities.map((one) => el("option", { attributes: { value: one.code } }, language === "en" ? one.name_en || one.name : one.name)));
    byId("workdays-year").value = today().slice(0, 4);
    for (const id of ["workdays-city", "workdays-year"]) byId(id).addEventListener("change", () => this.attempt(() => this.#load()));
    byId("workdays-add").addEventListener("click", () => {
      this.days.push({ day: `${byId("workdays-year").value}-01-01`, working: false, name: "" });
      this.#table();
      byId("workdays-table").querySelector("tbody tr:last-child input")?.focus();
    });
    byId("workdays-save").addEventListener("click", () => this.attempt(() => this.#save()));
    await this.#load();
  }

  get #address() { return `working-calendar/${byId("workdays-year").value}?city=${byId("workdays-city").value}`; }

  async #load() {
    this.#show(await get(`working-calendar/${byId("workdays-year").value}`, { city: byId("workdays-city").value }));
  }

  #show(year) {
    this.year = year;
    this.days = structuredClone(year.days).sort((a, b) => a.day.localeCompare(b.day));
    byId("workdays-hours").value = year.hours.map((one) => `${one.start}-${one.end}`).join(", ");
    byId("workdays-source").value = year.source;
    byId("workdays-confirmed").checked = year.confirmed;
    const state = year.version ? t("lists.own", { n: year.version }) : t("workdays.built_in");
    say(byId("workdays-state"), [state, year.confirmed ? "" : t("workdays.unconfirmed")].filter(Boolean).join(" "));
    this.#table();
  }

  #table() {
    const weekday = (day) => new Intl.DateTimeFormat(language === "en" ? "en-GB" : "zh-CN", { weekday: "short", timeZone: "UTC" }).format(new Date(`${day}T00:00:00Z`));
    const put = (one, name) => (event) => { one[name] = event.target.value; };
    fillTable(byId("workdays-table"), [t("workdays.day"), "", t("workdays.kind"), t("workdays.name"), ""], this.days.map((one, at) => [
      el("input", { attributes: { type: "date", value: one.day, required: true, "aria-label": t("workdays.day") }, on: { change: (event) => { one.day = event.target.value; this.#table(); } } }),
      one.day ? weekday(one.day) : "",
      el("select", { attributes: { "aria-label": t("workdays.kind") }, on: { change: (event) => { one.working = event.target.value === "work"; this.#table(); } } },
        [["off", t("workdays.off")], ["work", t("workdays.work")]].map(([value, said]) => el("option", { attributes: { value, selected: (value === "work") === one.working } }, said))),
      el("input", { attributes: { type: "text", value: one.name, maxlength: 100, "aria-label": t("workdays.name") }, on: { input: put(one, "name") } }),
      el("button", { class: "text-button", attributes: { type: "button" }, on: { click: () => { this.days.splice(at, 1); this.#table(); } } }, t("lists.away")),
    ]));
  }

  async #save() {
    const hours = byId("workdays-hours").value.split(/[,，;；]/).filter((part) => part.trim()).map((part) => {
      const found = SPAN.exec(part);
      if (!found) throw new Error(t("workdays.bad_hours", { text: part.trim() }));
      return { start: clock(found[1]), end: clock(found[2]) };
    });
    const body = { hours, days: this.days, confirmed: byId("workdays-confirmed").checked, source: byId("workdays-source").value };
    const made = await change("PUT", this.#address, body, { headers: { "If-Match": `"${this.year.version}"` } });
    this.#show(made);
    say(this.done, t("workdays.saved", { n: made.cases_moved }));
  }
}
