// What the page can show: how each is asked for, drawn, listed and explained.

import { get } from "../lib/api.js";
import { count, label, language, t } from "../lib/i18n.js";
import { el } from "../lib/text.js";
import { placeOf } from "./cellmap.js";
import { periods } from "./question.js";

const HOT = { 99: "#a50f15", 95: "#de2d26", 90: "#fb8a6a", 0: "#f4e3c2" };
const COLD = "#4a90c2";
const TOPS = { 0.01: "#54278f", 0.02: "#756bb1", 0.05: "#9e9ac8", 0.2: "#dadaeb" };
const RAMP = ["#fde49b", "#fdc25c", "#fb923c", "#ef5f2c", "#cf2a20", "#7f0d24"];
const KINDS = { new: "#e31a1c", consecutive: "#fd8d3c", intensifying: "#800026", persistent: "#bd0026", diminishing: "#feb24c", sporadic: "#fed976", oscillating: "#d9b38c", historical: "#bdbdbd" };
const RISK_DAYS = 7;
const MOST = 60;
const SIGNED = 0.01; // the share of the area whose cells are seen from afar
const FACTOR = 1.05; // a hazard that changes less is not told

let names = new Map(); // of categories of hazards and premises
export const knowCategories = (words) => { names = new Map([...words.hazard_categories, ...words.premises_categories].map((one) => [one.code, label(one)])); };

const said = (properties) => properties[`sentence_${language}`];
const why = (answer) => answer[`reason_${language}`];
const because = (answer) => why(answer) && t("police.because_of", { reason: why(answer) });
const countOf = ({ count: n }) => (n === null ? t("police.few") : t("police.count", { n: count(n) }));
const leftOut = ({ left_out: n }) => (n ? t("police.left_out", { n: count(n) }) : "");
/** Sentences beside each other: Chinese ones without a space between them. */
export const together = (...sentences) => sentences.filter(Boolean).join(language === "zh" ? "" : " ");
const few = (value) => (value >= 100 ? count(value) : Number(value.toPrecision(2)));

/* ---- hot spots ---- */

const spotColour = (p) => (p.class < 0 ? COLD : HOT[p.class]);
const spots = {
  ask: (wanted) => get("hotspots", { ...wanted, method: document.getElementById("method").value }),
  show({ features, weeks, cells: area, method, ...rest }) {
    const told = features.filter((one) => one.properties.class > 0).sort((a, b) => b.properties.class - a.properties.class || (a.properties.q ?? 1) - (b.properties.q ?? 1) || (b.properties.z ?? 0) - (a.properties.z ?? 0));
    const places = [...Map.groupBy(told, (one) => placeOf(one)).values()];
    const first = places.map((group) => group.find((one) => one.properties.when) ?? group[0]);
    return {
      features, signs: first,
      look: { colour: spotColour, opacity: (p) => (p.class ? 0.72 : 0.45), tip: (p) => `${countOf(p)} · ${said(p) ?? t(p.quadrant ? `police.quadrant.${p.quadrant}` : p.p === null ? "police.no_p" : "police.no_difference")}` },
      state: because(rest) ?? t(told.length ? "police.found" : "police.none", { n: count(told.length), places: count(places.length), cells: count(area), weeks }),
      legend: [...[99, 95, 90, 0].map((code) => [HOT[code], t(`police.class.${code}`)]), [COLD, t("police.class.cold")]],
      items: first.map((one, at) => ({ feature: one, colour: spotColour(one.properties), text: said(one.properties), more: [one.properties.code, t(`police.class.${one.properties.class}`), places[at].length > 1 && t("police.beside", { n: count(places[at].length - 1) })] })),
    };
  },
};

/* ---- density ---- */

const density = {
  ask: (wanted) => get("incidents/density", { ...wanted, ...periodOf(wanted), weeks: null }),
  show({ features, school_days: days, days_until: until, bandwidth_m: bandwidth, edge_corrected: corrected, ...rest }) {
    const values = features.map((one) => one.properties.density).sort((a, b) => a - b);
    const [least, top] = [values[0] ?? 0, values[Math.floor(values.length * 0.99)] ?? 0];
    const breaks = RAMP.map((_, at) => least * (top / least || 1) ** (at / RAMP.length));
    const classOf = (value) => Math.max(0, breaks.findLastIndex((from) => value >= from));
    const unit = t(days ? "police.density_unit" : "police.density_unit_plain");
    return {
      features, signs: [],
      look: { colour: (p) => RAMP[classOf(p.density)], opacity: () => 0.62, tip: (p) => `${few(p.density)} ${unit}` },
      state: features.length ? together(t("police.density_found", { bandwidth, days, edge: t(corrected ? "police.edge" : "police.no_edge") }), until && t("police.days_until", { until })) : because(rest) ?? "",
      legend: features.length ? breaks.map((from, at) => [RAMP[at], at + 1 < breaks.length ? `${few(from)}–${few(breaks[at + 1])}` : `≥ ${few(from)}`]) : [],
      unit, items: [],
    };
  },
};

