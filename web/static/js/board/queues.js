// The queues: which cases wait for what.

import { nextDue } from "./clock.js";

const DAY_MS = 86_400_000;
export const CLOSED = new Set(["closed", "rated", "rejected", "void", "merged"]);
const is = (...states) => ({ properties }) => states.includes(properties.state);

function dueToday({ properties }) {
  const due = nextDue(properties);
  if (due === null || CLOSED.has(properties.state)) return false;
  const now = Date.now();
  const midnight = new Date(now).setHours(24, 0, 0, 0);
  return due >= now && due < midnight && due - now < DAY_MS;
}

/** name → whether a case stands in it; shown in this order. */
export const QUEUES = new Map([
  ["open", ({ properties }) => !CLOSED.has(properties.state)],
  ["mine", ({ properties }) => properties.allowed_actions.some((action) => action !== "comment")],
  ["new", is("reported", "verified")],
  ["dispatch", is("filed")],
  ["today", dueToday],
  ["overdue", ({ properties }) => properties.overdue],
  ["returned", is("returned")],
  ["handling", is("dispatched", "accepted", "in_progress", "suspended")],
  ["check", is("answered", "awaiting_check")],
  ["closed", ({ properties }) => CLOSED.has(properties.state)],
]);

/** Overdue first, then by deadline, then the newest. */
export function byUrgency(one, other) {
  const a = one.properties;
  const b = other.properties;
  if (a.overdue !== b.overdue) return a.overdue ? -1 : 1;
  const [x, y] = [nextDue(a) ?? Infinity, nextDue(b) ?? Infinity];
  if (x !== y) return x - y;
  return b.received_at.localeCompare(a.received_at);
}
