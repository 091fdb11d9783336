// The police page: hot spots with their sentences, on the map, and when incidents happen.

import { CircleMarker, GeoJSON, LayerGroup } from "../../vendor/leaflet/leaflet-src.esm.js";
import { get } from "../lib/api.js";
import { groundLayer } from "../lib/ground.js";
import { count, label, language, pageConfig, t } from "../lib/i18n.js";
import { createMap, goHome, tileLayer, writeAttribution } from "../lib/map.js";
import { keepHash } from "../lib/masthead.js";
import { say } from "../lib/table.js";
import { el } from "../lib/text.js";

const byId = (id) => document.getElementById(id);
const form = byId("filters");
const COLOURS = { 99: "#a50f15", 95: "#de2d26", 90: "#fb8a6a", 0: "#f4e3c2" };
const COLD = "#4a90c2";
const TOPS = { 0.01: "#54278f", 0.02: "#756bb1", 0.05: "#9e9ac8", 0.2: "#dadaeb" };
const RISK_DAYS = 7;
const MOST_RISKS = 40;
const FIRST_HOUR = 6;
const LAST_HOUR = 22;
const FAR_BELOW = 13;
const DAY_MS = 86_400_000;
let asked = 0;
let chosen = null;
let mode = "spots"; // or "risk"

/* ---- what is asked for, in the address ---- */

function query() {
  const said = new FormData(form);
  const wanted = { city: said.get("city"), type: said.get("type"), to: said.get("to"), weekday: said.getAll("weekday"), after_school: said.get("after_school") ?? "false", weeks: said.get("weeks") };
  const parts = new URLSearchParams();
  for (const [name, value] of Object.entries(wanted)) for (const one of [value].flat()) if (one) parts.append(name, one);
  window.history.replaceState(null, "", `#${parts}`);
  keepHash();
  return wanted;
}

function restore() {
  const said = new URLSearchParams(window.location.hash.slice(1));
  if (!said.size) return;
  for (const name of ["city", "type", "to", "weeks"]) if (form.elements[name] && said.has(name)) form.elements[name].value = said.get(name);
  for (const box of form.querySelectorAll("[name=weekday]")) box.checked = said.getAll("weekday").includes(box.value);
  form.elements.after_school.checked = said.get("after_school") === "true";
}

/* ---- the map ---- */

const map = createMap(byId("map"));
goHome(map);
(tileLayer() ?? groundLayer({ version: pageConfig.ground })).addTo(map);
writeAttribution(byId("attribution"));
new ResizeObserver(() => map.invalidateSize({ animate: false })).observe(byId("map"));
const cells = new GeoJSON(null, {
  style: ({ id, properties }) => ({
    color: id === chosen ? "#12344d" : "#5b2a1a", weight: id === chosen ? 3 : 0.75,
    fillColor: properties.top ? TOPS[properties.top] : properties.class < 0 ? COLD : COLOURS[properties.class], fillOpacity: properties.top || properties.class ? 0.72 : 0.5,
  }),
  onEachFeature: ({ id, properties }, layer) => {
    layer.bindTooltip(() => el("div", {}, el("b", {}, properties.schools.join(t("list.comma")) || properties.code), properties.top ? el("div", {}, riskOf(properties)) : [el("div", {}, countOf(properties)), el("div", {}, properties[`sentence_${language}`] ?? t("police.no_difference"))]), { className: "cell-tip" });
    layer.on("click", () => pick(id, { scroll: true }));
  },
}).addTo(map);

const far = new LayerGroup().addTo(map); // cells are too small to see from afar
map.on("zoomend", () => (map.getZoom() < FAR_BELOW ? far.addTo(map) : far.remove()));

const countOf = ({ count: n }) => (n === null ? t("police.few") : t("police.count", { n: count(n) }));

