// The catalogue of the page's language (put there by the server) and what depends on the language.

function readJson(id) {
  const node = document.getElementById(id);
  return node ? JSON.parse(node.textContent) : {};
}

const texts = readJson("catalogue");

export const pageConfig = readJson("page-config");
/** The time zone of the city; unknown before there is one: then that of the computer. */
export const zone = pageConfig.cities?.[0]?.time_zone;
export const language = document.documentElement.lang.startsWith("en") ? "en" : "zh";

/** The text of a key with `{name}` filled in; the key itself when there is none. */
export function t(key, values = {}) {
  let text = texts[key] ?? key;
  for (const [name, value] of Object.entries(values)) text = text.replaceAll(`{${name}}`, String(value));
  return text;
}

/** True when the catalogue has the key. */
export function has(key) {
  return key in texts;
}

/** The label of a vocabulary entry {code, zh, en}; entries may also be plain codes. */
export function label(entry) {
  if (entry === null || entry === undefined) return "";
  if (typeof entry === "string") return entry;
  return entry[language] || entry.zh || entry.en || entry.code || "";
}

/** A name in the page's language where the record has one. */
export function nameOf(properties) {
  return (language === "en" && properties.name_en) || properties.name || properties.name_en || t("name.none");
}

const locale = language === "en" ? "en-GB" : "zh-CN";
const whole = new Intl.NumberFormat(locale, { maximumFractionDigits: 0 });
const tenth = new Intl.NumberFormat(locale, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const moment = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short", timeZone: zone });
const wallClock = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short", timeZone: "UTC" });

export const count = (value) => whole.format(value);

/** Metres with one decimal, as measured; kilometres from ten on. */
export function metres(value_m) {
  if (value_m === null || value_m === undefined || !Number.isFinite(Number(value_m))) return t("unit.unknown");
  const value = Number(value_m);
  return value >= 10000 ? t("unit.km", { n: tenth.format(value / 1000) }) : t("unit.m", { n: tenth.format(value) });
}

/** Metres without decimals, for limits and radii. */
export function wholeMetres(value_m) {
  const value = Number(value_m);
  if (value_m === null || value_m === undefined || !Number.isFinite(value)) return t("unit.unknown");
  return t("unit.m", { n: Number.isInteger(value) ? whole.format(value) : tenth.format(value) });
}

export function squareMetres(value_m2) {
  return t("unit.m2", { n: whole.format(value_m2) });
}

/**
 * A time of RFC 3339 as people write it: by the clock of the place where it was recorded, when the offset
 * says which; else by the reader's clock. What cannot be read is shown as it came.
 */
export function dateTime(text) {
  const time = Date.parse(text);
  if (Number.isNaN(time)) return String(text);
  const local = /^(.*T[\d:.]+)[+-](?!00:00)\d\d:\d\d$/.exec(text);
  return local ? wallClock.format(Date.parse(`${local[1]}Z`)) : moment.format(time);
}
