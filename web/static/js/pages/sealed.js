// Requests to see sealed incidents, decisions on them, and the incidents themselves.

import { getPage, post } from "../lib/api.js";
import { attempts } from "../lib/attempt.js";
import { dateTime, label, pageConfig, t } from "../lib/i18n.js";
import { keepHash } from "../lib/masthead.js";
import { addRows, fillTable } from "../lib/table.js";
import { el } from "../lib/text.js";

const byId = (id) => document.getElementById(id);
const problem = byId("problem");
const roles = pageConfig.me?.roles ?? [];
const types = new Map((pageConfig.incident_types ?? []).map((type) => [type.code, type]));

const attempt = attempts(problem);

/* ---- requests ---- */

const STATES = { requested: "tag", approved: "tag tag--good", refused: "tag tag--alert" };

function decisionButtons(request) {
  if (!roles.includes("leader") || request.status !== "requested") return "";
  const act = (decision) => el(
    "button",
    {
      class: "text-button",
      attributes: { type: "button" },
      on: {
        click: () => attempt(async () => {
          await post(`sealed-requests/${request.id}/decision`, { decision });
          await listRequests();
        }),
      },
    },
    t(`sealed.${decision}`),
  );
  return el("div", { class: "actions" }, act("approve"), act("refuse"));
}

function requestRow(request) {
  const until = request.valid_until ? t("sealed.until", { moment: dateTime(request.valid_until) }) : "";
  return [
    request.requester,
    request.purpose,
    el("span", { class: "nowrap" }, `${request.first_day} – ${request.last_day}`),
    [el("span", { class: STATES[request.status] }, t(`sealed.status.${request.status}`)), until],
    request.decided_by ?? "",
    decisionButtons(request),
  ];
}

async function listRequests() {
  const table = byId("requests-table");
  if (!table) return;
  const { data } = await getPage("sealed-requests", { limit: 1000 });
  const heads = [t("sealed.requester"), t("sealed.purpose"), t("sealed.days"), t("sealed.state"), t("sealed.decided_by"), ""];
  fillTable(table, heads, data.requests.toReversed().map(requestRow));
}

byId("ask")?.addEventListener("submit", (event) => {
  event.preventDefault();
  const form = event.target;
  attempt(async () => {
    await post("sealed-requests", { id: crypto.randomUUID(), ...Object.fromEntries(new FormData(form)) });
    form.reset();
    await listRequests();
  });
});

/* ---- incidents ---- */

const more = byId("more-incidents");
let next = null;

function incidentRow(incident) {
  return [
    el("span", { class: "nowrap" }, incident.time_known ? dateTime(incident.occurred_from) : incident.occurred_from.slice(0, 10)),
    [label(types.get(incident.type) ?? incident.type), " ", incident.serious && el("span", { class: "tag tag--alert" }, t("sealed.serious"))],
    incident.nearest_school ?? "",
    incident.minutes_after_dismissal ?? "",
    el("span", { class: "soft" }, incident.cell_code ?? ""),
    incident.people_count ?? "",
    incident.age_band,
    incident.note,
  ];
}

byId("view").addEventListener("submit", (event) => {
  event.preventDefault();
  attempt(async () => {
    const { data, next: following } = await getPage("incidents", Object.fromEntries(new FormData(event.target)));
    const heads = [t("admin.when"), t("heat.type"), t("sealed.school"), t("sealed.minutes"), t("sealed.cell"), t("sealed.people"), t("sealed.age"), t("sealed.note")];
    fillTable(byId("incidents-table"), heads, data.incidents.map(incidentRow));
    next = following;
    more.hidden = !next;
  });
});

more.addEventListener("click", () =>
  attempt(async () => {
    const { data, next: following } = await getPage(next);
    addRows(byId("incidents-table"), data.incidents.map(incidentRow));
    next = following;
    more.hidden = !next;
  }),
);

const said = new URLSearchParams(window.location.hash.slice(1)); // from the police page: the days are given
for (const name of ["from", "to", "city"]) if (said.get(name) && byId("view").elements[name]) byId("view").elements[name].value = said.get(name);

attempt(() => listRequests());
keepHash();
