// What the app is beside tagging: it comes once tagging can be used, so that nobody waits for it at the school gate.

export { Day } from "./day.js";
export { FieldMap } from "./fieldmap.js";
export { fetchGround } from "./ground.js";
export { HazardCard } from "./hazard.js";
export { Patrol } from "./patrol.js";
export { Round } from "./round.js";
export { searching } from "./search.js";
export { Track } from "./track.js";
export { renderOutbox } from "./waiting.js";
export { Walk } from "./walk.js";
