// Sign in, and go on to where one wanted to.

import { post } from "../lib/api.js";
import { pageConfig } from "../lib/i18n.js";
import { keepHash } from "../lib/masthead.js";
import { say } from "../lib/table.js";

const form = document.getElementById("sign-in");
const problem = document.getElementById("problem");
const button = form.querySelector("button");

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  say(problem);
  button.disabled = true;
  try {
    const given = new FormData(form);
    await post("session", { username: given.get("username").trim(), password: given.get("password") });
    window.location.replace(pageConfig.next ?? "/home");
  } catch (error) {
    say(problem, error.message);
    button.disabled = false;
    form.elements.password.select();
  }
});

button.disabled = false; // until here a browser would have sent the form itself
keepHash();
