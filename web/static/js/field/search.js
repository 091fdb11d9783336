// The search on the map.

import { debounce, el } from "../lib/text.js";
import { ask } from "./sender.js";

const ASK_AFTER_MS = 300;

/** Search what the phone knows, and with a signal the whole gazetteer, addresses too. */
export function searching(app) {
  const input = document.getElementById("find");
  const results = document.getElementById("found");
  const take = (one) => {
    results.hidden = true;
    input.value = "";
    if (!one.place) return;
    app.map.look(one.place);
    app.go("tag");
    app.tag.put(one.place);
  };
  const show = (found) => {
    results.replaceChildren(...found.map((one) => el("li", {}, el("button", { class: "list__one list__one--button", attributes: { type: "button" }, on: { click: () => take(one) } }, one.name))));
    results.hidden = found.length === 0;
  };
  const askAround = debounce(async (text) => {
    try {
      const [lon, lat] = app.position?.place ?? [];
      const near = lon === undefined ? "" : `&lon=${lon}&lat=${lat}`;
      const response = await ask("GET", `geocode?q=${encodeURIComponent(text)}${near}`);
      if (!response.ok || input.value !== text) return;
      const own = app.shift.find(text);
      const names = new Set(own.map((one) => one.name));
      const more = (await response.json()).results.filter((one) => !names.has(one.name)).map((one) => ({ name: one.name, place: [one.lon, one.lat] }));
      show([...own, ...more].slice(0, 15));
    } catch { /* no signal: the phone's own places are there */ }
  }, ASK_AFTER_MS);
  const typed = () => {
    const text = input.value;
    show(app.shift.find(text));
    if (text.trim().length > 1) askAround(text);
  };
  input.addEventListener("input", typed);
  if (input.value) typed(); // somebody was faster
}
