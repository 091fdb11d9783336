// The tables of the meeting, made of the figures of a period.

import { count, label, language, t } from "../lib/i18n.js";
import { fillTable } from "../lib/table.js";
import { el } from "../lib/text.js";
import { changeOf, opens, perDay, plain, rateText } from "./numbers.js";

const byId = (id) => document.getElementById(id);
const table = (id, heads, rows) => fillTable(byId(id), heads, rows);
const TILES = ["hazards_new", "hazards_closed", "hazards_open", "hazards_overdue", "filed", "schools_checked"];
const GROUPED = ["hazards_new", "hazards_closed", "hazards_recurring", "hazards_open", "hazards_overdue", "filed", "on_time_rate", "overdue"];

function tile(name, number, change, more, { words = false } = {}) {
  return el("div", { class: "tile" }, el("span", { class: "tile__name" }, name), el("span", { class: `tile__number${words ? " tile__number--words" : ""}` }, number), el("span", { class: "tile__change" }, change), el("span", { class: "tile__more" }, more));
}

export function tiles(said, asked) {
  const figures = Object.fromEntries(said.figures.map((one) => [one.code, one]));
  const yearOf = (one) => [t("meeting.last_n", { n: plain(one.last) }), one.year === null || one.year === undefined ? null : t("meeting.year_n", { n: plain(one.year) })].filter(Boolean).join(" · ");
  const shown = TILES.map((code) => {
    const one = figures[code];
    return tile(label(one), opens(one.this, one, { ...asked, window: "this" }), changeOf(one.change, one.worse), yearOf(one));
  });
  const rate = said.rates.find((one) => one.code === "on_time_rate");
  shown.push(tile(label(rate), rateText(rate.this), "", t("meeting.last_n", { n: rateText(rate.last) })));
  const incidents = said.incidents;
  shown.push(tile(t("meeting.incidents"), incidents.this ? t("meeting.at_least", { n: count(incidents.this) }) : t("meeting.none_shown"), "", t("meeting.incidents_note", { k: said.fewest_incidents }), { words: !incidents.this }));
  byId("tiles").replaceChildren(...shown);
}

const HEADS = () => [t("meeting.figure"), t("meeting.this"), t("meeting.last"), t("meeting.change"), t("meeting.year"), t("meeting.per_day"), t("meeting.per_day_last")];

function row(one, asked, figure = one) {
  return [
    label(one),
    opens(one.this, figure, { ...asked, window: "this" }), opens(one.last, figure, { ...asked, window: "last" }), changeOf(one.change, one.worse),
    opens(one.year, figure, { ...asked, window: "year" }), perDay(one.per_school_day?.this), perDay(one.per_school_day?.last),
  ];
}

export function allFigures(said, asked) {
  const rates = said.rates.map((one) => [label(one), rateText(one.this), rateText(one.last), "", rateText(one.year), "", ""]);
  table("all", HEADS(), [...said.figures.map((one) => row(one, asked)), ...rates]);
}

export function categories(said, asked) {
  const found = said.figures.find((one) => one.code === "hazards_new");
  const rows = said.categories.filter((one) => one.this || one.last || one.year || one.open);
  table("categories", [...HEADS(), t("meeting.open_now")], rows.map((one) => [
    ...row({ ...one, worse: 1 }, { ...asked, category: one.code }, { ...found, zh: `${found.zh} · ${one.zh}`, en: `${found.en} · ${one.en}` }), plain(one.open),
  ]));
}

export function reported(said) {
  table("reported", HEADS(), said.reported.map((one) => row(one, {}, null)));
}

export function grouped(said, by, asked) {
  const figures = Object.fromEntries([...said.figures, ...said.rates].map((one) => [one.code, one]));
  const shown = by === "district" ? [...GROUPED, "checks"] : GROUPED;
  const rows = said[`by_${by}`].map((group) => {
    const of = { ...asked, window: "this", [by]: group.key ?? "" };
    const cells = shown.map((code) => {
      if (code.endsWith("_rate")) return rateText(group.rates[code].this);
      const one = group.figures[code];
      if (!one) return "0";
      const change = one.change ? [" (", changeOf(one.change, figures[code].worse), ")"] : null;
      return el("span", {}, opens(one.this, { ...figures[code], zh: `${figures[code].zh} · ${group.name.zh}`, en: `${figures[code].en} · ${group.name.en}` }, of), change);
    });
    return [group.name[language], ...cells];
  });
  table(`${by}s`, [by === "district" ? t("meeting.district") : t("meeting.department"), ...shown.map((code) => label(figures[code]))], rows);
}

export function bands(said) {
  const hours = [6, 8, 10, 12, 14, 16, 18, 20];
  const any = said.incidents.bands.flat().some(Boolean);
  table("bands", ["", ...hours.map((hour) => `${hour}–${hour + 2}`)], any ? said.incidents.bands.map((week, day) => [t(`police.day.${day + 1}`), ...hours.map((hour) => week[hour / 2] || "")]) : []);
  byId("bands-note").textContent = t("meeting.bands_note", { k: said.fewest_incidents, day: said.incidents.released_until ?? "–" });
}

export function schools(said) {
  table("schools", [t("meeting.school"), t("meeting.district"), t("meeting.open_now"), t("meeting.new"), t("meeting.overdue_now")],
    said.schools.map((one) => [el("a", { attributes: { href: `/#select=school/${one.id}` } }, one[language]), one.district?.[language] ?? "", count(one.open), count(one.new), count(one.overdue)]));
}

export function overdue(said, categoriesByCode) {
  const parts = said.overdue.departments.flatMap((one) => {
    const list = el("table", { class: "figures" });
    fillTable(list, [t("meeting.record"), t("meeting.category"), t("meeting.school"), t("meeting.due"), t("meeting.days_late")],
      one.cases.map((found) => [el("a", { attributes: { href: `/board#case=${found.id}` } }, found.number ?? t("meeting.kind_of.case")), categoriesByCode[found.category] ?? found.category, found.school?.[language] ?? "", found.due.slice(0, 16).replace("T", " "), String(found.days_late)]));
    return [el("h3", {}, t("meeting.of_department", { name: one.name[language], n: count(one.cases.length) })), el("div", { class: "table-holder" }, list)];
  });
  byId("overdue").replaceChildren(...(parts.length ? parts : [el("p", {}, t("meeting.nothing_overdue"))]));
}
