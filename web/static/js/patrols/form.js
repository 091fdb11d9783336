// What a plan is asked for: day, hours, teams with their way of travelling, skills, break and start.

import { daysAfter, today, weekdayOf } from "../lib/days.js";
import { t } from "../lib/i18n.js";
import { el } from "../lib/text.js";
import { colourOf } from "./colours.js";

const MODES = ["foot", "bicycle", "car"];
const SKILLS = ["traffic_police", "police", "urban_management", "guard", "volunteer"];
const BREAK_MIN = 15;
const byId = (id) => document.getElementById(id);

export class WantedForm {
  /** @param {object} options askPlace(take), make(bodies), people() */
  constructor(options) {
    Object.assign(this, options);
    this.form = byId("wanted");
    this.teams = [{ mode: "foot", start: null, skill: "", rest: false }, { mode: "foot", start: null, skill: "", rest: false }, { mode: "bicycle", start: null, skill: "traffic_police", rest: false }];
    this.form.elements.day.value = today();
    byId("add-team").addEventListener("click", () => { this.teams.push({ ...this.teams.at(-1), start: null }); this.draw(); });
    this.form.elements.limit.addEventListener("change", () => { byId("seed-field").hidden = this.form.elements.limit.value !== "seed"; });
    this.form.addEventListener("submit", (event) => { event.preventDefault(); this.make(this.bodies()); });
    this.draw();
  }

  draw() {
    byId("team-rows").replaceChildren(...this.teams.map((team, at) => this.#row(team, at)));
  }

  #row(team, at) {
    const choice = (name, values, label, words) => el("select", { attributes: { "aria-label": label }, on: { change: (event) => { team[name] = event.target.value; } } }, values.map((value) => el("option", { attributes: { value, selected: value === team[name] } }, words(value))));
    const number = el("b", { class: "team-row__n" }, at + 1);
    number.style.background = colourOf(at + 1);
    return el("div", { class: "team-row" }, number,
      choice("mode", MODES, t("patrols.mode"), (value) => t(`patrols.mode.${value}`)),
      choice("skill", ["", ...SKILLS], t("patrols.skill"), (value) => (value ? t(`patrols.skill.${value}`) : t("patrols.skill_any"))),
      el("button", { class: "text-button", attributes: { type: "button", title: t("patrols.start_help") }, on: { click: () => this.askPlace((place) => { team.start = place; this.draw(); }) } }, team.start ? t("patrols.start_set") : t("patrols.start_auto")),
      el("label", { class: "check" }, el("input", { attributes: { type: "checkbox", checked: team.rest }, on: { change: (event) => { team.rest = event.target.checked; } } }), el("span", {}, t("patrols.rest"))),
      this.teams.length > 1 ? el("button", { class: "icon-button", attributes: { type: "button", "aria-label": t("patrols.remove_team", { n: at + 1 }) }, on: { click: () => { this.teams.splice(at, 1); this.draw(); } } }, "×") : null);
  }

  /** One body for each day that is asked for; weekends are passed over, school days are known to the server. */
  bodies() {
    const said = new FormData(this.form);
    const [begins, ends] = [said.get("begins"), said.get("ends")];
    const minutes = (text) => { const [hour, minute] = text.split(":").map(Number); return hour * 60 + minute; };
    const clock = (value) => `${String(Math.floor(value / 60)).padStart(2, "0")}:${String(value % 60).padStart(2, "0")}`;
    const middle = Math.round((minutes(begins) + minutes(ends) - BREAK_MIN) / 2);
    const teams = this.teams.map(({ mode, start, skill, rest }) => ({
      mode, ...(start ? { start } : {}), skills: skill ? [skill] : [],
      ...(rest ? { rest: { minutes: BREAK_MIN, earliest: clock(Math.max(minutes(begins), middle - 30)), latest: clock(Math.min(minutes(ends) - BREAK_MIN, middle + 30)) } } : {}),
    }));
    const limit = said.get("limit") === "seed" ? { seed: Number(said.get("seed")) } : { seconds: Number(said.get("limit")) };
    const days = [];
    for (let day = said.get("day"); days.length < Number(said.get("days")); day = daysAfter(day, 1)) {
      if (!days.length || weekdayOf(day) < 6) days.push(day);
    }
    return days.map((day) => ({ id: crypto.randomUUID(), day, begins, ends, teams, sources: said.getAll("sources"), every_days: Number(said.get("every_days")), ...limit }));
  }
}
