// Reporting an incident: sealed as soon as it is sent; the answer is a receipt.

import { CircleMarker } from "../lib/leaflet.js";
import { post } from "../lib/api.js";
import { momentAt } from "../lib/days.js";
import { pageConfig, t } from "../lib/i18n.js";
import { say } from "../lib/table.js";
import { map } from "./cellmap.js";
import { form as filters } from "./question.js";

const byId = (id) => document.getElementById(id);
const panel = byId("report-panel");
const form = byId("report");
let marker = null;
let identity = crypto.randomUUID(); // the same report sent again is the same record

function place({ lat, lng }) {
  form.elements.lon.value = lng.toFixed(6);
  form.elements.lat.value = lat.toFixed(6);
  marker ??= new CircleMarker([lat, lng], { radius: 8, color: "#0d1b26", weight: 3, fillColor: "#ffd873", fillOpacity: 1, interactive: false });
  marker.setLatLng([lat, lng]).addTo(map);
  byId("report-place").textContent = t("police.report_at", { lat: lat.toFixed(5), lon: lng.toFixed(5) });
}

map.on("click", ({ latlng }) => { if (panel.open) place(latlng); });
panel.addEventListener("toggle", () => { if (!panel.open) marker?.remove(); });
form.elements.time_unknown.addEventListener("change", (event) => { form.elements.to.disabled = event.target.checked; });
form.addEventListener("reset", () => { form.elements.to.disabled = false; });

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const said = new FormData(form);
  say(byId("report-problem"));
  say(byId("report-done"));
  if (!said.get("lon")) {
    say(byId("report-problem"), t("police.report_no_place"));
    return;
  }
  const city = pageConfig.cities.find((one) => one.code === filters.elements.city?.value) ?? pageConfig.cities[0];
  const unknown = said.get("time_unknown") === "true";
  const from = unknown ? `${said.get("from").slice(0, 10)}T00:00` : said.get("from");
  const body = {
    id: identity, type: said.get("type"), lon: Number(said.get("lon")), lat: Number(said.get("lat")),
    occurred_from: momentAt(from, city.time_zone), time_known: !unknown, serious: said.get("serious") === "true",
    age_band: said.get("age_band"), note: said.get("note"),
  };
  if (said.get("to") && !unknown) body.occurred_to = momentAt(said.get("to"), city.time_zone);
  if (said.get("people_count")) body.people_count = Number(said.get("people_count"));
  try {
    const receipt = await post("incidents", body);
    identity = crypto.randomUUID();
    form.reset();
    form.elements.lon.value = form.elements.lat.value = "";
    byId("report-place").textContent = t("police.report_where");
    marker?.remove();
    const warnings = receipt.warnings.map((one) => one.what ?? one).join(" ");
    say(byId("report-done"), [t("police.report_done"), warnings].filter(Boolean).join(" "));
    form.dispatchEvent(new CustomEvent("reported", { bubbles: true }));
  } catch (error) {
    say(byId("report-problem"), error.message);
  }
});
