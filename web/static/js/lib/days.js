// Days as the city's clock has them: a computer may stand in another zone, or be set to none.

import { pageConfig } from "./i18n.js";

const byClock = new Intl.DateTimeFormat("sv-SE", { timeZone: pageConfig.cities?.[0]?.time_zone, dateStyle: "short" }); // writes ISO 8601

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
