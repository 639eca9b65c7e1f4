/**
 * Who goes next. Pure: the clock and randomness are handed in.
 *
 * @module
 */
export type { Clock } from "./clock.ts";
