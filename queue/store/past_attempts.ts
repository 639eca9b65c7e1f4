// The past attempts of a job, as one text: a line for each, so that a new one is added without reading the others.

import { outcomes } from "../bounds.ts";

/** How an attempt ended. */
export type Outcome = typeof outcomes[number];

/** An attempt that is over. */
export interface PastAttempt {
  /** Its number. */
  readonly attempt: number;
  /** When the job was taken, in ms since the Unix epoch. */
  readonly takenAt: number;
  /** How long it was taken, in ms. */
  readonly ran: number;
  /** How it ended. */
  readonly outcome: Outcome;
  /** Who had taken the job: an identity, or the address of a connection; empty where nobody knows. */
  readonly by: string;
  /** Why it failed; empty where it did not or nobody said. */
  readonly reason: string;
}

/** How many attempts of a job are kept: the last ones. */
export const MOST_PAST = 8;
/** The most characters of a reason and of `by`, which are cut. */
const LONGEST = { reason: 200, by: 128 };
/** The most characters of all attempts. */
export const LONGEST_PAST: number = MOST_PAST * (LONGEST.reason + LONGEST.by + 80);

const LINE = new RegExp(
  String.raw`^(\d{1,16}) (\d{1,16}(?:\.\d{1,9})?) (\d{1,16}(?:\.\d{1,9})?) (${
    outcomes.join("|")
  }) (\S{1,${LONGEST.by}}) ?(.{0,${LONGEST.reason}})$`,
  "u",
);
/** In the place of `by`, where nobody knows. */
const NOBODY = "-";

/** The past attempts of a job with one more. */
export function withAttempt(past: string, ended: PastAttempt): string {
  const { attempt, takenAt, ran, outcome, by, reason } = ended;
  const who = cut(by.replace(/\s/g, "_"), LONGEST.by) || NOBODY;
  const why = reason === "" ? "" : ` ${cut(reason.replace(/\s/g, " "), LONGEST.reason)}`;
  const line = `${attempt} ${round(takenAt)} ${round(ran)} ${outcome} ${who}${why}`;
  if (past === "") return line;
  const lines = past.split("\n");
  return [...lines.slice(-(MOST_PAST - 1)), line].join("\n");
}

/** Times are kept in ms with a thousandth. */
function round(ms: number): number {
  return Math.round(Math.max(0, ms) * 1000) / 1000;
}

/** The first characters of a text, no half of one. */
function cut(text: string, most: number): string {
  if (text.length <= most) return text;
  return text.slice(0, most - 1).replace(/[\ud800-\udbff]$/, "") + "…";
}

/** The past attempts of a text, the oldest first. Lines that are none are left out: a file may have any. */
export function pastAttempts(past: string): PastAttempt[] {
  if (past === "") return [];
  return past.split("\n").slice(-MOST_PAST).flatMap((line) => read(line) ?? []);
}

function read(line: string): PastAttempt | undefined {
  const match = LINE.exec(line);
  if (match === null) return undefined;
  const [, attempt, takenAt, ran, outcome, by, reason] = match;
  return {
    attempt: Number(attempt),
    takenAt: Number(takenAt),
    ran: Number(ran),
    outcome: outcome as Outcome,
    by: by === NOBODY ? "" : by,
    reason,
  };
}

/** Whether a text has nothing but past attempts, and no more of them than are kept. */
export function isPast(past: string): boolean {
  if (past === "") return true;
  const lines = past.split("\n");
  return lines.length <= MOST_PAST && lines.every((line) => read(line) !== undefined);
}

/** Past attempts whose times are later by so many ms. */
export function laterPast(past: string, ms: number): string {
  if (past === "" || ms === 0) return past;
  return pastAttempts(past).reduce(
    (text, each) => withAttempt(text, { ...each, takenAt: each.takenAt + ms }),
    "",
  );
}
