// What may be done with a case next: a button for each allowed action, and a form for what it needs.

import { change } from "../lib/api.js";
import { t } from "../lib/i18n.js";
import { say } from "../lib/table.js";
import { el } from "../lib/text.js";

const FIRST = new Set(["file", "dispatch", "redispatch", "accept", "start", "answer", "send_to_check", "pass"]);
const OPTIONAL = { dispatch: ["department", "note"], redispatch: ["note"], file: ["department", "urgency", "departments", "note"], merge: ["note"], assist: ["note"], urge: ["note"], rate: ["note"] };

/** Do something with a case, if nobody acted since it was shown. */
export function act(feature, body) {
  return change("POST", `cases/${feature.id}/actions`, { id: crypto.randomUUID(), ...body }, { headers: { "If-Match": `"${feature.properties.version}"` } });
}

/** The departments to choose from; a case that was returned goes to another one as a rule, so none is chosen for it. */
function departmentOptions(words, { lead }, action) {
  const again = action === "redispatch";
  return [
    again && el("option", { attributes: { value: "" } }, t("board.choose_department")),
    ...words.departments.map(({ code, name }) => el("option", { attributes: { value: code, selected: !again && code === lead } }, name)),
  ];
}

/** What a field is called: whether it may be left empty, and in which unit its number is. */
function labelOf(name, { properties }, required) {
  const said = name === "amount" ? t(`board.need.amount.${properties.rule.limits.handle.unit}`) : t(`board.need.${name}`);
  return name === "note" && !required ? t("board.optional", { name: said }) : said;
}

function control(name, feature, { words, others, required, action }) {
  const field = (node) => el("label", { class: "field" }, el("span", {}, labelOf(name, feature, required)), node);
  switch (name) {
    case "note": return field(el("textarea", { attributes: { name, required, maxlength: 5000 } }));
    case "amount": return field(el("input", { attributes: { name, type: "number", min: 0.5, max: 60, step: 0.5, required } }));
    case "score": return field(el("select", { attributes: { name, required } }, [5, 4, 3, 2, 1].map((n) => el("option", { attributes: { value: n } }, n))));
    case "department": return field(el("select", { attributes: { name, required } }, departmentOptions(words, feature.properties, action)));
    case "urgency": return field(el("select", { attributes: { name } }, ["ordinary", "urgent", "very_urgent"].map((code) => el("option", { attributes: { value: code, selected: code === feature.properties.urgency } }, t(`board.urgency.${code}`)))));
    case "into": return !others.length ? el("p", { class: "soft" }, t("board.no_others")) : field(el("select", { attributes: { name, required } }, others.map((one) => el("option", { attributes: { value: one.id } }, `${one.properties.number} ${one.properties.name}`))));
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
 * The buttons and, below them, the form of the chosen one. What is refused is said there, beside what was filled in.
 * @param {object} options words, others (cases it may be merged into), done(feature), failed(error)
 */
export function movesOf(feature, { words, others, done, failed }) {
  const form = el("div");
  const problem = el("p", { class: "form-problem", attributes: { role: "alert", hidden: true } });
  const submit = async (body, button) => {
    button.disabled = true;
    say(problem);
    try {
      done(await act(feature, body));
    } catch (error) {
      button.disabled = false;
      say(problem, error.message);
      problem.scrollIntoView({ block: "nearest" });
      failed(error);
    }
  };
  const shut = () => {
    say(problem);
    form.replaceChildren();
  };
  const open = (move) => {
    const needs = [...move.needs, ...(OPTIONAL[move.action] ?? [])];
    const button = el("button", { class: "button button--primary", attributes: { type: "submit", disabled: needs.includes("into") && !others.length } }, words.action(move.action));
    const filled = el("form", { class: "move-form", on: { submit: (event) => { event.preventDefault(); submit(bodyOf(filled, move.action), button); } } },
      needs.map((name) => control(name, feature, { words, others, required: move.needs.includes(name), action: move.action })),
      el("div", { class: "moves" }, button, el("button", { class: "button", attributes: { type: "button" }, on: { click: shut } }, t("board.cancel"))));
    shut();
    form.replaceChildren(filled);
    filled.querySelector("textarea, select, input")?.focus();
  };
  const buttons = feature.properties.allowed_actions.map((action, index) => {
    const move = words.moves.get(action);
    const button = el("button", { class: FIRST.has(action) ? "button button--primary" : "button", attributes: { type: "button", "data-action": action } },
      words.action(action), " ", index < 9 && el("kbd", { attributes: { "aria-hidden": "true" } }, index + 1));
    const plain = !move.needs.length && !OPTIONAL[action];
    button.addEventListener("click", () => (plain ? submit({ action }, button) : open(move)));
    return button;
  });
  return [el("div", { class: "moves" }, buttons.length ? buttons : el("p", { class: "soft" }, t("board.no_action"))), form, problem];
}
