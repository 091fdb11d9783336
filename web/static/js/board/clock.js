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

/** How the whole case stands with its limit: time left, that the clock is stopped, or how it ended; null where there is nothing to say. */
export function timeOf(properties, due = properties.due_at) {
  const { step, state, closed_at: closed, due_at: whole } = properties;
  if (step) return timeLeft(due); // a clock runs
  if (state === "suspended") return el("span", { class: "time" }, t("board.stopped"));
  if (!closed || !whole) return null;
  const late = Date.parse(closed) - Date.parse(whole);
  return el("span", { class: "time", attributes: { title: dateTime(closed) } }, late > 0 ? t("board.closed_late", { span: span(late) }) : t("board.closed_in_time"));
}

/** The same by the nearer of the step's and the whole case's deadline. */
export function nextTime(properties) {
  const both = [properties.step_due_at, properties.due_at].filter(Boolean).map((text) => Date.parse(text));
  return timeOf(properties, both.length ? new Date(Math.min(...both)).toISOString() : null);
}

/** Time left or overdue as an element; nothing where no clock runs. The deadlines count working time, this counts the wall's. */
export function timeLeft(text, now = Date.now()) {
  if (!text) return null;
  const left = Date.parse(text) - now;
  const kind = left < 0 ? "time time--late" : left < SOON_MS ? "time time--soon" : "time";
  return el("span", { class: kind, attributes: { title: dateTime(text) } }, left < 0 ? t("board.late_by", { span: span(left) }) : t("board.left", { span: span(left) }));
}
