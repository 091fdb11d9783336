// A city's own targets for counselling rooms and stations, changed by the committee's office.

import { change } from "../lib/api.js";
import { attempts } from "../lib/attempt.js";
import { pageConfig, t } from "../lib/i18n.js";

const byId = (id) => document.getElementById(id);
const MAY_EDIT = (pageConfig.me?.roles ?? []).some((role) => role === "dispatcher" || role === "admin");
const MOST = 20;
const part = byId("targets-edit");
const form = byId("targets-form");
const list = byId("targets-list");
const row = byId("target-row");
const attempt = attempts(byId("targets-problem"), byId("targets-said"));
let version = 0;
let city;
let after = () => {};

/** Offer the targets that are shown to those who may change them; `then` shows what came of it. */
export function offerTargets(said, wanted, then) {
  part.hidden = !MAY_EDIT;
  if (!MAY_EDIT) return;
  [version, city, after] = [said.version, wanted.city, then];
  list.replaceChildren(...said.targets.map(filled));
  counted();
}

function filled(one = {}) {
  const fields = row.content.cloneNode(true).firstElementChild;
  for (const field of fields.querySelectorAll("[name]")) field.value = one[field.name] ?? "";
  fields.querySelector("button").addEventListener("click", () => {
    fields.remove();
    counted();
  });
  return fields;
}

function counted() {
  byId("target-add").disabled = list.childElementCount >= MOST;
  byId("targets-keep").disabled = !list.childElementCount;
}

function written(fields) {
  const one = Object.fromEntries([...fields.querySelectorAll("[name]")].map((field) => [field.name, field.value.trim() || null]));
  return { ...one, goal: one.goal === null ? null : Number(one.goal) };
}

byId("target-add").addEventListener("click", () => {
  list.append(filled());
  list.lastElementChild.querySelector("input").focus();
  counted();
});
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const targets = [...list.children].map(written);
  const kept = await attempt(() => change("PUT", "facilities/targets", { city, targets }, { headers: { "If-Match": `"${version}"` } }), t("meeting.kept"));
  if (kept) after();
});
