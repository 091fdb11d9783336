// Decisions: what was decided last time and what became of it, what is decided now, and striking off with proof.

import { change, get, getFeatures, post, upload } from "../lib/api.js";
import { today } from "../lib/days.js";
import { label, language, pageConfig, t } from "../lib/i18n.js";
import { fillTable, say } from "../lib/table.js";
import { el } from "../lib/text.js";

const byId = (id) => document.getElementById(id);
const form = byId("decide");
const deed = byId("deed");
const meetingForm = byId("held");
const ROLES = pageConfig.me?.roles ?? [];
const MAY_OPEN = ROLES.some((role) => role !== "viewer");
const PLACES = { case: "/board#case=", action: "/actions#action=", notice: "/notices#notice=" };
let asked = null;
let schools = null; // of the city that they were read for: {city, list}

/** Show the decisions of a period, and what became of the earlier ones. */
export async function showDecisions(wanted, figures) {
  asked = wanted;
  try {
    const said = await get(`meetings/${wanted.period}`, { city: wanted.city });
    if (asked !== wanted) return; // another period was chosen meanwhile
    list("earlier", said.earlier, t("meeting.no_earlier"));
    list("decisions", said.decisions, t("meeting.no_decisions"));
    summary(said.earlier);
    papers(said.meeting);
    byId("decide-part").hidden = !said.may_decide;
    if (said.may_decide) await offer(said, figures);
    say(byId("decisions-problem"));
  } catch (error) {
    say(byId("decisions-problem"), error.message);
  }
}

function summary(earlier) {
  const open = earlier.filter((one) => one.state === "open" || one.state === "reported");
  const numbers = { open: open.length, late: open.filter((one) => one.overdue).length, struck: earlier.filter((one) => one.state === "struck").length };
  byId("earlier-said").textContent = earlier.length ? t("meeting.earlier_said", numbers) : "";
}

function papers(meeting) {
  const query = new URLSearchParams({ language, ...(asked.city ? { city: asked.city } : {}) });
  const link = (what, kind) => el("a", { class: "button", attributes: { href: `/api/v1/meetings/${asked.period}/${what}.${kind}?${query}`, target: kind === "html" ? "_blank" : null, rel: "noopener" } }, `${t(`meeting.${what}`)} · ${t(`meeting.file.${kind}`)}`);
  byId("papers").replaceChildren(...(meeting ? ["docx", "pdf", "xlsx", "html"].map((kind) => link("minutes", kind)) : []), ...["docx", "xlsx"].map((kind) => link("lists", kind)));
}

function list(name, decisions, nothing) {
  const table = byId(name);
  const heads = [t("meeting.decision_no"), t("meeting.problem"), t("meeting.responsible"), t("meeting.deadline"), t("meeting.state"), t("meeting.becomes"), ""];
  fillTable(table, heads, decisions.map(row));
  if (!decisions.length) table.tBodies[0].rows[0].cells[0].textContent = nothing;
  for (const tr of table.rows) for (const at of [1, 2, 4, 5]) tr.cells[at]?.classList.add("words");
}

function row(one) {
  const helpers = one.assisting.map((helper) => label(helper)).join(language === "zh" ? "、" : ", ");
  const state = el("span", { class: one.overdue ? "is-worse" : one.state === "struck" ? "is-better" : "" }, label(one), one.overdue ? t("meeting.late") : "");
  const proof = one.struck && el("small", { class: "decision__more" }, [one.struck.at.slice(0, 10), one.struck.by, one.struck.note, ...one.struck.proof].filter(Boolean).join(" · "));
  return [
    `${one.meeting.period}-${String(one.number).padStart(2, "0")}`,
    el("span", {}, one.problem, one.measure && el("small", { class: "decision__more" }, one.measure)),
    el("span", {}, label(one.department), helpers && el("small", { class: "decision__more" }, t("meeting.assisted_by", { names: helpers }))),
    one.due_on, el("span", {}, state, proof, files(one)), record(one), buttons(one),
  ];
}

function files(one) {
  return one.files.length > 0 && el("small", { class: "decision__more" }, ...one.files.map((file) => el("a", { attributes: { href: file.url } }, file.name)));
}

function record(one) {
  if (!one.record) return "";
  const name = one.record.kind === "case" && one.record.name ? one.record.name : t(`meeting.becomes.${one.record.kind}`);
  const shown = MAY_OPEN ? el("a", { attributes: { href: PLACES[one.record.kind] + one.record.id } }, name) : name;
  return el("span", {}, shown, el("small", { class: "decision__more" }, label(one.record)));
}

function buttons(one) {
  const wanted = ["report", "strike", "reopen", "withdraw"].filter((action) => one.allowed.includes(action));
  return el("div", { class: "decision__deeds desk" }, ...wanted.map((action) => el("button", { class: "text-button", attributes: { type: "button" }, on: { click: () => openDeed(one, action) } }, t(`meeting.deed.${action}`))));
}

// ---- saying that something is done, striking it off

function openDeed(one, action) {
  deed.querySelector("h2").textContent = `${t(`meeting.deed.${action}`)} · ${one.problem}`;
  byId("deed-note").textContent = t(`meeting.deed_note.${action}`);
  byId("deed-file").hidden = action !== "report";
  const inner = byId("deed-form");
  inner.reset();
  say(byId("deed-problem"));
  const id = window.crypto.randomUUID(); // sent again after a lost answer, it is the same
  const fileId = window.crypto.randomUUID();
  inner.onsubmit = async (event) => {
    event.preventDefault();
    try {
      const file = inner.elements.file.files[0];
      if (action === "report" && file) {
        const data = new FormData();
        data.set("id", fileId);
        data.set("file", file);
        await upload(`decisions/${one.id}/files`, data);
      }
      await post(`decisions/${one.id}/actions`, { id, action, note: inner.elements.note.value });
      deed.close();
      showDecisions(asked, null);
    } catch (error) {
      say(byId("deed-problem"), error.message);
    }
  };
  deed.showModal();
}

