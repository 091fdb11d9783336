// The meeting: a period, its figures, and slides of them.

import { get, isAborted } from "../lib/api.js";
import { label, language, pageConfig, t } from "../lib/i18n.js";
import { keepHash } from "../lib/masthead.js";
import { say } from "../lib/table.js";
import { offerBrief } from "../meeting/brief.js";
import { showDecisions } from "../meeting/decisions.js";
import { showAlerts, showEffects } from "../meeting/findings.js";
import { offer } from "../meeting/report.js";
import { offerShares } from "../meeting/share.js";
import { listen, present } from "../meeting/show.js";
import { showSupport } from "../meeting/support.js";
import * as tables from "../meeting/tables.js";

const byId = (id) => document.getElementById(id);
const form = byId("chooser");
const categoryNames = Object.fromEntries(pageConfig.categories.map((one) => [one.code, label(one)]));
let period = null;
let shown = null;
let running = null;

function write() {
  const parts = new URLSearchParams({ period });
  if (form.elements.city) parts.set("city", form.elements.city.value);
  window.history.replaceState(null, "", `#${parts}`);
  keepHash();
}

function restore() {
  const said = new URLSearchParams(window.location.hash.slice(1));
  const city = form.elements.city;
  if (city) city.value = [...city.options].some((one) => one.value === said.get("city")) ? said.get("city") : pageConfig.city;
  period = said.get("period") || pageConfig.periods[city?.value ?? pageConfig.city].week;
}

async function load() {
  write();
  running?.abort();
  running = new AbortController();
  document.body.removeAttribute("data-ready");
  const city = form.elements.city?.value;
  try {
    const said = await get(`meetings/${period}/figures`, { city }, { signal: running.signal });
    draw(said, { period, city });
    const others = said.period.state === "coming" ? [] : [showAlerts({ period, city }), showEffects({ period, city }), showSupport({ period, city }, said.period.to)];
    await Promise.all([showDecisions({ period, city }, said), ...others]);
    say(byId("problem"));
  } catch (error) {
    if (isAborted(error)) return;
    fail(error.message);
  }
  document.body.dataset.ready = "";
}

/** Say why nothing can be shown, and leave nothing of another city or period on the page. */
function fail(words) {
  shown = null;
  byId("slides").hidden = true;
  byId("period").textContent = period;
  byId("days").textContent = "";
  for (const id of ["before", "after", "present"]) byId(id).disabled = true;
  say(byId("problem"), words);
}

/** Which days these are, and how many of the school days have come. */
function daysOf(of) {
  const days = { from: of.from, to: of.to, until: of.until, n: of.school_days, of: of.school_days_in_all };
  if (of.state === "coming") return t("meeting.days_coming", days);
  if (of.state === "running") return t("meeting.days_running", days);
  return t(of.school_days ? "meeting.days" : "meeting.days_none", days);
}

function draw(said, asked) {
  shown = said;
  form.elements.kind.value = said.period.kind;
  byId("period").textContent = said.period[language];
  byId("before").disabled = !said.period.previous;
  byId("after").disabled = !said.period.next;
  byId("days").textContent = daysOf(said.period);
  byId("slides").hidden = false;
  byId("present").disabled = false;
  const coming = said.period.state === "coming"; // then there are no figures, only what was decided
  for (const slide of document.querySelectorAll("[data-slide]")) {
    if (slide.id !== "support-slide") slide.hidden = coming && !slide.hasAttribute("data-always");
    else if (coming) slide.hidden = true;
  }
  tables.tiles(said, asked);
  tables.allFigures(said, asked);
  tables.categories(said, asked);
  tables.reported(said);
  tables.grouped(said, "district", asked);
  tables.grouped(said, "department", asked);
  tables.bands(said);
  tables.schools(said);
  tables.overdue(said, categoryNames);
  const query = new URLSearchParams({ lang: language, ...(asked.city ? { city: asked.city } : {}) });
  for (const name of ["hazards", "effort"]) byId(`map-${name}`).src = `/api/v1/meetings/${period}/maps/${name}.svg?${query}`;
  offerBrief(asked);
  offerShares(asked);
  offer(said, load);
}

function go(code) {
  if (!code) return;
  period = code;
  load();
}

byId("before").addEventListener("click", () => go(shown?.period.previous));
byId("after").addEventListener("click", () => go(shown?.period.next));
byId("present").addEventListener("click", present);
form.addEventListener("submit", (event) => event.preventDefault());
form.elements.kind.addEventListener("change", (event) => {
  const found = pageConfig.periods[form.elements.city?.value ?? pageConfig.city][event.target.value];
  if (found) return go(found);
  event.target.value = shown?.period.kind ?? event.target.value;
  say(byId("problem"), t("meeting.no_term"));
});
form.elements.city?.addEventListener("change", (event) => {
  if (!period?.includes("-T")) return load();
  running?.abort();
  period = pageConfig.periods[event.target.value].term ?? period; // each city has terms of its own
  if (pageConfig.periods[event.target.value].term) load();
  else fail(t("meeting.no_term"));
});
window.addEventListener("hashchange", () => { restore(); load(); });
listen();
restore();
load();