function pick(id, { scroll = false, move = false } = {}) {
  chosen = id;
  cells.setStyle(cells.options.style);
  for (const item of byId("spots").children) {
    const own = item.dataset.id === id;
    if (own) item.setAttribute("aria-current", "true");
    else item.removeAttribute("aria-current");
    if (own && scroll) item.scrollIntoView({ block: "nearest" });
  }
  const layer = cells.getLayers().find((one) => one.feature.id === id);
  if (layer && move) map.fitBounds(layer.getBounds().pad(2), { animate: false, maxZoom: 17 });
}

/* ---- what is shown ---- */

function showSpots(document) {
  const { features, weeks, cells: area } = document;
  cells.clearLayers();
  cells.addData(features);
  const told = features.filter((one) => one.properties.class > 0).sort((a, b) => b.properties.class - a.properties.class || (b.properties.z ?? 0) - (a.properties.z ?? 0));
  const places = [...Map.groupBy(told, ({ properties }) => properties.schools[0] ?? properties.code).values()];
  far.clearLayers();
  for (const [one] of places) {
    const [lon, lat] = one.geometry.coordinates[0][0];
    new CircleMarker([lat, lon], { radius: 9, color: "#ffffff", weight: 2, fillColor: COLOURS[one.properties.class], fillOpacity: 0.95 })
      .bindTooltip(el("span", {}, one.properties[`sentence_${language}`])).on("click", () => pick(one.id, { scroll: true, move: true })).addTo(far);
  }
  say(byId("state"), document[`reason_${language}`] ?? t(told.length ? "police.found" : "police.none", { n: count(told.length), places: count(places.length), cells: count(area), weeks }));
  byId("spots").replaceChildren(...places.map(([{ id, properties }, ...beside]) => el("li", { attributes: { "data-id": id } },
    el("button", { attributes: { type: "button" }, on: { click: () => pick(id, { move: true }) } },
      el("span", { class: `swatch-hot swatch-hot--${properties.class}`, attributes: { "aria-hidden": "true" } }),
      el("span", {}, properties[`sentence_${language}`], el("small", {}, `${properties.code} · ${t(`police.class.${properties.class}`)}${beside.length ? ` · ${t("police.beside", { n: count(beside.length) })}` : ""}`))))));
  if (cells.getLayers().length) map.fitBounds(cells.getBounds(), { animate: false, padding: [24, 24] });
}

const FACTOR = 1.05; // a hazard that changes less is not told
let names = new Map(); // of hazard categories

/** What is to be expected in a cell, and what it comes from. */
function riskOf({ expected, causes, factors }) {
  const known = (cause) => (names.has(cause) ? names.get(cause) : t(`police.cause.${cause}`));
  const told = causes.map(({ cause, share }) => `${known(cause)} ${Math.round(share * 100)} %`).join(t("list.comma"));
  const times = Object.entries(factors).filter(([, by]) => by >= FACTOR).sort((a, b) => b[1] - a[1]).slice(0, 2).map(([name, by]) => `${known(name)} ×${by}`).join(t("list.comma"));
  return [expected === null ? t("police.risk_few") : t("police.expected", { n: expected, days: RISK_DAYS }), told && t("police.because", { causes: told }), times && t("police.times", { factors: times })].filter(Boolean).join(" ");
}

function showRisk(document) {
  const { features, cells: area, reason } = document;
  cells.clearLayers();
  cells.addData(features);
  far.clearLayers();
  say(byId("state"), [t("police.risk_found", { cells: count(area), days: RISK_DAYS }), reason].filter(Boolean).join(" "));
  byId("spots").replaceChildren(...features.slice(0, MOST_RISKS).map(({ id, properties }) => el("li", { attributes: { "data-id": id } },
    el("button", { attributes: { type: "button" }, on: { click: () => pick(id, { move: true }) } },
      el("span", { class: `swatch-hot swatch-top--${Math.round(properties.top * 100)}`, attributes: { "aria-hidden": "true" } }),
      el("span", {}, `${properties.rank}. ${properties.schools.join(t("list.comma")) || properties.code}`, el("small", {}, `${properties.code} · ${riskOf(properties)}`))))));
  if (cells.getLayers().length) map.fitBounds(cells.getBounds(), { animate: false, padding: [24, 24] });
}

