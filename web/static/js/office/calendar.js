// The school calendar of a city: its terms, and the days that depart from the week.

import { change, get } from "../lib/api.js";
import { nameOf, pageConfig, t } from "../lib/i18n.js";
import { fillTable, say } from "../lib/table.js";
import { el } from "../lib/text.js";

const byId = (id) => document.getElementById(id);

export class Calendar {
  /** @param {object} options attempt(work), done */
  constructor(options) {
    Object.assign(this, options);
  }

  async open() {
    if (this.calendar) return;
    byId("calendar-city").replaceChildren(...(pageConfig.cities ?? []).map((one) => el("option", { attributes: { value: one.code } }, nameOf(one))));
    byId("calendar-city").addEventListener("change", () => this.attempt(() => this.#read()));
    byId("calendar-term").addEventListener("click", () => {
      this.calendar.terms.push({ name: "", starts_on: "", ends_on: "" });
      this.#show();
    });
    byId("calendar-day").addEventListener("click", () => {
      this.calendar.days.push({ day: "", is_school_day: false, as_weekday: null, name: "" });
      this.#show();
    });
    byId("calendar-save").addEventListener("click", () => this.attempt(() => this.#save()));
    await this.#read();
  }

  #address() {
    const code = byId("calendar-city").value;
    return code ? `school-calendar?city=${encodeURIComponent(code)}` : "school-calendar";
  }

  async #read() {
    const code = byId("calendar-city").value;
    this.calendar = await get("school-calendar", { city: code });
    this.#show();
  }

  #show() {
    const input = (row, name, type) => el("input", { attributes: { type, value: row[name] ?? "", maxlength: 100, "aria-label": t(`calendar.${name}`) }, on: { input: (event) => { row[name] = event.target.value; } } });
    const away = (rows, at) => el("button", { class: "text-button", attributes: { type: "button" }, on: { click: () => { rows.splice(at, 1); this.#show(); } } }, t("lists.away"));
    const { terms, days } = this.calendar;
    fillTable(byId("calendar-terms"), [t("calendar.name"), t("calendar.starts_on"), t("calendar.ends_on"), ""], terms.map((row, at) => [input(row, "name", "text"), input(row, "starts_on", "date"), input(row, "ends_on", "date"), away(terms, at)]));
    const kind = (row) => el("select", { attributes: { "aria-label": t("calendar.kind") }, on: { change: (event) => { row.is_school_day = event.target.value !== "off"; row.as_weekday = row.is_school_day ? Number(event.target.value) : null; } } },
      el("option", { attributes: { value: "off", selected: !row.is_school_day } }, t("calendar.off")),
      [1, 2, 3, 4, 5].map((day) => el("option", { attributes: { value: day, selected: row.is_school_day && (row.as_weekday ?? 1) === day } }, t("calendar.as", { day: t(`weekday.${day}`) }))));
    fillTable(byId("calendar-days"), [t("calendar.day"), t("calendar.kind"), t("calendar.name"), ""], days.map((row, at) => [input(row, "day", "date"), kind(row), input(row, "name", "text"), away(days, at)]));
  }

  async #save() {
    const { version, terms, days } = this.calendar;
    this.calendar = await change("PUT", this.#address(), { terms, days }, { headers: { "If-Match": `"${version}"` } });
    this.#show();
    say(this.done, t("calendar.saved"));
  }
}