/* ---- clusters of the last weeks, emerging hot spots ---- */

function foundOrNot(sure, { features, weeks, last_weeks: last }) {
  const all = count(features.length);
  if (sure) return t("police.clusters_found", { n: count(sure), all, weeks, last });
  return together(t("police.clusters_none", { weeks, last }), features.length && t("police.clusters_likeliest", { all }));
}

const clusters = {
  ask: (wanted) => get("clusters", { ...wanted, weeks: Math.max(8, Math.min(104, Math.max(wanted.weeks, 13))) }),
  show(answer) {
    const sure = answer.features.filter((one) => one.properties.p <= 0.05);
    const colour = (p) => (p.p <= 0.01 ? HOT[99] : p.p <= 0.05 ? HOT[95] : HOT[0]);
    return {
      features: answer.features, signs: answer.features,
      look: { colour, opacity: () => 0.5, tip: said },
      state: together(because(answer) ?? foundOrNot(sure.length, answer), leftOut(answer)),
      legend: [[HOT[99], "p ≤ 0.01"], [HOT[95], "p ≤ 0.05"], [HOT[0], t("police.class.0")]],
      items: answer.features.map((one) => ({ feature: one, colour: colour(one.properties), text: said(one.properties), more: [placeOf(one)] })),
    };
  },
};

const emerging = {
  ask: (wanted) => get("emerging", { ...wanted, weeks: Math.max(4, Math.min(104, wanted.weeks)) }),
  show(answer) {
    const order = Object.keys(KINDS);
    const told = answer.features.filter((one) => one.properties.category > 0).sort((a, b) => order.indexOf(a.properties.kind) - order.indexOf(b.properties.kind) || b.properties.hot_weeks - a.properties.hot_weeks);
    const colour = (p) => (p.category < 0 ? COLD : KINDS[p.kind]);
    const present = order.filter((kind) => told.some((one) => one.properties.kind === kind));
    const nameOf = (kind) => told.find((one) => one.properties.kind === kind).properties[`name_${language}`];
    return {
      features: answer.features, signs: told.slice(0, MOST),
      look: { colour, tip: (p) => `${countOf(p)} · ${said(p)}` },
      state: because(answer) ?? t(told.length ? "police.emerging_found" : "police.emerging_none", { n: count(told.length), cells: count(answer.cells), weeks: answer.weeks }),
      legend: present.map((kind) => [KINDS[kind], nameOf(kind)]),
      items: [...Map.groupBy(told, (one) => `${placeOf(one)} ${one.properties.kind}`).values()].slice(0, MOST).map(([one, ...beside]) => ({ feature: one, colour: colour(one.properties), text: said(one.properties), more: [one.properties.code, beside.length && t("police.beside", { n: count(beside.length) })] })),
    };
  },
};

/* ---- near repeats ---- */

function nearTable({ space_m: edges, days, observed, ratio, p, q }) {
  const bands = [t("police.same_cell"), ...edges.map((edge, at) => `${at ? `${edges[at - 1]}–` : "< "}${edge} m`), `≥ ${edges.at(-1)} m`];
  const spans = [...days.map((edge, at) => (edge === 1 ? t("police.same_day") : t("police.days", { span: at ? `${days[at - 1]}–${edge - 1}` : `0–${edge - 1}` }))), t("police.days", { span: `≥ ${days.at(-1)}` })];
  const cell = (row, column) => {
    const sure = ratio[row][column] > 1 && q[row][column] !== null && q[row][column] <= 0.05;
    return el("td", { class: sure ? "near near--sure" : "near" }, observed[row][column] === null ? t("police.few_short") : count(observed[row][column]), ratio[row][column] === null ? null : el("small", {}, `×${ratio[row][column].toFixed(2)} · p ${p[row][column].toFixed(3)}`));
  };
  return el("div", { class: "table-holder" }, el("table", { class: "table near-table" },
    el("thead", {}, el("tr", {}, el("td", {}), spans.map((span) => el("th", { attributes: { scope: "col" } }, span)))),
    el("tbody", {}, bands.map((band, row) => el("tr", {}, el("th", { attributes: { scope: "row" } }, band), spans.map((_, column) => cell(row, column)))))));
}

const near = {
  ask: (wanted) => get("near-repeats", { ...wanted, weeks: Math.min(104, wanted.weeks) }),
  show(answer) {
    const sentences = answer[`sentences_${language}`];
    return {
      features: [], signs: [], look: { colour: () => COLD, tip: () => "" },
      state: together(because(answer) ?? t("police.near_found", { n: count(answer.incidents), weeks: answer.weeks }), leftOut(answer)),
      legend: [], items: [],
      panel: why(answer) ? null : el("div", {}, sentences.length ? el("ul", { class: "told" }, sentences.map((one) => el("li", {}, one))) : el("p", {}, t("police.near_none")), nearTable(answer)),
    };
  },
};

