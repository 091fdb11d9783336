// The police page: where incidents gather and what that means, when they happen, what is to come, and how sure that is.

import { GeoJSON } from "../lib/leaflet.js";
import { get } from "../lib/api.js";
import { pageConfig, t } from "../lib/i18n.js";
import { keepHash } from "../lib/masthead.js";
import { say } from "../lib/table.js";
import { el } from "../lib/text.js";
import { choose, draw, placeOf, whenPicked } from "../police/cellmap.js";
import { MODES, knowCategories } from "../police/modes.js";
import { fillPlaces, form, periods, question, remember, restore } from "../police/question.js";
import "../police/report.js";
import { showWhen } from "../police/when.js";

const AGAIN_MS = 3_000;
const byId = (id) => document.getElementById(id);
let mode = "spots";
let asked = 0;

/* ---- one cell ---- */

/** One step to a patrol plan, and to the sealed detail of the period. */
function stepsFrom(feature) {
  const { from, to } = periods(question());
  const middle = new GeoJSON(feature).getBounds().getCenter();
  const place = { at: `${middle.lng.toFixed(6)},${middle.lat.toFixed(6)}`, name: placeOf(feature) };
  return el("span", { class: "steps" },
    pageConfig.patrols && el("a", { attributes: { href: `/patrols#${new URLSearchParams({ ...place, city: form.elements.city?.value ?? "" })}` } }, t("police.to_patrol")),
    el("a", { attributes: { href: `/sealed#${new URLSearchParams({ from, to, city: form.elements.city?.value ?? "" })}` } }, t("police.to_sealed")));
}

function pick(feature, { scroll = false, move = false } = {}) {
  choose(feature, { move });
  for (const item of byId("spots").children) {
    const own = item.dataset.id === feature.id;
    if (own) item.setAttribute("aria-current", "true");
    else item.removeAttribute("aria-current");
    if (own && scroll) item.scrollIntoView({ block: "nearest" });
  }
  byId("cell-card").replaceChildren(el("b", {}, placeOf(feature)), el("span", {}, shown?.look.tip(feature.properties) ?? ""), stepsFrom(feature));
  byId("cell-card").hidden = false;
  if (move) byId("cell-card").scrollIntoView({ block: "nearest" }); // on a phone the list stands below the map
}

/* ---- what is shown ---- */

let shown = null;

function show(answer) {
  shown = MODES[mode].show(answer);
  const { features, look, signs, items, legend, unit, state, panel, views } = shown;
  draw(features, look, signs);
  choose(null);
  byId("cell-card").hidden = true;
  say(byId("state"), state);
  byId("legend").replaceChildren(unit ? el("li", { class: "soft" }, unit) : "", ...legend.map(([colour, words]) => {
    const swatch = el("span", { class: "swatch-hot" });
    swatch.style.background = colour;
    return el("li", {}, swatch, words);
  }));
  byId("legend").hidden = !legend.length;
  byId("spots").replaceChildren(...items.map(({ feature, colour, text, more }) => {
    const swatch = el("span", { class: "swatch-hot", attributes: { "aria-hidden": "true" } });
    swatch.style.background = colour;
    return el("li", { attributes: { "data-id": feature.id } },
      el("button", { attributes: { type: "button" }, on: { click: () => pick(feature, { move: true }) } }, swatch, el("span", {}, text, el("small", {}, more.filter(Boolean).join(" · ")))));
  }));
  byId("mode-panel").replaceChildren(panel ?? "");
  byId("views").replaceChildren(...(views ?? []).map(({ name, href }, at) => el("button", { class: "queue", attributes: { type: "button", "aria-pressed": String(at === 0), "data-href": href } }, name)));
  byId("views-bar").hidden = !views;
  byId("frame").hidden = !views;
  if (views) openView(views[0].href);
}

/** Open a map page in its frame; where there is none, the page says why. */
function openView(href) {
  for (const button of byId("views").children) button.setAttribute("aria-pressed", String(button.dataset.href === href));
  byId("view-open").href = href;
  say(byId("state"), t("state.loading"));
  byId("frame").contentWindow.location.replace(new URL(href, window.location.href).href);
}

async function ask() {
  const turn = (asked += 1);
  const wanted = question();
  remember(mode);
  byId("method-field").hidden = mode !== "spots";
  say(byId("problem"));
  say(byId("state"), t("state.loading"));
  const { from, to, before } = periods(wanted);
  try {
    const [found, when] = await Promise.all([MODES[mode].ask(wanted), get("incidents/rhythm", { ...wanted, weeks: null, from, to })]);
    if (turn !== asked) return;
    show(found);
    showWhen(when);
    if (shown.again) setTimeout(() => { if (turn === asked) ask(); }, AGAIN_MS);
  } catch (error) {
    if (turn !== asked) return;
    say(byId("state"));
    byId("spots").replaceChildren();
    byId("mode-panel").replaceChildren();
    draw([], { colour: () => "", tip: () => "" });
    say(byId("problem"), error.message);
  }
  byId("before").textContent = mode === "maps" ? t("police.before", { from: before.from, to: before.to }) : "";
  document.body.dataset.ready = "";
}

function turnTo(name) {
  mode = name in MODES ? name : "spots";
  byId("main").dataset.shows = mode;
  for (const button of document.querySelectorAll("[data-mode]")) button.setAttribute("aria-pressed", String(button.dataset.mode === mode));
}

for (const button of document.querySelectorAll("[data-mode]")) button.addEventListener("click", () => { turnTo(button.dataset.mode); ask(); });
byId("views").addEventListener("click", ({ target }) => { if (target.dataset.href) openView(target.dataset.href); });
byId("frame").addEventListener("load", () => { if (mode === "maps" && shown) say(byId("state"), shown.state); });
whenPicked(pick);
get("vocabulary").then(knowCategories, () => {});
turnTo(restore() ?? "spots");
form.addEventListener("change", ({ target }) => {
  if (target.name === "city") fillPlaces();
  ask();
});
form.addEventListener("submit", (event) => event.preventDefault());
document.addEventListener("reported", ask);
keepHash();
ask();
