// What is asked for: the form of filters, and the address that keeps it.

import { daysAfter, today } from "../lib/days.js";
import { language, pageConfig, t } from "../lib/i18n.js";
import { keepHash } from "../lib/masthead.js";
import { el } from "../lib/text.js";

const PLAIN = ["city", "type", "to", "weeks", "school", "township", "minutes_from", "minutes_to", "method"];

export const form = document.getElementById("filters");

const named = ({ name, name_en: english }) => (language === "en" && english) || name;

/** The schools and townships of the chosen city, to choose from. */
export function fillPlaces() {
  const code = form.elements.city?.value ?? pageConfig.cities[0]?.code;
  const known = pageConfig.places[code] ?? { schools: [], townships: [] };
  for (const [field, list, key] of [["school", known.schools, "id"], ["township", known.townships, "code"]]) {
    const kept = form.elements[field].value;
    form.elements[field].replaceChildren(
      el("option", { attributes: { value: "" } }, t(`police.every.${field}`)),
      ...list.map((one) => el("option", { attributes: { value: one[key] } }, named(one))),
    );
    form.elements[field].value = list.some((one) => one[key] === kept) ? kept : "";
  }
}

/** What the form says, as the parameters of a question; the minutes only where they are set. */
export function question() {
  const said = new FormData(form);
  const weeks = Number(said.get("weeks"));
  const wanted = {
    type: said.get("type"), weekday: said.getAll("weekday"), school: said.get("school"), township: said.get("township"),
    city: said.get("city"), to: said.get("to") || today(), weeks,
  };
  const minutes = ["minutes_from", "minutes_to"].map((name) => said.get(name));
  if (minutes.some((one) => one !== "")) Object.assign(wanted, { minutes_from: minutes[0], minutes_to: minutes[1] });
  else wanted.after_school = said.get("after_school") ?? "false";
  return wanted;
}

/** The period as first and last day, and the one before it of the same length. */
export function periods({ to, weeks }) {
  const back = (count) => daysAfter(to, -count);
  return { from: back(7 * weeks - 1), to, before: { from: back(14 * weeks - 1), to: back(7 * weeks) } };
}

export function remember(mode) {
  const parts = new URLSearchParams({ mode });
  for (const [name, value] of new FormData(form)) if (value) parts.append(name, value);
  if (!form.elements.after_school.checked) parts.set("after_school", "false");
  window.history.replaceState(null, "", `#${parts}`);
  keepHash();
}

/** Fill the form from the address; returns the mode that it names. */
export function restore() {
  const said = new URLSearchParams(window.location.hash.slice(1));
  const { city } = form.elements; // chosen only where there are several
  if (city && said.has("city")) city.value = said.get("city");
  if (city?.selectedIndex < 0) city.selectedIndex = 0;
  fillPlaces();
  if (!said.size) return null;
  for (const name of PLAIN.filter((one) => one !== "city")) if (form.elements[name] && said.has(name)) form.elements[name].value = said.get(name);
  for (const box of form.querySelectorAll("[name=weekday]")) box.checked = said.getAll("weekday").includes(box.value);
  form.elements.after_school.checked = said.get("after_school") !== "false";
  return said.get("mode");
}
