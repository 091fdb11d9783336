// Numbers of the meeting: as text, with their change, and as buttons that open what was counted.

import { get } from "../lib/api.js";
import { count, dateTime, has, label, pageConfig, t } from "../lib/i18n.js";
import { fillTable } from "../lib/table.js";
import { el } from "../lib/text.js";

const MAY_OPEN = (pageConfig.me?.roles ?? []).some((role) => role !== "viewer");
const NONE = "–";

export const plain = (value) => (value === null || value === undefined ? NONE : count(value));
export const perDay = (value) => (value === null || value === undefined ? NONE : String(value));

/** n/N, with a percentage where there are enough. */
export function rateText(rate) {
  if (!rate?.N) return NONE;
  const part = `${count(rate.n)}/${count(rate.N)}`;
  return rate.rate === null ? part : `${Math.round(rate.rate * 1000) / 10}% (${part})`;
}

/** The change with its sign, coloured where more is worse or better. */
export function changeOf(change, worse = 0) {
  if (change === null || change === undefined) return NONE;
  if (change === 0) return t("meeting.no_change");
  const bad = Math.sign(change) * worse;
  return el("span", { class: bad > 0 ? "is-worse" : bad < 0 ? "is-better" : "" }, `${change > 0 ? "↑ +" : "↓ −"}${count(Math.abs(change))}`);
}

/** A number that opens the records behind it, for those who may see them. */
export function opens(value, figure, asked) {
  if (!MAY_OPEN || !value || !figure) return plain(value);
  return el("button", { class: "number", attributes: { type: "button", title: t("meeting.open") }, on: { click: () => openMembers(figure, asked) } }, plain(value));
}

function linkOf(record) {
  const words = record.number || record.name || t(`meeting.kind_of.${record.kind}`);
  if (record.kind === "hazard") return el("a", { attributes: { href: `/#select=hazard/${record.id}` } }, words);
  if (record.kind === "case") return el("a", { attributes: { href: `/board#case=${record.id}` } }, words);
  return words;
}

function stateOf(record) {
  const code = `${record.kind}_${record.state}`;
  return has(`meeting.state.${code}`) ? t(`meeting.state.${code}`) : record.state;
}

async function openMembers(figure, asked) {
  const dialog = document.getElementById("members");
  const note = document.getElementById("members-note");
  document.getElementById("members-title").textContent = label(figure);
  document.getElementById("members-list").replaceChildren();
  note.textContent = t("meeting.loading");
  dialog.showModal();
  try {
    const { period, ...rest } = asked;
    const said = await get(`meetings/${period}/members`, { figure: figure.code, ...rest });
    note.textContent = t("meeting.counted", { n: count(said.counted), shown: count(said.records.length) });
    const names = Object.fromEntries(pageConfig.categories.map((one) => [one.code, label(one)]));
    fillTable(document.getElementById("members-list"), [t("meeting.record"), t("meeting.category"), t("meeting.school"), t("meeting.when"), t("meeting.state")],
      said.records.map((record) => [linkOf(record), names[record.category] ?? "", record.school ?? "", dateTime(record.at), stateOf(record)]));
  } catch (error) {
    note.textContent = error.message;
  }
}
