// Clicks, hovering and the keyboard on the map. The canvas has no elements of its own, so what lies under
// the pointer is worked out from the data; with the keyboard the cross in the middle points.

import { worldX, worldY } from "./geometry.js";
import { metres, nameOf, t } from "./i18n.js";
import { latLng } from "./map.js";
import { hitAt } from "./paint.js";
import { el } from "./text.js";

export class Pointing {
  /** @param {object} options map, scene, layer, tip.words(), choose(kind, id, more), clear(), place(lon, lat) */
  constructor(options) {
    Object.assign(this, options);
    this.checking = false;
    this.node = this.map.getContainer();
    this.tooltip = el("div", { class: "map-tip", attributes: { hidden: true, "aria-hidden": "true" } });
    this.node.parentElement.append(this.tooltip);
    this.frame = 0;
    this.map.on("click", (event) => this.#point(event.latlng, event.originalEvent?.pointerType === "touch"));
    if (window.matchMedia("(hover: hover)").matches) {
      this.map.on("mousemove", (event) => this.#hover(event));
      this.map.on("mouseout movestart zoomstart", () => this.#hideTip());
    }
    this.node.addEventListener("keydown", (event) => {
      if (event.target !== this.node || (event.key !== "Enter" && event.key !== " ")) return;
      event.preventDefault();
      this.#point(this.map.getCenter(), true, true);
    });
  }

  #hit(place, touch) {
    return hitAt(this.scene, worldX(place.lng), worldY(place.lat), this.map.getZoom(), { touch });
  }

  #point(place, touch, keyboard = false) {
    const at = latLng(place.lat, place.lng);
    if (this.checking) {
      this.place(at.lng, at.lat);
      return;
    }
    const hit = this.#hit(at, touch);
    const more = { focus: keyboard };
    if (hit === null) this.clear();
    else if (hit.kind === "cluster") this.#into(hit.group);
    else if (hit.kind === "school") this.choose("school", hit.feature.id, more);
    else if (hit.kind === "hazard") this.choose("hazard", hit.feature.id, more);
    else if (hit.kind === "cell") this.choose("cell", String(hit.feature.properties.code), more);
    else if (hit.kind === "perimeter") this.choose("school", hit.feature.properties.school, more);
    else if (hit.kind === "gate" && hit.feature.properties.school) this.choose("school", hit.feature.properties.school, more);
  }

  /** A group opens by zooming until it comes apart. */
  #into(group) {
    const lat = (Math.atan(Math.sinh(Math.PI * (1 - 2 * group.y))) * 180) / Math.PI;
    this.map.setView([lat, (group.x - 0.5) * 360], Math.min(17, this.map.getZoom() + 1.5));
  }

  #words(hit) {
    const p = hit.feature?.properties ?? {};
    const { palette } = this.scene;
    switch (hit.kind) {
      case "cluster": return t("tip.group", { n: hit.group.count });
      case "hazard": return `${palette.get(p.category).name} · ${p.name || palette.subtype(p.category, p.subtype)}`;
      case "cell": return t("tip.cell", { code: p.code, n: p.hazards ?? 0 });
      case "perimeter": return t("tip.perimeter", { name: p.school_name ?? "", distance: metres(p.distance_m) });
      case "gate": return [p.school_name, p.name || t("gate.unnamed")].filter(Boolean).join(" · ");
      case "facility": return [p.name, this.tip.words().facilityKind(p.kind), ...p.levels.map(this.tip.words().facilityLevel)].filter(Boolean).join(" · ");
      case "premises": return [p.name, (p.categories ?? []).map(this.tip.words().premisesCategory).join(t("list.comma"))].filter(Boolean).join(" · ");
      default: return nameOf(p);
    }
  }

  #hover(event) {
    cancelAnimationFrame(this.frame);
    this.frame = requestAnimationFrame(() => {
      const hit = this.checking ? null : this.#hit(event.latlng, false);
      this.node.classList.toggle("map--hit", hit !== null);
      if (hit === null) {
        this.#hideTip();
        return;
      }
      this.tooltip.textContent = this.#words(hit);
      this.tooltip.hidden = false;
      const { x, y } = event.containerPoint;
      const width = this.node.clientWidth;
      const left = Math.min(x + 14, width - this.tooltip.offsetWidth - 8);
      this.tooltip.style.transform = `translate(${Math.max(4, left)}px, ${y + 18}px)`;
    });
  }

  #hideTip() {
    cancelAnimationFrame(this.frame);
    this.tooltip.hidden = true;
    this.node.classList.remove("map--hit");
  }
}
