// When a cron expression matches in a time zone, also when its clocks change. The rule is that of Vixie cron.

import { BadCron, type Cron, nextReading } from "./cron.ts";

const DAY = 86_400_000;
/** After this the dates of JavaScript may end before a time is found, in ms since the Unix epoch. */
const LATEST = 8.6e15;
/** How many changes of the clocks of a zone are looked at: at most two are on the way to a time. */
const CHANGES = 8;

type ZonedTime = Temporal.ZonedDateTime;

/**
 * The one spelling of a time zone, whatever the case of its letters. Throws `BadCron` if `Temporal` knows no zone of this
 * name: it has a table of them all, and keeps no name that it is asked for.
 */
export function readZone(name: string, field: string): string {
  try {
    return new Temporal.ZonedDateTime(0n, name).timeZoneId;
  } catch {
    throw new BadCron(
      `${field} must be a time zone such as Europe/Berlin, or an offset such as +05:30; ` +
        `not ${JSON.stringify(name)}.`,
    );
  }
}

/**
 * The first time after another at which an expression matches in a zone, both in ms since the Unix epoch; `undefined` if
 * it never does.
 *
 * An expression with a `*` in its minute or hour matches whenever the clocks of the zone show a reading that matches. Any
 * other expression matches once for each of its dates and times: if the clocks are set back, when they show it first; if
 * they are set forward and skip it, at the moment of the change. A day that a zone leaves out has no times.
 */
export function nextTime(cron: Cron, zone: string, after: number): number | undefined {
  if (!(after < LATEST)) return undefined;
  return cron.fixed ? nextOnce(cron, zone, after) : nextShown(cron, zone, after);
}

function nextShown(cron: Cron, zone: string, after: number): number | undefined {
  let moment = momentOf(after, zone);
  let reading = readingOf(moment);
  for (let changes = 0; changes < CHANGES; changes++) {
    const found = nextReading(cron, reading);
    if (found === undefined) return undefined;
    const time = found - offsetOf(moment);
    const change = moment.getTimeZoneTransition("next");
    if (change === null || time < change.epochMilliseconds) return time;
    // The first change may show again readings after `reading`; no later change shows one before `found`.
    const near = momentOf(time - 2 * DAY, zone);
    moment = changes === 0 || near.epochMilliseconds < change.epochMilliseconds ? change : near;
    reading = readingOf(moment) - 1;
  }
}

function nextOnce(cron: Cron, zone: string, after: number): number | undefined {
  let reading = lastShown(momentOf(after, zone));
  for (let changes = 0; changes < CHANGES; changes++) {
    const found = nextReading(cron, reading);
    if (found === undefined) return undefined;
    const moment = Temporal.Instant.fromEpochMilliseconds(found).toZonedDateTimeISO("UTC")
      .toPlainDateTime().toZonedDateTime(zone, { disambiguation: "earlier" });
    if (readingOf(moment) === found) return moment.epochMilliseconds;
    const change = moment.getTimeZoneTransition("next")!;
    const skipped = offsetOf(change) - offsetOf(moment);
    if (skipped < DAY) return change.epochMilliseconds;
    reading = readingOf(change) - 1;
  }
}

/** The latest reading that the clocks have shown: later than the present one if they were just set back. */
function lastShown(moment: ZonedTime): number {
  const reading = readingOf(moment);
  const change = moment.add({ milliseconds: 1 }).getTimeZoneTransition("previous");
  if (change === null) return reading;
  const before = offsetOf(change.subtract({ milliseconds: 1 }));
  return Math.max(reading, change.epochMilliseconds + before - 1);
}

function momentOf(time: number, zone: string): ZonedTime {
  return Temporal.Instant.fromEpochMilliseconds(Math.floor(time)).toZonedDateTimeISO(zone);
}

/** How far the clocks are ahead of UTC, in ms. */
function offsetOf({ offsetNanoseconds }: ZonedTime): number {
  return offsetNanoseconds / 1e6;
}

/** The reading of the clocks. */
function readingOf(moment: ZonedTime): number {
  return moment.epochMilliseconds + offsetOf(moment);
}
