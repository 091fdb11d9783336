// The map before it is there: what is to be shown on it is remembered, and shown once Leaflet has come.

const TOLD = ["words", "frame", "show", "position", "setPin", "look", "cells", "patrol", "line", "todo"];

export class LaterMap {
  #map = null;
  #wishes = new Map(); // by name of the method, in the order of the last call of each

  /** The map has come (see fieldmap.js): all that was wished for is done. */
  came(map) {
    this.#map = map;
    for (const [name, values] of this.#wishes) map[name](...values);
    this.#wishes.clear();
  }

  static {
    for (const name of TOLD) {
      LaterMap.prototype[name] = function tell(...values) {
        if (this.#map) this.#map[name](...values);
        else {
          this.#wishes.delete(name);
          this.#wishes.set(name, values);
        }
      };
    }
  }
}
