/** A page that does not live by the line: its times in the reader's own way, and clocks that go on. */

import "./house.js";
import { tick, writeAll } from "./times.js";

const CLOCK_MS = 15_000;

writeAll(document);
setInterval(tick, CLOCK_MS);
document.body.addEventListener("htmx:load", (event) => writeAll(event.detail.elt));
