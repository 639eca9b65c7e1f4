// When a cron expression comes true in a time zone, also where its clocks are changed. The rule is Vixie cron's.

import { BadCron, type Cron, nextReading } from "./cron.ts";

const DAY = 86_400_000;
/** From here on the dates of JavaScript may end before a time is found, in ms since the Unix epoch. */
const LATEST = 8.6e15;
/** How many changes of a zone's clocks are looked at: two in a row lie on the way to a time at most. */
const CHANGES = 8;

type ZonedTime = Temporal.ZonedDateTime;

/**
 * The one spelling of a time zone, whatever the case of its letters. Throws `BadCron` where `Temporal` knows none of this
 * name: it has one table of them all, and keeps nothing of what it is asked.
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
 * The first time behind another at which an expression comes true in a zone, both in ms since the Unix epoch; `undefined`
 * where it never does.
 *
 * An expression with a `*` in its minute or hour is true whenever the clocks of the zone show what fits. Any other is true
 * once for each date and time that fits: where the clocks are set back, when they show it first; where they are set
 * forward and skip it, when they have been. A day that a zone leaves out altogether has no times.
 */
export function nextTime(cron: Cron, zone: string, behind: number): number | undefined {
  if (!(behind < LATEST)) return undefined;
  return cron.fixed ? nextOnce(cron, zone, behind) : nextShown(cron, zone, behind);
}

function nextShown(cron: Cron, zone: string, behind: number): number | undefined {
  let moment = momentOf(behind, zone);
  let reading = readingOf(moment);
  for (let changes = 0; changes < CHANGES; changes++) {
    const found = nextReading(cron, reading);
    if (found === undefined) return undefined;
    const time = found - offsetOf(moment);
    const change = moment.getTimeZoneTransition("next");
    if (change === null || time < change.epochMilliseconds) return time;
    // What the first change may show again is behind `reading`; no later one has anything to show before `found`.
    const near = momentOf(time - 2 * DAY, zone);
    moment = changes === 0 || near.epochMilliseconds < change.epochMilliseconds ? change : near;
    reading = readingOf(moment) - 1;
  }
}

function nextOnce(cron: Cron, zone: string, behind: number): number | undefined {
  let reading = lastShown(momentOf(behind, zone));
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

/** The furthest that the clocks have been: more than they show where they were just set back. */
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

/** What the clocks show. */
function readingOf(moment: ZonedTime): number {
  return moment.epochMilliseconds + offsetOf(moment);
}
