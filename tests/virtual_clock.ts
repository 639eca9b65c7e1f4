// The virtual clock is part of the package; tests that are older import it from here.

export { VirtualClock } from "../testing/virtual_clock.ts";
