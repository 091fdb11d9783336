// What goes out by e-mail and to robots: what waits, what is out, what could not be delivered and may be sent again.

import { getPage, post } from "../lib/api.js";
import { count, dateTime, t } from "../lib/i18n.js";
import { addRows, fillTable, say } from "../lib/table.js";
import { el } from "../lib/text.js";

const byId = (id) => document.getElementById(id);

export class Outbox {
  /** @param {object} options attempt(work), done (the line that says what was done) */
  constructor(options) {
    Object.assign(this, options);
    this.next = null;
    byId("outbox-state")?.addEventListener("change", () => this.attempt(() => this.open()));
    byId("outbox-again")?.addEventListener("click", () => this.#again("outbox/again"));
    byId("more-outbox")?.addEventListener("click", () => this.attempt(async () => {
      const { data, next } = await getPage(this.next);
      addRows(byId("outbox-table"), data.entries.map((one) => this.#row(one)));
      this.#rest(next);
    }));
  }

  async open() {
    const { data, next } = await getPage("outbox", { state: byId("outbox-state").value, limit: 100 });
    const { counts, channels } = data;
    const names = [channels.email && t("outbox.email"), ...channels.robots].filter(Boolean);
    byId("outbox-counts").textContent = [
      ...["waiting", "sending", "sent", "dead"].map((state) => t(`outbox.${state}`, { n: count(counts[state]) })),
      names.length ? t("outbox.on", { names: names.join(t("list.comma")) }) : t("outbox.off"),
    ].join(" · ");
    byId("outbox-again").hidden = byId("outbox-state").value !== "dead" || !counts.dead;
    fillTable(byId("outbox-table"), [t("admin.when"), t("outbox.target"), t("outbox.kind"), t("outbox.attempts"), t("outbox.why"), ""], data.entries.map((one) => this.#row(one)));
    this.#rest(next);
  }

  #rest(next) {
    this.next = next;
    byId("more-outbox").hidden = !next;
  }

  #row(one) {
    return [
      el("span", { class: "nowrap" }, dateTime(one.sent_at ?? one.created_at)),
      one.person ? `${t("outbox.email")} · ${one.person}` : one.target,
      one.kind, count(one.attempts), one.last_error,
      one.state === "dead" ? el("button", { class: "text-button", attributes: { type: "button" }, on: { click: () => this.#again(`outbox/${one.id}/again`) } }, t("outbox.again")) : "",
    ];
  }

  #again(path) {
    return this.attempt(async () => {
      const { again } = await post(path);
      await this.open();
      say(this.done, t("outbox.queued", { n: count(again) }));
    });
  }
}