/* ---- risk of the coming week ---- */

function riskOf({ expected, causes, factors }) {
  const known = (cause) => (names.has(cause) ? names.get(cause) : t(`police.cause.${cause}`));
  const told = causes.map(({ cause, share }) => `${known(cause)} ${Math.round(share * 100)} %`).join(t("list.comma"));
  const times = Object.entries(factors).filter(([, by]) => by >= FACTOR).sort((a, b) => b[1] - a[1]).slice(0, 2).map(([name, by]) => `${known(name)} ×${by}`).join(t("list.comma"));
  return together(expected === null ? t("police.risk_few") : t("police.expected", { n: expected, days: RISK_DAYS }), told && t("police.because", { causes: told }), times && t("police.times", { factors: times }));
}

const risk = {
  ask: ({ city }) => get("risk", { city, days: RISK_DAYS }),
  show({ features, cells: area, uncertain, ...rest }) {
    return {
      features, signs: features.filter((one) => one.properties.top <= SIGNED),
      look: { colour: (p) => TOPS[p.top], tip: riskOf },
      state: !features.length && why(rest) ? because(rest) : together(t("police.risk_found", { cells: count(area), days: RISK_DAYS }), uncertain && t("police.risk_uncertain", { n: count(uncertain) }), why(rest) && t("police.no_model", { reason: why(rest) })),
      legend: Object.entries(TOPS).sort((a, b) => a[0] - b[0]).map(([share, colour]) => [colour, t("police.top", { n: Math.round(share * 100) })]),
      items: features.slice(0, MOST).map((one) => ({ feature: one, colour: TOPS[one.properties.top], text: `${one.properties.rank}. ${placeOf(one)}`, more: [one.properties.code, riskOf(one.properties)] })),
    };
  },
};

/* ---- how good the maps are ---- */

function methodTable({ methods, default: best, incidents, left_out: unsure, months }) {
  const shares = [...new Set(methods.map((row) => row.share))];
  const families = [...Map.groupBy(methods, (row) => row.method).entries()];
  const percent = (value) => `${(100 * value).toFixed(1)} %`;
  return el("div", {},
    el("p", { class: "soft" }, together(t(months.length > 1 ? "police.months" : "police.month", { first: months[0].slice(0, 7), last: months.at(-1).slice(0, 7), n: count(incidents) }), unsure && t("police.evaluation_left_out", { n: count(unsure) }))),
    el("div", { class: "table-holder" }, el("table", { class: "table" },
      el("thead", {}, el("tr", {}, el("th", { attributes: { scope: "col" } }, t("police.how")), shares.map((share) => el("th", { attributes: { scope: "col" } }, t("police.in_area", { n: 100 * share }))))),
      el("tbody", {}, families.map(([family, rows]) => el("tr", { class: family === best ? "best" : "" },
        el("th", { attributes: { scope: "row" } }, t(`police.family.${family.replace(" ", "_")}`), family === best && el("small", {}, t("police.default"))),
        rows.map((row) => el("td", {}, percent(row.hit_rate), el("small", {}, `${percent(row.low)}–${percent(row.high)} · PAI ${row.pai.toFixed(1)} · PEI ${row.pei.toFixed(2)}`)))))))));
}

const evaluation = {
  ask: ({ city }) => get("evaluation", { city }),
  show(answer) {
    const again = answer.state === "working";
    return {
      features: [], signs: [], look: { colour: () => COLD, tip: () => "" }, legend: [], items: [], again,
      state: again ? t("police.working") : answer.state === "done" ? said(answer) : t("police.too_little", { reason: why(answer) }),
      panel: answer.state === "done" ? methodTable(answer) : null,
    };
  },
};

/* ---- maps to open, print and keep ---- */

function address(wanted, more) {
  const { from, to, before } = periods(wanted);
  const parts = new URLSearchParams();
  const all = { ...wanted, weeks: null, from, to, language, ...more };
  if (more.view === "side" || more.view === "difference") Object.assign(all, { versus_from: before.from, versus_to: before.to });
  for (const [name, value] of Object.entries(all)) for (const one of [value].flat()) if (one !== null && one !== undefined && one !== "") parts.append(name, one);
  return `/api/v1/heatmap?${parts}`;
}

const VIEWS = [["slider", { view: "cells", by_week: "true" }], ["density", { view: "density" }], ["side", { view: "side" }], ["difference", { view: "difference" }]];
const maps = {
  ask: async (wanted) => wanted,
  show: (wanted) => ({
    features: [], signs: [], look: { colour: () => COLD, tip: () => "" }, legend: [], items: [], state: t("police.maps_note"),
    views: VIEWS.map(([name, more]) => ({ name: t(`police.view.${name}`), href: address(wanted, more) })),
  }),
};

function periodOf(wanted) {
  const { from, to } = periods(wanted);
  return { from, to };
}

export const MODES = { spots, density, clusters, emerging, near, risk, evaluation, maps };
