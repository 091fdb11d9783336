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
    await Promise.all([showDecisions({ period, city }, said), showAlerts({ period, city }), showEffects({ period, city }), showSupport({ period, city }, said.period.to)]);
    say(byId("problem"));
  } catch (error) {
    if (isAborted(error)) return;
    say(byId("problem"), error.message);
  }
  document.body.dataset.ready = "";
}

function draw(said, asked) {
  shown = said;
  form.elements.kind.value = said.period.kind;
  byId("period").textContent = said.period[language];
  byId("before").disabled = !said.period.previous;
  byId("after").disabled = !said.period.next;
  const days = { from: said.period.from, to: said.period.to, n: said.period.school_days };
  byId("days").textContent = t(said.period.school_days ? "meeting.days" : "meeting.days_none", days);
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
  if (found) go(found);
  else say(byId("problem"), t("meeting.no_term"));
});
form.elements.city?.addEventListener("change", load);
window.addEventListener("hashchange", () => { restore(); load(); });
listen();
restore();
load();
