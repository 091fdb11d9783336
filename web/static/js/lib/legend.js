// The legend and the choice of layers.

import { t } from "./i18n.js";
import { el } from "./text.js";

const SWATCHES = ["campus", "school", "perimeter", "cell", "gate", "facility", "hazard", "severe", "done", "group"];

export function fillLegend(node) {
  node.replaceChildren(el("ul", { class: "legend__list" }, SWATCHES.map((name) => el("li", {},
    el("span", { class: `swatch swatch--${name}`, attributes: { "aria-hidden": "true" } }, { hazard: t("sign.VEN"), severe: t("sign.TRF"), done: t("sign.ENV"), group: "12" }[name] ?? ""),
    t(`legend.${name}`)))));
}

/** Checkboxes for the layers; `changed(name, on)` after each click. */
export function fillLayers(node, layers, changed) {
  node.replaceChildren(el("h2", { class: "card__title" }, t("tools.layers")), el("ul", { class: "plain" }, layers.map(({ name, on, note }) => el("li", {},
    el("label", { class: "check" },
      el("input", { attributes: { type: "checkbox", checked: on }, on: { change: (event) => changed(name, event.target.checked) } }),
      el("span", {}, t(`layer.${name}`), note && el("small", {}, note)))))));
}
