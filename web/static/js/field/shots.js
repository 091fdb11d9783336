// Photos in a form: a large button that takes one, and what was taken, to be looked at and taken away again.

import { t } from "../lib/i18n.js";
import { el } from "../lib/text.js";

/** The address of a photo's picture; photos that come back from the phone's memory get a new one. */
const addressOf = (photo) => {
  photo.url ??= URL.createObjectURL(photo.blob);
  return photo.url;
};

/** A taken photo, and the button that takes it away. */
export function shot(photo, away) {
  return el("span", { class: "photo" },
    el("img", { attributes: { src: addressOf(photo), alt: t("field.photo"), width: 72, height: 72 } }),
    el("button", { class: "photo__away", attributes: { type: "button", "aria-label": t("field.photo_away") }, on: { click: away } }, el("span", { attributes: { "aria-hidden": "true" } }, "×")));
}

/** The photo that the server has, as it was before. */
export function before(identity, size_px = 72) {
  return el("img", {
    class: "same__photo", attributes: { src: `/api/v1/photos/${identity}/thumbnail`, alt: t("field.photo_before"), width: size_px, height: size_px },
    on: { error: (event) => { event.target.hidden = true; } }, // never fetched while there was a signal
  });
}

/** A button that opens the camera or, with `many`, the gallery; `take` gets the files. */
export function camera(words, take, { many = false, id = null } = {}) {
  const input = el("input", {
    class: "visually-hidden", attributes: { type: "file", accept: "image/*", capture: many ? null : "environment", multiple: many, id },
    on: { change: (event) => { const files = [...event.target.files]; event.target.value = ""; if (files.length) take(files); } },
  });
  return el("label", { class: "photo-button" }, words, input);
}

/** What may not go into the outbox or the memory: addresses of pictures die with the page. */
export const bare = (photos) => photos.map(({ url, ...photo }) => photo);