function shade(share) {
  return `color-mix(in srgb, #a50f15 ${Math.round(share > 0.8 ? 90 : share * 70)}%, #fdf6ec)`;
}

function showRhythm({ hours, dismissal, total }) {
  const most = Math.max(1e-9, ...hours.flat());
  const wanted = Array.from({ length: LAST_HOUR - FIRST_HOUR + 1 }, (_, at) => FIRST_HOUR + at);
  byId("rhythm").replaceChildren(
    el("thead", {}, el("tr", {}, el("th", { attributes: { scope: "col" } }, ""), wanted.map((hour) => el("th", { attributes: { scope: "col" } }, hour)))),
    el("tbody", {}, hours.map((row, day) => el("tr", {}, el("th", { attributes: { scope: "row" } }, t(`police.day.${day + 1}`)), wanted.map((hour) => {
      const share = row[hour] / most;
      const cell = el("td", {}, row[hour] ? count(row[hour]) : "");
      cell.style.background = shade(share);
      cell.style.color = share > 0.8 ? "#ffffff" : "#14232f";
      return cell;
    })))));
  const high = Math.max(1, ...dismissal.map((one) => one.count));
  byId("dismissal").replaceChildren(...dismissal.map(({ from_min: minute, count: n }) => {
    const bar = el("div", { class: minute >= -30 && minute < 60 ? "bar bar--school" : "bar", attributes: { title: t("police.bar", { minute, n: count(n) }) } }, n ? el("b", {}, count(n)) : null, minute % 30 === 0 ? el("span", {}, minute > 0 ? `+${minute}` : minute) : null);
    bar.style.height = `${(100 * n) / high}%`;
    return bar;
  }));
  if (!total) byId("rhythm").replaceChildren(el("caption", { class: "soft" }, t("police.no_incident")));
}

async function show() {
  const turn = (asked += 1);
  const wanted = query();
  say(byId("problem"));
  say(byId("state"), t("state.loading"));
  const last = wanted.to ? new Date(`${wanted.to}T12:00:00Z`) : new Date();
  const day = (moment) => moment.toISOString().slice(0, 10);
  const { weeks, ...same } = wanted;
  const from = day(new Date(last.getTime() - (7 * Number(weeks) - 1) * DAY_MS));
  try {
    const [found, when] = await Promise.all([mode === "risk" ? get("risk", { city: wanted.city, days: RISK_DAYS }) : get("hotspots", wanted), get("incidents/rhythm", { ...same, from, to: wanted.to || day(last) })]);
    if (turn !== asked) return;
    if (mode === "risk") showRisk(found);
    else showSpots(found);
    showRhythm(when);
    byId("heat").href = `/heat#${new URLSearchParams({ from, to: wanted.to || day(last), type: wanted.type ?? "", after_school: wanted.after_school, by_week: "true" })}`;
  } catch (error) {
    if (turn !== asked) return;
    say(byId("state"));
    say(byId("problem"), error.message);
  }
  document.body.dataset.ready = "";
}

function choose(name) {
  mode = name;
  chosen = null;
  for (const button of document.querySelectorAll("[data-mode]")) button.setAttribute("aria-pressed", String(button.dataset.mode === mode));
  byId("legend-spots").hidden = mode !== "spots";
  byId("legend-risk").hidden = mode !== "risk";
  byId("spots").replaceChildren();
  cells.clearLayers();
  far.clearLayers();
  show();
}

for (const button of document.querySelectorAll("[data-mode]")) button.addEventListener("click", () => choose(button.dataset.mode));
get("vocabulary").then((words) => { names = new Map(words.hazard_categories.map((one) => [one.code, label(one)])); }, () => {});
restore();
form.addEventListener("change", show);
form.addEventListener("submit", (event) => event.preventDefault());
show();
