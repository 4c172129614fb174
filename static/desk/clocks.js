/** A page with waiting clocks and nothing else that moves. */

import "./house.js";
import { tick } from "./times.js";

const CLOCK_MS = 15_000;

tick();
setInterval(tick, CLOCK_MS);