// ---- deciding

async function offer(said, figures) {
  if (figures) {
    const late = figures.overdue.departments.flatMap((one) => one.cases);
    form.elements.existing.replaceChildren(el("option", { attributes: { value: "" } }, t("meeting.new_case")), ...late.map((one) => el("option", { attributes: { value: one.id } }, [one.number, one.school].filter(Boolean).join(" · "))));
  }
  if (!form.elements.department.options.length) {
    const { departments } = await get("departments");
    const known = departments.filter((one) => !one.ended_on);
    form.elements.department.replaceChildren(el("option", { attributes: { value: "" } }), ...known.map((one) => el("option", { attributes: { value: one.code } }, label(one))));
    const box = (name) => (one) => el("label", {}, el("input", { attributes: { type: "checkbox", name, value: one.code } }), label(one));
    byId("assisting").replaceChildren(...known.map(box("assisting")));
    byId("present-list").replaceChildren(...known.map(box("present")));
    form.elements.category.replaceChildren(...pageConfig.categories.map((one) => el("option", { attributes: { value: one.code } }, label(one))));
  }
  form.elements.due_on.min = today();
  if (!form.elements.due_on.value) form.elements.due_on.value = today(7);
  fillMeeting(said.meeting);
  if (schools?.city !== said.city) await readSchools(said.city);
  becomes();
}

async function readSchools(city) {
  const bbox = pageConfig.cities.find((one) => one.code === city)?.bounds?.join(",");
  const found = await getFeatures("schools", { bbox, limit: 1000 }, { pages: 5 });
  schools = { city, list: found.features };
  const named = found.features.map((one) => [one, (language === "en" && one.properties.name_en) || one.properties.name]);
  form.elements.school.replaceChildren(...named.map(([one, name]) => el("option", { attributes: { value: one.id } }, name)));
  byId("decide-schools").replaceChildren(...named.map(([one, name]) => el("label", {}, el("input", { attributes: { type: "checkbox", name: "schools", value: one.id } }), name)));
}

/** Show what belongs to what the decision becomes. */
function becomes() {
  const kind = form.elements.becomes.value;
  for (const part of form.querySelectorAll("[data-for]")) {
    const own = part.dataset.for.split(" ").includes(kind) && !(part.dataset.new !== undefined && kind === "case" && form.elements.existing.value);
    part.hidden = !own;
  }
}

function body(values) {
  const kind = values.get("becomes");
  const said = { problem: values.get("problem"), measure: values.get("measure"), department: values.get("department"), assisting: values.getAll("assisting").filter((one) => one !== values.get("department")), due_on: values.get("due_on"), becomes: kind, city: asked.city };
  if (kind === "case" && values.get("existing")) return { ...said, existing: values.get("existing") };
  if (kind === "case") {
    const at = schools.list.find((one) => one.id === values.get("school"))?.properties;
    return { ...said, category: values.get("category"), lon: at?.point[0], lat: at?.point[1] };
  }
  return kind === "action" ? { ...said, schools: values.getAll("schools") } : said;
}

async function decide(event) {
  event.preventDefault();
  form.dataset.id ||= window.crypto.randomUUID();
  try {
    const kept = await post(`meetings/${asked.period}/decisions`, { id: form.dataset.id, ...body(new FormData(form)) });
    delete form.dataset.id;
    form.reset();
    byId("decide-said").textContent = [t("meeting.decided", { n: kept.number }), ...(kept.warnings ?? []).map((one) => one.what)].join(" · ");
    showDecisions(asked, null);
  } catch (error) {
    byId("decide-said").textContent = error.message;
  }
}

// ---- the meeting itself

function fillMeeting(meeting) {
  meetingForm.dataset.version = meeting?.version ?? "";
  for (const name of ["place", "chair", "summary"]) meetingForm.elements[name].value = meeting?.[name] ?? "";
  meetingForm.elements.held_on.value = meeting?.held_on ?? today();
  meetingForm.elements.kind.value = meeting?.kind ?? "working";
  for (const box of byId("present-list").querySelectorAll("input")) box.checked = meeting?.present.includes(box.value) ?? false;
}

async function keepMeeting(event) {
  event.preventDefault();
  const values = new FormData(meetingForm);
  const said = { held_on: values.get("held_on"), kind: values.get("kind"), place: values.get("place"), chair: values.get("chair"), summary: values.get("summary"), present: values.getAll("present") };
  const known = meetingForm.dataset.version;
  meetingForm.dataset.id ||= window.crypto.randomUUID();
  try {
    const query = new URLSearchParams(asked.city ? { city: asked.city } : {});
    const kept = known
      ? await change("PATCH", `/api/v1/meetings/${asked.period}?${query}`, said, { headers: { "If-Match": `"${known}"` } })
      : await post("meetings", { id: meetingForm.dataset.id, city: asked.city, period: asked.period, ...said });
    delete meetingForm.dataset.id;
    meetingForm.dataset.version = kept.version;
    byId("held-said").textContent = [t("meeting.kept"), ...(kept.warnings ?? []).map((one) => one.what)].join(" · ");
    papers(kept);
  } catch (error) {
    byId("held-said").textContent = error.message;
  }
}

form.addEventListener("submit", decide);
form.elements.becomes.addEventListener("change", becomes);
form.elements.existing.addEventListener("change", becomes);
meetingForm.addEventListener("submit", keepMeeting);
deed.querySelector("[data-close]").addEventListener("click", () => deed.close());
