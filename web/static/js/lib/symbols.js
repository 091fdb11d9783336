// How each category of hazard looks: a colour that colour-blind people can tell apart (Paul Tol's "muted"
// scheme, with a dark brown for its grey), and a sign in the disc so that colour is never the only mark.

import { has, label, t } from "./i18n.js";
import { el } from "./text.js";

export const FONT = 'system-ui, "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", "Source Han Sans SC", sans-serif';

const COLOURS = {
  TRF: "#88ccee", VEN: "#cc6677", SHP: "#ddcc77", CUL: "#aa4499", PUB: "#882255",
  MED: "#44aa99", ENV: "#117733", SEC: "#332288", DNG: "#661100", FAC: "#999933",
};
const DARK = "#0d1b26";
const OTHER = "#6b7780";

function luminance(colour) {
  const parts = [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16) / 255);
  const [r, g, b] = parts.map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/** White or near-black, whichever can be read on the colour. */
export function inkOn(colour) {
  const y = luminance(colour);
  return 1.05 / (y + 0.05) >= 4.5 ? "#ffffff" : DARK;
}

/** The look of every category, from the vocabulary: code → {code, name, sign, colour, ink, subtypes}. */
export class Palette {
  constructor(categories) {
    this.list = categories.map((entry) => {
      const code = typeof entry === "string" ? entry : entry.code;
      const given = /^#[0-9a-f]{6}$/i.test(entry.colour ?? "") ? entry.colour : null;
      const colour = given ?? COLOURS[code] ?? OTHER;
      const sign = has(`sign.${code}`) ? t(`sign.${code}`) : code.slice(0, 1);
      const subtypes = new Map((entry.subtypes ?? []).map((one) => [one.code ?? one, label(one)]));
      return { code, name: label(entry), sign, colour, ink: inkOn(colour), subtypes };
    });
    this.byCode = new Map(this.list.map((one) => [one.code, one]));
    const words = categories.flatMap((entry) => [entry, ...(entry.subtypes ?? [])]).filter((one) => typeof one !== "string");
    this.words = new Map(words.flatMap((one) => [[one.zh, label(one)], [one.en, label(one)]]));
  }

  /** What a hazard is called: a name that is but a word of the vocabulary is said in the page's language. */
  called({ name, category, subtype }) {
    return this.words.get(name) ?? (name || this.subtype(category, subtype) || this.get(category).name);
  }

  get(code) {
    return this.byCode.get(code) ?? { code, name: code ?? "", sign: String(code ?? "?").slice(0, 1), colour: OTHER, ink: "#ffffff", subtypes: new Map() };
  }

  subtype(category, code) {
    return this.get(category).subtypes.get(code) ?? code ?? "";
  }
}

/** The sign of a category as an element. */
export function badge(look, { hollow = false } = {}) {
  const node = el("span", { class: hollow ? "sign sign--hollow" : "sign", attributes: { "aria-hidden": "true" } }, look.sign);
  node.style.setProperty("--sign", look.colour);
  node.style.setProperty("--sign-ink", hollow ? DARK : look.ink);
  return node;
}

export const RADIUS = { 1: 8.5, 2: 10, 3: 11.5 };

/** Draw one hazard at (x, y). */
export function drawHazard(ctx, look, x, y, { severity = 1, done = false, factor = 1 } = {}) {
  const radius = (RADIUS[severity] ?? RADIUS[1]) * factor;
  if (severity >= 3 && !done) {
    ctx.beginPath();
    ctx.arc(x, y, radius + 3.4, 0, 2 * Math.PI);
    ctx.fillStyle = "rgba(255,255,255,.95)";
    ctx.fill();
    ctx.lineWidth = 2;
    ctx.strokeStyle = DARK;
    ctx.stroke();
  }
  ctx.beginPath();
  ctx.arc(x, y, radius, 0, 2 * Math.PI);
  ctx.fillStyle = done ? "#ffffff" : look.colour;
  ctx.fill();
  ctx.lineWidth = done ? 2.2 : 1.6;
  ctx.strokeStyle = done ? look.colour : "#ffffff";
  ctx.stroke();
  if (!done) {
    ctx.beginPath();
    ctx.arc(x, y, radius + 0.9, 0, 2 * Math.PI);
    ctx.lineWidth = 0.7;
    ctx.strokeStyle = "rgba(13,27,38,.55)";
    ctx.stroke();
  }
  if (radius < 6) return;
  ctx.font = `600 ${Math.round(radius * 1.12)}px ${FONT}`;
  ctx.textAlign = "center";
  ctx.textBaseline = "middle";
  ctx.fillStyle = done ? DARK : look.ink;
  ctx.fillText(look.sign, x, y + 0.6);
}

/** Draw a group of hazards: how many, and their categories as a ring. */
export function drawCluster(ctx, cluster, palette, x, y) {
  const radius = clusterRadius(cluster.count);
  ctx.beginPath();
  ctx.arc(x, y, radius + 1, 0, 2 * Math.PI);
  ctx.fillStyle = "#ffffff";
  ctx.shadowColor = "rgba(13,27,38,.28)";
  ctx.shadowBlur = 5;
  ctx.shadowOffsetY = 1;
  ctx.fill();
  ctx.shadowColor = "transparent";
  ctx.shadowBlur = 0;
  ctx.shadowOffsetY = 0;
  let angle = -Math.PI / 2;
  ctx.lineWidth = 4.5;
  for (const { code } of palette.list) {
    const n = cluster.categories.get(code) ?? 0;
    if (!n) continue;
    const next = angle + (2 * Math.PI * n) / cluster.count;
    ctx.beginPath();
    ctx.arc(x, y, radius - 2.4, angle, next);
    ctx.strokeStyle = palette.get(code).colour;
    ctx.stroke();
    angle = next;
  }
  ctx.font = `600 ${cluster.count > 999 ? 10.5 : 12}px ${FONT}`;
  ctx.textAlign = "center";
  ctx.textBaseline = "middle";
  ctx.fillStyle = DARK;
  ctx.fillText(String(cluster.count), x, y + 0.6);
}

export function clusterRadius(count) {
  return Math.min(25, 12.5 + 2.1 * Math.log2(count));
}
