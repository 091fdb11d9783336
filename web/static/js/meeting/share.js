// Links to the brief that read without a sign-in: made, copied, listed, withdrawn by the committee's office.

import { change, get, post } from "../lib/api.js";
import { count, dateTime, language, pageConfig, t } from "../lib/i18n.js";
import { fillTable, say } from "../lib/table.js";
import { el } from "../lib/text.js";

const byId = (id) => document.getElementById(id);
const MAY_SHARE = (pageConfig.me?.roles ?? []).some((role) => role === "dispatcher" || role === "admin");
const part = byId("shares");
const form = byId("share");
let asked = null;

/** Offer links to the brief of a period; they are read when somebody opens the list. */
export function offerShares(wanted) {
  asked = wanted;
  part.hidden = !MAY_SHARE;
  byId("share-made").hidden = true;
  if (part.open) readShares();
}

async function readShares() {
  const wanted = asked;
  try {
    const said = await get(`briefs/${wanted.period}/shares`, { city: wanted.city });
    if (asked !== wanted) return; // another period was chosen meanwhile
    fillTable(byId("share-list"), ["share_for", "share_by", "share_until", "share_opened", "state"].map((name) => t(`meeting.${name}`)).concat(""), said.shares.map(row));
    if (!said.shares.length) byId("share-list").tBodies[0].rows[0].cells[0].textContent = t("meeting.share_none");
    say(byId("share-problem"));
  } catch (error) {
    say(byId("share-problem"), error.message);
  }
}

function row(one) {
  const by = [one.made_by, dateTime(one.made_at)].join(" · ");
  const opened = one.opened ? [count(one.opened), dateTime(one.opened_at)].join(" · ") : "0";
  const state = [t(`meeting.share_state.${one.state}`), one.withdrawn_by].filter(Boolean).join(" · ");
  const end = one.state === "works" ? el("button", { class: "text-button", attributes: { type: "button" }, on: { click: () => withdraw(one.id) } }, t("meeting.share_withdraw")) : "";
  return [one.note || "–", by, dateTime(one.expires_at), opened, el("span", { class: one.state === "works" ? "is-better" : "" }, state), end];
}

async function withdraw(id) {
  try {
    await change("DELETE", `briefs/shares/${id}`);
    await readShares();
  } catch (error) {
    say(byId("share-problem"), error.message);
  }
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const body = { id: crypto.randomUUID(), language, days: Number(form.elements.days.value), note: form.elements.note.value, ...(asked.city ? { city: asked.city } : {}) };
  try {
    const made = await post(`briefs/${asked.period}/shares`, body);
    byId("share-address").value = `${window.location.origin}${made.path}`;
    byId("share-said").textContent = t("meeting.share_once");
    byId("share-made").hidden = false;
    form.elements.note.value = "";
    await readShares();
  } catch (error) {
    say(byId("share-problem"), error.message);
  }
});
byId("share-copy").addEventListener("click", async () => {
  byId("share-address").select();
  try {
    await navigator.clipboard.writeText(byId("share-address").value);
    byId("share-said").textContent = t("meeting.share_copied");
  } catch { // not allowed without https: it is selected, to be copied by hand
    byId("share-said").textContent = t("meeting.share_by_hand");
  }
});
part.addEventListener("toggle", () => { if (part.open && asked) readShares(); });
