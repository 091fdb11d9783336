// Several cases at once: what would be done is shown first, then done one by one, each with its own answer.

import { t } from "../lib/i18n.js";
import { el } from "../lib/text.js";
import { act } from "./moves.js";

const STEPS = ["file", "dispatch"];

/** The steps that bring a case to its department, as far as this person may take them; null where there is none. */
export function stepsOf({ properties }) {
  const first = STEPS.findIndex((action) => properties.allowed_actions.includes(action));
  return first < 0 ? null : STEPS.slice(first);
}

/** Draw the bar: what would be done with the chosen cases, or what came of the last ones, until that was read. */
export function drawBulk(node, { chosen, told }, { words, done, clear }) {
  node.hidden = !chosen.length && !told;
  if (node.hidden) return;
  const shut = (text) => el("button", { class: "button", attributes: { type: "button" }, on: { click: clear } }, text);
  if (!chosen.length) {
    node.replaceChildren(el("p", { attributes: { role: "status" } }, t("board.bulk_told", { n: told.n })), el("ul", { class: "form-problem" }, told.refused.map((said) => el("li", {}, said))), shut(t("board.close")));
    return;
  }
  const able = chosen.filter(stepsOf);
  const line = (one) => el("li", { attributes: { "data-id": one.id } }, `${one.properties.number} ${one.properties.name} → ${words.department(one.properties.lead)} (${stepsOf(one).map((action) => words.action(action)).join(t("list.comma"))})`);
  const go = el("button", { class: "button button--primary", attributes: { type: "button", id: "bulk-go", disabled: !able.length } }, t("board.bulk_go", { n: able.length }));
  const list = el("ul", {}, able.map(line));
  go.addEventListener("click", async () => {
    go.disabled = true;
    const refused = [];
    for (const one of able) {
      try {
        let now = one;
        for (const action of stepsOf(one)) now = await act(now, { action });
        list.querySelector(`[data-id="${one.id}"]`)?.append(` · ${t("board.bulk_done")}`);
      } catch (error) {
        refused.push(`${one.properties.number} ${one.properties.name} · ${error.message}`);
      }
    }
    done({ n: able.length - refused.length, refused });
  });
  node.replaceChildren(el("p", {}, t("board.bulk", { n: chosen.length, able: able.length })), list, go, shut(t("board.cancel")));
}
