// Short sentences over the map: loading, errors, what is left out. Each has a name and is replaced by it.

import { t } from "./i18n.js";
import { el, icon } from "./text.js";

export class Notices {
  constructor(node) {
    this.node = node;
    this.items = new Map();
  }

  /** Show or (text null) remove the notice of this name. */
  set(name, text, { kind = "info", again = null } = {}) {
    const old = this.items.get(name);
    if (text === null) {
      old?.node.remove();
      this.items.delete(name);
      return;
    }
    if (old?.text === text) return;
    old?.node.remove();
    const node = el("div", { class: `notice notice--${kind}` }, kind === "error" && icon("warning"), el("span", {}, text),
      again && el("button", { class: "text-button", attributes: { type: "button" }, on: { click: again } }, t("state.again")));
    this.items.set(name, { text, node });
    this.node.append(node);
  }
}
