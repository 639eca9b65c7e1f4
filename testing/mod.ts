/**
 * Tests of services: a clock on which time passes only when a test says so.
 *
 * @module
 */

export { VirtualClock } from "./virtual_clock.ts";
export type { Clock } from "../scheduling/clock.ts";
