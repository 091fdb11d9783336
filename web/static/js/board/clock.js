// How much time is left, in words.

import { dateTime, t } from "../lib/i18n.js";
import { el } from "../lib/text.js";

const MINUTE = 60_000;
const SOON_MS = 60 * MINUTE;

function span(ms) {
  const minutes = Math.max(0, Math.floor(Math.abs(ms) / MINUTE));
  const days = Math.floor(minutes / 1440);
  if (days) return t("board.days_hours", { d: days, h: Math.floor((minutes % 1440) / 60) });
  return minutes >= 60 ? t("board.hours_minutes", { h: Math.floor(minutes / 60), m: minutes % 60 }) : t("board.minutes", { m: minutes });
}

/** The nearer of the step's and the whole case's deadline, or null. */
export function nextDue({ step_due_at: step, due_at: whole }) {
  const both = [step, whole].filter(Boolean).map((text) => Date.parse(text));
  return both.length ? Math.min(...both) : null;
}

/** Time left or overdue as an element; nothing where no clock runs. The deadlines count working time, this counts the wall's. */
export function timeLeft(text, now = Date.now()) {
  if (!text) return null;
  const left = Date.parse(text) - now;
  const kind = left < 0 ? "time time--late" : left < SOON_MS ? "time time--soon" : "time";
  return el("span", { class: kind, attributes: { title: dateTime(text) } }, left < 0 ? t("board.late_by", { span: span(left) }) : t("board.left", { span: span(left) }));
}
