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

/** Draw the bar for the chosen cases. */
export function drawBulk(node, chosen, { words, done, clear }) {
  node.hidden = !chosen.length;
  if (!chosen.length) return;
  const able = chosen.filter(stepsOf);
  const line = (one) => el("li", { attributes: { "data-id": one.id } }, `${one.properties.number} ${one.properties.name} → ${words.department(one.properties.lead)} (${stepsOf(one).map((action) => words.action(action)).join(t("list.comma"))})`);
  const go = el("button", { class: "button button--primary", attributes: { type: "button", id: "bulk-go", disabled: !able.length } }, t("board.bulk_go", { n: able.length }));
  const list = el("ul", {}, able.map(line));
  go.addEventListener("click", async () => {
    go.disabled = true;
    for (const one of able) {
      const said = list.querySelector(`[data-id="${one.id}"]`);
      try {
        let now = one;
        for (const action of stepsOf(one)) now = await act(now, { action });
        said.append(` · ${t("board.bulk_done")}`);
      } catch (error) {
        said.append(` · ${error.message}`);
      }
    }
    await done();
  });
  node.replaceChildren(el("p", {}, t("board.bulk", { n: chosen.length, able: able.length })), list, go,
    el("button", { class: "button", attributes: { type: "button" }, on: { click: clear } }, t("board.cancel")));
}
