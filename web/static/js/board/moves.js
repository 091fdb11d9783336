// What may be done with a case next: a button for each allowed action, and a form for what it needs.

import { change } from "../lib/api.js";
import { t } from "../lib/i18n.js";
import { el } from "../lib/text.js";

const FIRST = new Set(["file", "dispatch", "redispatch", "accept", "start", "answer", "send_to_check", "pass"]);
const OPTIONAL = { dispatch: ["department"], file: ["department", "urgency", "departments"], assist: ["note"], urge: ["note"], rate: ["note"] };

/** Do something with a case, if nobody acted since it was shown. */
export function act(feature, body) {
  return change("POST", `cases/${feature.id}/actions`, { id: crypto.randomUUID(), ...body }, { headers: { "If-Match": `"${feature.properties.version}"` } });
}

function departmentOptions(words, chosen) {
  return words.departments.map(({ code, name }) => el("option", { attributes: { value: code, selected: code === chosen } }, name));
}

function control(name, feature, { words, others, required, action }) {
  const field = (node) => el("label", { class: "field" }, el("span", {}, t(`board.need.${name}`)), node);
  switch (name) {
    case "note": return field(el("textarea", { attributes: { name, required, maxlength: 5000 } }));
    case "amount": return field(el("input", { attributes: { name, type: "number", min: 0.5, max: 60, step: 0.5, required } }));
    case "score": return field(el("select", { attributes: { name, required } }, [5, 4, 3, 2, 1].map((n) => el("option", { attributes: { value: n } }, n))));
    case "department": return field(el("select", { attributes: { name, required } }, departmentOptions(words, feature.properties.lead)));
    case "urgency": return field(el("select", { attributes: { name } }, ["ordinary", "urgent", "very_urgent"].map((code) => el("option", { attributes: { value: code, selected: code === feature.properties.urgency } }, t(`board.urgency.${code}`)))));
    case "into": return field(el("select", { attributes: { name, required } }, others.map((one) => el("option", { attributes: { value: one.id } }, `${one.properties.number} ${one.properties.name}`))));
    case "departments": return el("fieldset", {}, el("legend", {}, t("board.need.departments")), words.departments.filter(({ code }) => code !== feature.properties.lead).map(({ code, name: said }) => el("label", { class: "check" }, el("input", { attributes: { type: "checkbox", name, value: code, checked: action === "file" && feature.properties.assisting.includes(code) } }), said)));
    default: return null;
  }
}

function bodyOf(form, action) {
  const said = new FormData(form);
  const body = { action };
  for (const name of new Set(said.keys())) {
    const value = said.get(name);
    if (name === "departments") continue;
    if (value === "") continue;
    body[name] = name === "amount" || name === "score" ? Number(value) : value;
  }
  const boxes = [...form.querySelectorAll("input[name=departments]")];
  // what was not touched is not sent: the rule's own departments may have ended since, and others stand in for them
  if (boxes.some((box) => box.checked !== box.defaultChecked)) body.departments = boxes.filter((box) => box.checked).map((box) => box.value);
  return body;
}

/**
 * The buttons and, below them, the form of the chosen one.
 * @param {object} options words, others (cases it may be merged into), done(feature), failed(error)
 */
export function movesOf(feature, { words, others, done, failed }) {
  const place = el("div");
  const submit = async (body, button) => {
    button.disabled = true;
    try {
      done(await act(feature, body));
    } catch (error) {
      button.disabled = false;
      failed(error);
    }
  };
  const open = (move) => {
    const needs = [...move.needs, ...(OPTIONAL[move.action] ?? [])];
    const button = el("button", { class: "button button--primary", attributes: { type: "submit" } }, words.action(move.action));
    const form = el("form", { class: "move-form", on: { submit: (event) => { event.preventDefault(); submit(bodyOf(form, move.action), button); } } },
      needs.map((name) => control(name, feature, { words, others, required: move.needs.includes(name), action: move.action })),
      el("div", { class: "moves" }, button, el("button", { class: "button", attributes: { type: "button" }, on: { click: () => place.replaceChildren() } }, t("board.cancel"))));
    place.replaceChildren(form);
    form.querySelector("textarea, select, input")?.focus();
  };
  const buttons = feature.properties.allowed_actions.map((action, index) => {
    const move = words.moves.get(action);
    const button = el("button", { class: FIRST.has(action) ? "button button--primary" : "button", attributes: { type: "button", "data-action": action } },
      words.action(action), " ", index < 9 && el("kbd", { attributes: { "aria-hidden": "true" } }, index + 1));
    const plain = !move.needs.length && !OPTIONAL[action];
    button.addEventListener("click", () => (plain ? submit({ action }, button) : open(move)));
    return button;
  });
  return [el("div", { class: "moves" }, buttons.length ? buttons : el("p", { class: "soft" }, t("board.no_action"))), place];
}
