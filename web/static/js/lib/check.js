// The distance check: a point, a target, the rules' verdicts with the measured line and the legal basis.
// Every result is a lead, never a finding, and the page says so each time.

import { isAborted, post } from "./api.js";
import { shapeOf } from "./geometry.js";
import { has, metres, nameOf, t, wholeMetres } from "./i18n.js";
import { covered } from "./map.js";
import { failure, waiting } from "./panel.js";
import { VERDICT_COLOURS } from "./paint.js";
import { el, icon } from "./text.js";

const SYSTEMS = ["wgs84", "cgcs2000", "gcj02", "bd09"];
const ORDER = ["inside", "borderline", "undetermined", "outside"];

export class DistanceCheck {
  /** @param {object} options targets() → [[code, name]]; drawn(check) shows it on the map; goTo(lat, lon, zoom); select(kind, id) */
  constructor({ targets, drawn, goTo, select }) {
    Object.assign(this, { targets, drawn, goTo, select });
    this.values = { lon: "", lat: "", crs: "wgs84", target: "internet_cafe", position_error_m: "10" };
    this.request = null;
    this.check = { point: null, lines: [] };
    this.answer = el("div", { class: "check__answer", attributes: { "aria-live": "polite" } });
  }

  /** The nodes of the panel. */
  nodes() {
    const text = (name, attributes) => el("label", { class: "field" }, el("span", {}, t(`check.${name}`)),
      el("input", {
        attributes: { name, inputmode: "decimal", autocomplete: "off", required: true, value: this.values[name], ...attributes },
        on: { input: (event) => { this.values[name] = event.target.value; } },
      }));
    const choice = (name, options) => el("label", { class: "field" }, el("span", {}, t(`check.${name}`)),
      el("select", { attributes: { name }, on: { change: (event) => { this.values[name] = event.target.value; } } },
        options.map(([value, words]) => el("option", { attributes: { value, selected: value === this.values[name] } }, words))));
    this.form = el("form", { class: "check-form", attributes: { novalidate: true }, on: { submit: (event) => { event.preventDefault(); this.run(); } } },
      el("p", { class: "lead-notice" }, icon("info"), el("strong", {}, t("check.lead_only"))),
      el("p", { class: "quiet" }, t("check.explain")),
      choice("target", this.targets()),
      el("div", { class: "pair" }, text("lon"), text("lat")),
      el("div", { class: "pair" }, choice("crs", SYSTEMS.map((code) => [code, t(`crs.${code}`)])), text("position_error_m")),
      el("button", { class: "button button--primary", attributes: { type: "submit" } }, t("check.run")));
    return [this.form, this.answer];
  }

  /** A click on the map: take the point and run. */
  place(lon, lat) {
    Object.assign(this.values, { lon: lon.toFixed(6), lat: lat.toFixed(6), crs: "wgs84" });
    for (const name of ["lon", "lat", "crs"]) {
      if (this.form) this.form.elements[name].value = this.values[name];
    }
    this.run();
  }

