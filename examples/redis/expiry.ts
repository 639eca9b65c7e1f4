// Times to live, as SET and EXPIRE give them.

import { Refusal } from "@lineup/lineup/protocol";

/** The times of SET, of which a request may have one, in milliseconds of each unit. */
interface SetTimes {
  readonly ex?: number;
  readonly px?: number;
  readonly exat?: number;
  readonly pxat?: number;
  readonly keepttl?: boolean;
}

/** The latest time, as Redis has it: the most milliseconds in 64 bits. */
const LATEST = 2 ** 63;

/**
 * The end of the time that SET gives, in ms since the Unix epoch: `Infinity` for none, `undefined` for the one that the
 * key has.
 */
export function endOfSet(
  { ex, px, exat, pxat, keepttl }: SetTimes,
  now: number,
): number | undefined {
  const times = [ex, px, exat, pxat, keepttl].filter((time) => time !== undefined);
  if (times.length > 1) throw new Refusal("bad-arguments", "syntax error");
  if (keepttl) return undefined;
  if (times.length === 0) return Infinity;
  const time = times[0] as number;
  if (time <= 0) throw invalidTime("set");
  return endOf(time, ex ?? exat ? 1000 : 1, exat ?? pxat ? 0 : now, "set");
}

/** The end of `time` units of `unit` ms after `since`. Throws a `Refusal` where it does not fit into 64 bits. */
export function endOf(time: number, unit: number, since: number, command: string): number {
  const end = time * unit + since;
  if (Math.abs(time * unit) >= LATEST || end >= LATEST) throw invalidTime(command);
  return end;
}

/** The conditions of EXPIRE. */
export type Condition = "NX" | "XX" | "GT" | "LT";

/** Throws a `Refusal` for conditions that exclude each other. */
export function checkConditions(conditions: readonly Condition[]): void {
  const has = (condition: Condition): boolean => conditions.includes(condition);
  if (has("NX") && (has("XX") || has("GT") || has("LT"))) {
    const message = "NX and XX, GT or LT options at the same time are not compatible";
    throw new Refusal("bad-arguments", message);
  }
  if (has("GT") && has("LT")) {
    const message = "GT and LT options at the same time are not compatible";
    throw new Refusal("bad-arguments", message);
  }
}

/** Whether EXPIRE may replace one end by another. */
export function mayExpire(conditions: readonly Condition[], before: number, end: number): boolean {
  const has = (condition: Condition): boolean => conditions.includes(condition);
  return !(has("NX") && before < Infinity) && !(has("XX") && before === Infinity) &&
    !(has("GT") && end <= before) && !(has("LT") && end >= before);
}

function invalidTime(command: string): Refusal {
  return new Refusal("bad-arguments", `invalid expire time in '${command}' command`);
}
