// Pages without a script of their own: only the header.

import { keepHash } from "../lib/masthead.js";

keepHash();
