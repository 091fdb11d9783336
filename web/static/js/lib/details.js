// What the panel says about one school, hazard or cell. All values go in as text.

import { count, dateTime, label, language, metres, nameOf, squareMetres, t, wholeMetres, has } from "./i18n.js";
import { block, facts, tag } from "./panel.js";
import { badge } from "./symbols.js";
import { el, icon } from "./text.js";

/** Words for codes of the vocabulary, made once it is loaded. */
export class Words {
  constructor(vocabulary) {
    const table = (list) => new Map((list ?? []).map((entry) => [entry.code ?? entry, label(entry)]));
    this.stages = table(vocabulary.stages);
    this.statuses = table(vocabulary.hazard_statuses);
    this.premises = table(vocabulary.premises_categories);
    this.facilityKinds = table(vocabulary.facility_kinds);
    this.facilityLevels = table(vocabulary.facility_levels);
    this.verdicts = table(vocabulary.verdicts);
  }

  stage = (code) => this.stages.get(code) ?? code;
  status = (code) => this.statuses.get(code) ?? (has(`status.${code}`) ? t(`status.${code}`) : code);
  premisesCategory = (code) => this.premises.get(code) ?? code;
  facilityKind = (code) => this.facilityKinds.get(code) ?? code;
  facilityLevel = (code) => this.facilityLevels.get(code) ?? code;
}

function origin(properties) {
  return el("p", { class: "origin" },
    properties.invented && tag(t("invented.tag"), "invented"),
    properties.source && el("span", {}, t("detail.source", { source: properties.source })));
}

const WEEK = [1, 2, 3, 4, 5, 6, 7];

/** "Mon–Thu, Sat" of weekday numbers. */
function weekdays(days) {
  const present = WEEK.filter((day) => days.has(day));
  const runs = [];
  for (const day of present) {
    const last = runs.at(-1);
    if (last && last[1] === day - 1) last[1] = day;
    else runs.push([day, day]);
  }
  return runs
    .map(([from, to]) => (from === to ? t(`weekday.${from}`) : t("weekday.range", { from: t(`weekday.${from}`), to: t(`weekday.${to}`) })))
    .join(t("list.comma"));
}

function timetable(rows) {
  const groups = new Map();
  for (const row of rows) {
    const key = `${row.grades ?? ""}\u0000${row.dismissal}`;
    if (!groups.has(key)) groups.set(key, { ...row, days: new Set() });
    groups.get(key).days.add(Number(row.weekday));
  }
  return el("table", { class: "table" },
    el("thead", {}, el("tr", {}, ["grades", "days", "dismissal"].map((name) => el("th", { attributes: { scope: "col" } }, t(`timetable.${name}`))))),
    el("tbody", {}, [...groups.values()].map((row) => el("tr", {},
      el("td", {}, row.grades || t("timetable.all")),
      el("td", {}, weekdays(row.days)),
      el("td", { class: "number" }, el("strong", {}, row.dismissal))))));
}

/** One line of a list that selects something on the map. */
export function pick({ lead, title, detail, value, on }) {
  return el("li", {}, el("button", { class: "pick", attributes: { type: "button" }, on: { click: on } },
    lead,
    el("span", { class: "pick__text" }, el("span", { class: "pick__title" }, title), detail && el("span", { class: "pick__detail" }, detail)),
    value !== undefined && value !== null && el("span", { class: "pick__value" }, value)));
}

export function hazardPick(hazard, { palette, words, select }) {
  const { name, category, subtype, severity, status, boundary_distance_m: distance_m } = hazard.properties;
  const look = palette.get(category);
  const kind = palette.subtype(category, subtype);
  return pick({
    lead: badge(look, { hollow: status !== "open" }),
    title: name || kind || look.name,
    detail: [look.name, kind !== look.name && kind !== name ? kind : null, t(`severity.${severity}`), status !== "open" ? words.status(status) : null].filter(Boolean).join(" · "),
    value: distance_m === undefined ? null : metres(distance_m),
    on: () => select("hazard", hazard.id),
  });
}

export function schoolPick(school, { words, select }) {
  const { stages = [], district_name: district, open_hazards: n } = school.properties;
  return pick({
    lead: el("span", { class: "school-sign" }, icon("school")),
    title: nameOf(school.properties),
    detail: [stages.map(words.stage).join(t("list.comma")), district].filter(Boolean).join(" · "),
    value: n ? t("overview.open_hazards", { n: count(n) }) : null,
    on: () => select("school", school.id),
  });
}

