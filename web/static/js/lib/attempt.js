// What a person asks for is tried, and where it fails the page says why.

import { say } from "./table.js";

/**
 * Return the function of a page that tries something, and returns what came of it (undefined where it failed).
 * @param {HTMLElement} problem the line that says why something failed
 * @param {HTMLElement|null} done the line that says what was done: emptied before, and filled with `words` after
 */
export function attempts(problem, done = null) {
  return async (work, words = "") => {
    say(problem);
    if (done) say(done);
    try {
      const found = await work();
      if (words) say(done, words);
      return found;
    } catch (error) {
      say(problem, error.message);
      problem.scrollIntoView({ block: "nearest" });
      return undefined;
    }
  };
}
