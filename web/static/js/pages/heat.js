// The heat map's page: the form works without this; here it leaves empty fields out and says what happens.

import { t } from "../lib/i18n.js";
import { keepHash } from "../lib/masthead.js";

const form = document.getElementById("heat-form");
const frame = document.getElementById("heat-frame");
const holder = document.getElementById("heat-holder");
const state = document.getElementById("heat-state");
const problem = document.getElementById("heat-problem");
const open = document.getElementById("heat-open");

const FIELDS = ["from", "to", "type"];
const CHECKS = ["after_school", "by_week"];

function query() {
  const values = new URLSearchParams();
  for (const [name, value] of new FormData(form)) if (value) values.append(name, value);
  return values;
}

function address() {
  return `${form.getAttribute("action")}?${query()}`;
}

function show({ replace = false } = {}) {
  const { from, to } = form.elements;
  const wrong = from.value && to.value && from.value > to.value;
  problem.hidden = !wrong;
  problem.textContent = wrong ? t("heat.bad_period") : "";
  if (wrong) return;
  holder.dataset.state = "loading";
  state.textContent = t("heat.loading");
  open.href = address();
  const parts = query();
  parts.delete("language");
  for (const name of CHECKS) parts.set(name, String(form.elements[name].checked)); // "no" is said too: a default is "yes"
  const target = `#${parts}`;
  if (replace) window.history.replaceState(null, "", target);
  else if (target !== window.location.hash) window.history.pushState(null, "", target);
  // in place of what is there: the way back goes from map to map, not first inside the frame and then outside
  frame.contentWindow.location.replace(new URL(address(), window.location.href).href);
}

function restore() {
  const values = new URLSearchParams(window.location.hash.slice(1));
  if (!["city", ...FIELDS, ...CHECKS].some((name) => values.has(name))) return false;
  for (const name of FIELDS) form.elements[name].value = values.get(name) ?? "";
  const { city } = form.elements; // chosen only where there are several
  if (city) {
    city.value = values.get("city") ?? "";
    if (city.selectedIndex < 0) city.selectedIndex = 0;
  }
  for (const name of CHECKS) form.elements[name].checked = values.get(name) === "true";
  return true;
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  show();
});
form.addEventListener("change", (event) => {
  if (event.target.type === "checkbox" || event.target.tagName === "SELECT") show();
});
frame.addEventListener("load", () => {
  holder.dataset.state = "ready";
  state.textContent = "";
});
window.addEventListener("popstate", () => {
  if (window.location.hash === "") form.reset();
  else if (!restore()) return; // a link inside the page, such as the one past the header
  show({ replace: true });
});

keepHash();
if (restore()) show({ replace: true });
else holder.dataset.state = "ready";