/** The school's panel. `hazards` are those tied to it with their distances, or null while they load. */
export function schoolPanel(school, { palette, words, perimeter, hazards, select, goTo }) {
  const p = school.properties;
  const by = Object.entries(p.hazards_by_category ?? {}).filter(([, n]) => n > 0).sort((a, b) => b[1] - a[1]);
  const total = by.reduce((sum, [, n]) => sum + n, 0);
  const campuses = Array.isArray(p.campuses) ? p.campuses : [];
  const gates = p.gates ?? [];
  const rows = p.timetable ?? [];
  return [
    el("p", { class: "tags" }, (p.stages ?? []).map((code) => tag(words.stage(code), "stage")), p.invented && tag(t("invented.tag"), "invented")),
    el("div", { class: "figures" },
      figure(total, t("school.open_hazards")),
      figure(p.cells ?? perimeter?.properties.cells ?? "–", t("school.cells")),
      figure(gates.length, t("school.gates"))),
    facts([
      [t("school.name_other"), language === "en" ? p.name_en && p.name : p.name_en],
      [t("school.district"), p.district_name],
      [t("school.address"), p.address],
      [t("school.perimeter"), p.perimeter_distance_m && t("school.perimeter_value", { distance: wholeMetres(p.perimeter_distance_m) })],
      [t("school.area"), perimeter?.properties.area_m2 && squareMetres(perimeter.properties.area_m2)],
    ]),
    block(t("school.hazards_title", { n: count(total) }),
      by.length
        ? el("ul", { class: "bars" }, by.map(([code, n]) => bar(palette.get(code), n, by[0][1])))
        : el("p", { class: "quiet" }, t("school.no_hazards")),
      hazards && hazards.length > 0 && el("ul", { class: "picks" }, hazards.map((one) => hazardPick(one, { palette, words, select })))),
    block(t("school.times_title"), rows.length ? timetable(rows) : el("p", { class: "quiet" }, t("school.no_times")),
      rows.some((row) => row.invented) && tag(t("invented.tag"), "invented")),
    block(t("school.gates_title", { n: gates.length }),
      gates.length
        ? el("ul", { class: "picks" }, gates.map((gate) => pick({
          lead: el("span", { class: "school-sign" }, icon("gate")),
          title: gate.name || t("gate.unnamed"),
          detail: [has(`gate.${gate.kind}`) ? t(`gate.${gate.kind}`) : gate.kind, gate.invented ? t("invented.tag") : null].filter(Boolean).join(" · "),
          on: () => goTo(gate.lat, gate.lon, 18),
        })))
        : el("p", { class: "quiet" }, t("school.no_gates"))),
    campuses.length > 0 && block(t("school.campuses_title", { n: campuses.length }),
      el("ul", { class: "plain" }, campuses.map((one) => el("li", {}, one.name || t("campus.unnamed"), " ",
        el("span", { class: "quiet" }, one.known_as === "point" ? t("campus.point", { radius: wholeMetres(one.radius_m) }) : t("campus.polygon")))))),
    origin(p),
  ].filter(Boolean);
}

function figure(value, name) {
  return el("p", { class: "figure" }, el("strong", {}, typeof value === "number" ? count(value) : value), el("span", {}, name));
}

function bar(look, n, most) {
  const fill = el("span", { class: "bar__fill" });
  fill.style.width = `${Math.max(4, (100 * n) / most)}%`;
  fill.style.setProperty("--sign", look.colour);
  return el("li", { class: "bar" }, badge(look), el("span", { class: "bar__name" }, look.name), el("span", { class: "bar__room" }, fill), el("span", { class: "bar__value" }, count(n)));
}

function severityMark(level) {
  return el("span", { class: `severity severity--${level}` },
    el("span", { class: "severity__pips", attributes: { "aria-hidden": "true" } }, [1, 2, 3].map((one) => el("i", { class: one <= level ? "on" : "" }))),
    t(`severity.${level}`));
}

export function hazardPanel(hazard, { palette, words, select, openCell }) {
  const p = hazard.properties;
  const look = palette.get(p.category);
  const schools = p.schools ?? [];
  return [
    el("p", { class: "tags" }, tag(words.status(p.status), p.status === "open" ? "open" : "done"), severityMark(p.severity), p.invented && tag(t("invented.tag"), "invented")),
    facts([
      [t("hazard.category"), look.name],
      [t("hazard.subtype"), palette.subtype(p.category, p.subtype)],
      [t("hazard.observed"), p.observed_at && dateTime(p.observed_at)],
      [t("hazard.cell"), p.cell_code && el("button", { class: "text-button", attributes: { type: "button" }, on: { click: () => openCell(p.cell_code, hazard) } }, p.cell_code)],
    ]),
    p.note && el("p", { class: "note" }, p.note),
    block(t("hazard.schools_title", { n: schools.length }),
      schools.length
        ? el("ul", { class: "distances" }, schools.map((one) => el("li", {},
          el("button", { class: "text-button", attributes: { type: "button" }, on: { click: () => select("school", one.uuid) } }, nameOf(one)),
          el("dl", {},
            el("div", {}, el("dt", {}, t("hazard.to_boundary")), el("dd", {}, metres(one.boundary_distance_m))),
            el("div", {}, el("dt", {}, one.gate_name ? t("hazard.to_named_gate", { gate: one.gate_name }) : t("hazard.to_gate")), el("dd", {}, metres(one.gate_distance_m)))))))
        : el("p", { class: "quiet" }, t("hazard.no_schools"))),
    el("p", { class: "origin" }, t("hazard.measure_note")),
    origin(p),
  ].filter(Boolean);
}

export function cellPanel(cell, { hazards, palette, words, select }) {
  const p = cell.properties;
  const schools = p.schools ?? [];
  return [
    facts([
      [t("cell.kind"), has(`cell.kind.${p.kind}`) ? t(`cell.kind.${p.kind}`) : p.kind],
      [t("cell.hazards"), count(p.hazards ?? 0)],
      [t("cell.inspector"), p.inspector ? label(typeof p.inspector === "object" ? { zh: p.inspector.name, code: "" } : p.inspector) : t("cell.no_inspector")],
    ]),
    block(t("cell.schools_title", { n: schools.length }), el("ul", { class: "picks" }, schools.map((one) => pick({
      lead: el("span", { class: "school-sign" }, icon("school")), title: nameOf(one), on: () => select("school", one.uuid) })))),
    hazards.length > 0 && block(t("cell.hazards_title", { n: hazards.length }), el("ul", { class: "picks" }, hazards.map((one) => hazardPick(one, { palette, words, select })))),
  ].filter(Boolean);
}
