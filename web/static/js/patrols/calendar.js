// The fortnight as a table: schools in rows, days in columns, each stay with its time.

import { count, t } from "../lib/i18n.js";
import { el } from "../lib/text.js";
import { colourOf } from "./colours.js";

const weekday = (day) => t(`police.day.${((new Date(`${day}T12:00:00Z`).getUTCDay() + 6) % 7) + 1}`);

export function drawCalendar(document, open) {
  const { days, schools, places, repeats, every_days: every } = document;
  const head = el("tr", {}, el("th", { attributes: { scope: "col" } }, t("patrols.school")), days.map((one) => el("th", { class: one.school_day ? "" : "off", attributes: { scope: "col" } },
    one.plan ? el("button", { class: "text-button", attributes: { type: "button" }, on: { click: () => open(one.plan) } }, one.day.slice(5)) : one.day.slice(5), el("small", {}, weekday(one.day)))));
  const row = (name, stays, due) => el("tr", {}, el("th", { class: due ? "due" : "", attributes: { scope: "row" } }, name, due ? el("small", {}, t("patrols.due", { n: every })) : null),
    days.map((one) => el("td", { class: one.school_day ? (one.plan ? "planned" : "") : "off" }, (stays[one.day] ?? []).map((stay) => {
      const mark = el("span", { class: `stay${stay.repeat ? " stay--repeat" : ""}`, attributes: { title: stay.repeat ? t("patrols.repeat") : `${stay.starts}–${stay.leaves}` } }, stay.starts);
      mark.style.background = colourOf(stay.team);
      return mark;
    }))));
  return [
    el("p", {}, t("patrols.calendar_line", { seen: count(document.seen), schools: count(schools.length), stays: count(repeats.stays), repeated: count(repeats.repeated) })),
    schools.length ? el("table", { class: "fortnight" }, el("thead", {}, head), el("tbody", {}, schools.map((one) => row(one.name, one.stays, one.due)), places.map((one) => row(`${t(`patrols.kind.${one.kind}`)} ${one.name}`, one.stays, false)))) : el("p", { class: "soft" }, t("patrols.no_schools")),
  ];
}
