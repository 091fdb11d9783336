// Escort posts: the table of posts that must be manned, and a form for another one.

import { change, get, getFeatures, post } from "../lib/api.js";
import { label, nameOf, t } from "../lib/i18n.js";
import { el } from "../lib/text.js";

const SKILLS = ["", "traffic_police", "police", "urban_management", "guard", "volunteer"];
const PAGES = 4;

export class Posts {
  /** @param {object} options city(), fail(error), askPlace(take) */
  constructor(node, options) {
    Object.assign(this, options, { node });
  }

  async show() {
    const [{ posts }, { departments }, schools] = await Promise.all([
      get("patrols/posts", { city: this.city() }), get("departments"), getFeatures("schools", { limit: 1000 }, { pages: PAGES }),
    ]);
    this.names = new Map(departments.map((one) => [one.code, label(one)]));
    this.schools = schools.features;
    this.node.replaceChildren(
      el("h2", {}, t("patrols.posts_title")), el("p", { class: "soft" }, t("patrols.posts_help")),
      posts.length ? el("ul", { class: "posts" }, posts.map((one) => this.#line(one))) : el("p", { class: "soft" }, t("patrols.no_posts")),
      this.#form());
  }

  #line(one) {
    const hours = one.begins ? `${one.begins}–${one.ends}` : t("patrols.by_dismissal");
    const days = one.weekdays.length ? one.weekdays.map((day) => t(`police.day.${day}`)).join(t("list.comma")) : t("patrols.every_school_day");
    return el("li", { class: one.active ? "" : "off" }, el("b", {}, `${one.school.name} ${one.name}`),
      el("small", {}, [hours, days, one.skill && t(`patrols.skill.${one.skill}`), one.department && (this.names.get(one.department) ?? one.department), one.manned_by].filter(Boolean).join(" · ")),
      el("button", { class: "text-button", attributes: { type: "button" }, on: { click: () => this.#switch(one) } }, t(one.active ? "patrols.post_off" : "patrols.post_on")));
  }

  async #switch(one) {
    try {
      await change("PATCH", `patrols/posts/${one.id}`, { active: !one.active }, { headers: { "If-Match": `"${one.version}"` } });
      await this.show();
    } catch (error) { this.fail(error); }
  }

  #form() {
    const gates = el("select", { attributes: { name: "gate", required: true } });
    const school = el("select", { attributes: { name: "school", required: true }, on: { change: () => this.#gates(school.value, gates) } },
      el("option", { attributes: { value: "" } }, t("patrols.choose")), this.schools.map((one) => el("option", { attributes: { value: one.id } }, nameOf(one.properties))));
    const field = (words, input, wide) => el("label", { class: `field${wide ? " wide" : ""}` }, el("span", {}, words), input);
    return el("form", { class: "wanted", on: { submit: (event) => this.#add(event) } }, el("h3", { class: "wide" }, t("patrols.new_post")),
      field(t("patrols.school"), school, true), field(t("patrols.gate"), gates, true),
      field(t("patrols.begins_or"), el("input", { attributes: { type: "time", name: "begins" } })), field(t("patrols.ends"), el("input", { attributes: { type: "time", name: "ends" } })),
      field(t("patrols.skill"), el("select", { attributes: { name: "skill" } }, SKILLS.map((one) => el("option", { attributes: { value: one } }, one ? t(`patrols.skill.${one}`) : t("patrols.skill_any"))))),
      field(t("patrols.department"), el("select", { attributes: { name: "department" } }, el("option", { attributes: { value: "" } }, "—"), [...this.names].map(([code, name]) => el("option", { attributes: { value: code } }, name)))),
      field(t("patrols.manned_by"), el("input", { attributes: { name: "manned_by", maxlength: 200 } }), true),
      el("button", { class: "button button--primary wide", attributes: { type: "submit" } }, t("patrols.add_post")));
  }

  async #gates(id, select) {
    try {
      const gates = id ? await get(`schools/${id}/gates`) : [];
      select.replaceChildren(...gates.map((one) => el("option", { attributes: { value: one.uuid } }, nameOf(one))));
    } catch (error) { this.fail(error); }
  }

  async #add(event) {
    event.preventDefault();
    const said = Object.fromEntries([...new FormData(event.target)].filter(([, value]) => value !== ""));
    try {
      await post("patrols/posts", { id: crypto.randomUUID(), ...said });
      await this.show();
    } catch (error) { this.fail(error); }
  }
}
