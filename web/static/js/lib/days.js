// Days and times as the city's clock has them: a computer may stand in another zone, or be set to none.

import { zone } from "./i18n.js";

const byClock = new Intl.DateTimeFormat("sv-SE", { timeZone: zone, dateStyle: "short" }); // writes ISO 8601

/** The day so many days after another. */
export function daysAfter(day, days) {
  const at = new Date(`${day}T12:00:00Z`);
  at.setUTCDate(at.getUTCDate() + days);
  return at.toISOString().slice(0, 10);
}

/** Today, or so many days after it. */
export const today = (days = 0) => daysAfter(byClock.format(new Date()), days);

/** Monday 1 … Sunday 7. */
export const weekdayOf = (day) => ((new Date(`${day}T12:00:00Z`).getUTCDay() + 6) % 7) + 1;

/** A clock time of the city ("2026-12-01T08:00") as a moment with its offset. */
export function momentAt(text, where = zone) {
  const named = new Intl.DateTimeFormat("en", { timeZone: where, timeZoneName: "longOffset" }).formatToParts(new Date(`${text}:00Z`));
  return `${text}:00${named.find((part) => part.type === "timeZoneName").value.replace("GMT", "") || "+00:00"}`;
}

/** A moment as a clock time of the city, as a control for dates and times writes it. */
export const clockAt = (moment) => new Intl.DateTimeFormat("sv-SE", { timeZone: zone, dateStyle: "short", timeStyle: "short" }).format(new Date(moment)).replace(" ", "T");
