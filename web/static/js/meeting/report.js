// What a department reports of a day: a form of whole numbers.

import { change, get } from "../lib/api.js";
import { today } from "../lib/days.js";
import { label, language, pageConfig, t } from "../lib/i18n.js";
import { el } from "../lib/text.js";

const form = document.getElementById("report");
const said = document.getElementById("report-said");
const roles = pageConfig.me?.roles ?? [];
const OVERSEES = roles.includes("dispatcher") || roles.includes("admin");
let ready = false;

/** Show the form to those who report: the committee's office for all, others for their own department. */
export async function offer(figures, after) {
  const own = pageConfig.department;
  if (!OVERSEES && !own) return;
  form.hidden = false;
  form.elements.day.value = figures.period.to < today() ? figures.period.to : today();
  const town = form.elements.district;
  town.replaceChildren(town.options[0], ...pageConfig.districts.filter((one) => one.city === figures.city.code).map((one) => el("option", { attributes: { value: one.code } }, one[language] || one.zh)));
  if (ready) return;
  ready = true;
  const { departments } = await get("departments");
  form.elements.department.replaceChildren(...departments.filter((one) => OVERSEES || one.code === own).map((one) => el("option", { attributes: { value: one.code } }, label(one))));
  document.getElementById("report-figures").replaceChildren(...figures.reported.map((one) => el("label", { class: "field" }, el("span", {}, label(one)), el("input", { attributes: { type: "number", min: 0, max: 1000000, step: 1, name: one.code, inputmode: "numeric" } }))));
  form.addEventListener("submit", (event) => send(event, after));
}

async function send(event, after) {
  event.preventDefault();
  const values = new FormData(form);
  const figures = {};
  for (const input of document.querySelectorAll("#report-figures input")) if (input.value !== "") figures[input.name] = Number(input.value);
  if (!Object.keys(figures).length) {
    said.textContent = t("meeting.report_empty");
    return;
  }
  const id = form.dataset.id || window.crypto.randomUUID();
  form.dataset.id = id; // sent again after a lost answer, it is the same report
  const body = { id, city: new URLSearchParams(window.location.hash.slice(1)).get("city") || undefined, department: values.get("department"), district: values.get("district") || null, day: values.get("day"), figures };
  try {
    await change("PUT", `duty-reports/${id}`, body, { headers: { "If-Match": '"0"' } });
    delete form.dataset.id;
    for (const input of document.querySelectorAll("#report-figures input")) input.value = "";
    said.textContent = t("meeting.report_kept");
    after();
  } catch (error) {
    said.textContent = error.message;
  }
}