  #body() {
    const number = (name) => Number(String(this.values[name]).trim());
    const lon = number("lon");
    const lat = number("lat");
    const error_m = number("position_error_m");
    const empty = !String(this.values.lon).trim() || !String(this.values.lat).trim();
    if (empty || !Number.isFinite(lon) || !Number.isFinite(lat) || Math.abs(lon) > 180 || Math.abs(lat) > 90) return t("check.bad_point");
    if (!Number.isFinite(error_m) || error_m < 0) return t("check.bad_error");
    return { lon, lat, crs: this.values.crs, target: this.values.target, position_error_m: error_m };
  }

  async run() {
    const body = this.#body();
    if (typeof body === "string") {
      this.answer.replaceChildren(failure(new Error(body)));
      return;
    }
    this.request?.abort();
    const request = new AbortController();
    this.request = request;
    const shifted = body.crs === "gcj02" || body.crs === "bd09";
    this.check = { point: shifted ? null : { lon: body.lon, lat: body.lat }, lines: [] };
    this.drawn(this.check);
    this.answer.replaceChildren(waiting());
    try {
      const answer = await post("distance-checks", body, { signal: request.signal });
      if (this.request === request) this.#show(answer);
    } catch (error) {
      if (isAborted(error) || this.request !== request) return;
      this.answer.replaceChildren(failure(error, () => this.run()),
        el("ul", { class: "plain" }, (error.errors ?? []).map((one) => el("li", {}, [one.where ?? one.loc?.join?.("."), one.what ?? one.msg].filter(Boolean).join("：")))));
    }
  }

  #show(answer) {
    const results = [...(answer.results ?? [])].sort((a, b) => ORDER.indexOf(a.verdict) - ORDER.indexOf(b.verdict) || (a.distance_m ?? Infinity) - (b.distance_m ?? Infinity));
    const lines = results.filter((one) => one.line).map((one) => ({ shape: shapeOf(one.line), verdict: one.verdict, distance_m: one.distance_m, chosen: false, result: one })).filter((one) => one.shape);
    const point = Array.isArray(answer.point) ? { lon: answer.point[0], lat: answer.point[1] } : this.check.point;
    this.check = { point, lines };
    this.drawn(this.check);
    if (point) this.goTo(point.lat, point.lon, 16);
    const counts = ORDER.map((verdict) => [verdict, results.filter((one) => one.verdict === verdict).length]).filter(([, n]) => n > 0);
    this.answer.replaceChildren(...[
      el("p", { class: "verdicts" }, counts.map(([verdict, n]) => verdictMark(verdict, n))),
      results.length === 0 && el("p", { class: "state" }, t("check.no_results")),
      el("ol", { class: "results" }, results.map((one) => this.#result(one))),
      el("p", { class: "lead-notice" }, icon("info"), el("strong", {}, answer.notice || t("check.lead_only"))),
    ].filter(Boolean));
    if (covered() > 0) this.answer.scrollIntoView({ block: "start" }); // on a phone they come below the form
  }

  #result(one) {
    const shown = (value) => {
      for (const line of this.check.lines) line.chosen = value && line.result === one;
      this.drawn(this.check);
    };
    const node = el("li", { class: "result", on: { pointerenter: () => shown(true), pointerleave: () => shown(false), focusin: () => shown(true), focusout: () => shown(false) } },
      el("p", { class: "result__head" }, verdictMark(one.verdict), one.existing && el("span", { class: "tag" }, t("check.existing"))),
      el("h3", {}, one.title),
      one.school && el("p", {}, el("button", { class: "text-button", attributes: { type: "button" }, on: { click: () => this.select("school", one.school.uuid) } }, nameOf(one.school))),
      one.sentence && el("p", { class: "result__sentence" }, one.sentence),
      el("dl", { class: "facts facts--tight" }, [
        [t("check.distance"), one.distance_m === null || one.distance_m === undefined ? null : metres(one.distance_m)],
        [t("check.limit"), one.limit_m === null || one.limit_m === undefined ? t("check.no_limit") : wholeMetres(one.limit_m)],
        [t("check.measure"), has(`measure.${one.measure}`) ? t(`measure.${one.measure}`) : one.measure],
        [t("check.boundary_distance"), one.boundary_distance_m === null || one.boundary_distance_m === undefined ? null : metres(one.boundary_distance_m)],
        [t("check.gate_distance"), one.gate_distance_m === null || one.gate_distance_m === undefined ? null : metres(one.gate_distance_m)],
      ].filter(([, value]) => value).map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, value)))),
      one.basis && el("p", { class: "result__basis" }, el("span", {}, t("check.basis")), " ", one.basis,
        one.basis_status && el("span", { class: "quiet" }, ` (${has(`basis.${one.basis_status}`) ? t(`basis.${one.basis_status}`) : one.basis_status})`)));
    node.style.setProperty("--verdict", VERDICT_COLOURS[one.verdict] ?? VERDICT_COLOURS.undetermined);
    return node;
  }

  /** Stop: nothing of the check stays on the map. */
  close() {
    this.request?.abort();
    this.request = null;
    this.check = { point: null, lines: [] };
    this.answer.replaceChildren();
  }
}

function verdictMark(verdict, n = null) {
  const known = has(`verdict.${verdict}`);
  const node = el("span", { class: "verdict" }, icon(known ? verdict : "undetermined"), known ? t(`verdict.${verdict}`) : verdict, n !== null && el("b", {}, String(n)));
  node.style.setProperty("--verdict", VERDICT_COLOURS[verdict] ?? VERDICT_COLOURS.undetermined);
  return node;
}
