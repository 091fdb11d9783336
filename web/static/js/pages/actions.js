// Joint actions: the list and their areas on the map, one action with its progress and effect, and planning one.

import { get, getFeatures } from "../lib/api.js";
import { attempts } from "../lib/attempt.js";
import { label, pageConfig, t } from "../lib/i18n.js";
import { keepHash } from "../lib/masthead.js";
import { Palette } from "../lib/symbols.js";
import { say } from "../lib/table.js";
import { el } from "../lib/text.js";
import { AreaMap } from "../actions/areamap.js";
import { planForm } from "../actions/plan.js";
import { showAction, stateTag } from "../actions/one.js";

const PAGES = 4;
const byId = (id) => document.getElementById(id);
const problem = byId("problem");
const app = { actions: [], current: null, palette: new Palette([]), names: new Map(), map: null };

const named = (code) => app.names.get(code) ?? code;

function writeAddress() {
  window.history.replaceState(null, "", app.current ? `#action=${app.current}` : window.location.pathname);
  keepHash();
}

function row({ id, properties }) {
  const lead = properties.departments.find((one) => one.lead)?.department;
  return el("li", { class: "case case--plain", attributes: { "data-id": id, "aria-current": id === app.current ? "true" : null }, on: { click: () => open(id) } },
    el("div", {},
      el("button", { class: "case__name", attributes: { type: "button" } }, properties.title),
      el("p", { class: "case__line" }, [`${properties.starts_on} – ${properties.ends_on}`, named(lead), properties.departments.length > 1 && t("actions.departments_n", { n: properties.departments.length })].filter(Boolean).join(" · "))),
    el("div", { class: "case__side" }, stateTag(properties.state), properties.invented && el("div", {}, el("span", { class: "tag tag--off" }, t("invented.tag")))));
}

function render() {
  byId("actions").replaceChildren(...(app.actions.length ? app.actions.map(row) : [el("li", { class: "case case--plain case__line" }, t("actions.empty"))]));
  app.map.show(app.actions, app.current);
}

async function load() {
  const { features, truncated } = await getFeatures("actions", { limit: 1000 }, { pages: PAGES });
  app.actions = features;
  say(byId("state"), truncated ? t("state.truncated", { n: features.length }) : t("actions.count", { n: features.length }));
  render();
}

const attempt = attempts(problem);

async function open(id) {
  app.map.stopDrawing();
  app.current = id;
  writeAddress();
  render();
  await attempt(async () => {
    await showAction(byId("action"), id, { palette: app.palette, named, map: app.map, close, attempt, edit, changed: async () => { await load(); await open(id); } });
    app.map.look(id);
    byId("action").focus();
  });
}

function close() {
  const id = app.current;
  app.map.stopDrawing();
  app.map.showCases([]);
  app.current = null;
  byId("action").hidden = true;
  writeAddress();
  render();
  byId("actions").querySelector(`[data-id="${id}"] .case__name`)?.focus();
}

async function schoolsOf(code) {
  const bbox = pageConfig.cities.find((one) => one.code === code)?.bounds.join(",");
  return (await getFeatures("schools", { bbox, limit: 1000 }, { pages: PAGES })).features;
}

/** Plan a new action, or (given one) change its plan. */
async function edit(known = null) {
  await attempt(async () => {
    const city = known?.properties.city ?? app.map.cityInView(pageConfig.cities)?.code;
    const schools = await schoolsOf(city);
    app.map.showCases([]);
    byId("action").replaceChildren(planForm({ known, city, schools, schoolsOf, palette: app.palette, names: app.names, map: app.map, attempt, cancel: () => (known ? open(known.id) : close()), done: async (id) => { app.map.stopDrawing(); await load(); await open(id); } }));
    byId("action").hidden = false;
    byId("action").querySelector("input")?.focus();
  });
}

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && app.current && !event.target.matches("input, textarea, select")) close();
});

async function begin() {
  app.map = new AreaMap(byId("map"), byId("hint"), { choose: open });
  byId("new")?.addEventListener("click", () => { app.current = null; render(); edit(); });
  await attempt(async () => {
    const [{ departments }, vocabulary] = await Promise.all([get("departments"), get("vocabulary")]);
    app.names = new Map(departments.filter((one) => !one.ended_on).map((one) => [one.code, label(one)]));
    app.palette = new Palette(vocabulary.hazard_categories);
    await load();
    const wanted = new URLSearchParams(window.location.hash.slice(1)).get("action");
    if (wanted) await open(wanted);
    else app.map.lookAtAll();
  });
  keepHash();
}

begin();
