// The bounds of a queue's file, beside those of what clients say. A queue stays far within them. A file beyond them was
// written by hand, and no program can go on with it; so an import stays below them.

import { DAY } from "../bounds.ts";

/** The highest number of a job or attempt in a file: a million years of jobs below what JavaScript can count. */
export const HIGHEST = 2 ** 52;
/** The highest number of an import: as many numbers are left above it. */
export const HIGHEST_IMPORTED = 2 ** 50;
/** The furthest time that JavaScript's dates know, in ms since the Unix epoch. */
export const LAST_TIME = 8.64e15;
/** How far ahead a time of an import may be, in ms: PUT's delay and expiry are at most a year each. */
export const FURTHEST_IMPORTED = 2 * 366 * DAY;
/** How far ahead the next time of a schedule may be, in ms: as from a 29 February to one that is a Monday. */
export const FURTHEST_SCHEDULED = 50 * 366 * DAY;
/** The longest reason of an import, in characters. */
export const LONGEST_REASON = 4096;
/** The longest body of an import, in bytes. */
export const LONGEST_BODY = 16 << 20;
