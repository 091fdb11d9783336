// What came of it: planned against done, dosage by cell and week, and whether incidents moved.

import { count, language, t } from "../lib/i18n.js";
import { fillTable } from "../lib/table.js";
import { el } from "../lib/text.js";

const share = (part, whole) => (whole >= 5 ? ` (${Math.round((100 * part) / whole)} %)` : ""); // below five no percentage says anything

export function drawResults(document) {
  const { planned, days, dosage, effect } = document;
  const table = el("table", { class: "grid-table" });
  fillTable(table, ["day", "stops", "kept", "minutes", "minutes_done", "posts", "manned"].map((name) => t(`patrols.result.${name}`)),
    days.map((one) => [one.day, one.stops, one.kept, one.minutes, one.minutes_done, one.posts, one.manned].map((value) => (typeof value === "number" ? count(value) : value))));
  const weeks = [...new Set(dosage.features.flatMap((one) => one.properties.weeks.map((week) => week.week)))].sort();
  const doses = el("table", { class: "grid-table" });
  fillTable(doses, [t("patrols.result.cell"), ...weeks, t("patrols.result.sum")], dosage.features.map(({ properties }) => {
    const by = new Map(properties.weeks.map((one) => [one.week, one.minutes]));
    return [properties.code, ...weeks.map((week) => (by.has(week) ? count(by.get(week)) : "")), count(properties.minutes)];
  }));
  return [
    el("p", { class: "figures" },
      el("span", {}, t("patrols.result_stops", { kept: count(planned.kept), stops: count(planned.stops) }), share(planned.kept, planned.stops)),
      el("span", {}, t("patrols.result_minutes", { done: count(planned.minutes_done), minutes: count(planned.minutes) })),
      el("span", {}, t("patrols.result_posts", { manned: count(planned.manned), posts: count(planned.posts) }), share(planned.manned, planned.posts)),
      el("span", {}, t("patrols.result_findings", { n: count(planned.findings) }))),
    el("h3", {}, t("patrols.effect")),
    effect === null ? el("p", { class: "soft" }, t("patrols.effect_police")) : effect.reason ? el("p", { class: "soft" }, effect.reason)
      : effect.statements.map((one) => el("p", { class: one.enough ? "" : "soft" }, one[language])),
    el("h3", {}, t("patrols.by_day")), el("div", { class: "table-holder" }, table),
    el("h3", {}, t("patrols.dosage")), dosage.features.length ? el("div", { class: "table-holder" }, doses) : el("p", { class: "soft" }, t("patrols.no_dosage")),
  ];
}
