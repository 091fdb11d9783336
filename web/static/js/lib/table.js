// A table made of rows: text goes in as text.

import { t } from "./i18n.js";
import { el } from "./text.js";

/**
 * Fill a table.
 * @param {HTMLTableElement} table
 * @param {string[]} heads
 * @param {Array<Array<Node|string|number|null|Array>>} rows
 */
export function fillTable(table, heads, rows) {
  table.replaceChildren(
    el("thead", {}, el("tr", {}, ...heads.map((head) => el("th", { attributes: { scope: "col" } }, head)))),
    el("tbody", {}),
  );
  addRows(table, rows);
  if (!rows.length) {
    const cell = el("td", { class: "empty", attributes: { colspan: heads.length } }, t("admin.nothing"));
    table.tBodies[0].append(el("tr", {}, cell));
  }
}

/** Add rows to a table that has its heads; each cell knows its own, for screens too narrow for columns. */
export function addRows(table, rows) {
  const heads = [...table.tHead.rows[0].cells].map((head) => head.textContent);
  table.tBodies[0].append(...rows.map((cells) => el("tr", {}, ...cells.map((cell, at) => el("td", { attributes: { "data-head": heads[at] } }, cell)))));
}

/** Show a sentence in a line of its own, or hide the line. */
export function say(node, ...words) {
  node.replaceChildren(...words);
  node.hidden = !words.length;
}
