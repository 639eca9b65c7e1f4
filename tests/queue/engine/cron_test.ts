import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { BadCron, readCron } from "../../../queue/cron/cron.ts";
import { nextTime, readZone } from "../../../queue/cron/cron_times.ts";
import { SEED, seededRandom } from "../../seeded_random.ts";

const MINUTE = 60_000;
const DAY = 86_400_000;

/** The next times of an expression, in UTC. */
function times(expression: string, zone: string, behind: string, count: number): string {
  const cron = readCron(expression);
  const found: string[] = [];
  for (let time = Date.parse(behind); found.length < count;) {
    time = nextTime(cron, zone, time)!;
    found.push(new Date(time).toISOString().replace(/^\d+-|:00\.000Z$/g, ""));
  }
  return found.join(" ");
}

/** The times, separated by a space, are the next ones of an expression. */
function assertTimes(zone: string, expression: string, behind: string, expected: string): void {
  const found = times(expression, zone, behind, expected.split(" ").length);
  assertEquals(found, expected, `${zone} ${expression}`);
}

Deno.test("a cron expression without * in minute and hour runs once for each of its times", () => {
  for (
    const [zone, expression, behind, expected] of [
      // Times that are skipped, and times that come twice.
      [
        "Europe/Berlin",
        "15 2,14 * * *",
        "2026-03-28T22:00Z",
        "03-29T01:00 03-29T12:15 03-30T00:15",
      ],
      [
        "Europe/Berlin",
        "15 2,14 * * *",
        "2026-10-24T22:00Z",
        "10-25T00:15 10-25T13:15 10-26T01:15",
      ],
      ["Europe/Berlin", "30 2 * * *", "2026-10-25T01:10Z", "10-26T01:30"],
      // Two skipped times become one, and a time at the change itself.
      ["Europe/Berlin", "15,45 2 * * *", "2026-03-28T22:00Z", "03-29T01:00 03-30T00:15"],
      ["Europe/Berlin", "30 2,3 * * *", "2026-03-28T22:00Z", "03-29T01:00 03-29T01:30 03-30T00:30"],
      ["Europe/Berlin", "0 1-3 * * *", "2026-03-28T22:00Z", "03-29T00:00 03-29T01:00 03-29T23:00"],
      ["Europe/Berlin", "0 1-3 * * *", "2026-10-24T22:00Z", "10-24T23:00 10-25T00:00 10-25T02:00"],
      ["Europe/Berlin", "*/20 30 2 * * *", "2026-03-28T22:00Z", "03-29T01:00 03-30T00:30"],
      // Changes by half an hour, by two hours, at midnight, and across midnight.
      ["Australia/Lord_Howe", "15 2 * * *", "2026-10-02T20:00Z", "10-03T15:30 10-04T15:15"],
      ["Australia/Lord_Howe", "45 1 * * *", "2026-04-03T20:00Z", "04-04T14:45 04-05T15:15"],
      ["Antarctica/Troll", "15 2 * * *", "2026-03-28T10:00Z", "03-29T01:00 03-30T00:15"],
      ["Antarctica/Troll", "30 1 * * *", "2026-10-24T10:00Z", "10-24T23:30 10-26T01:30"],
      ["Asia/Beirut", "30 0 * * *", "2026-03-28T10:00Z", "03-28T22:00 03-29T21:30"],
      ["Asia/Beirut", "30 23 * * *", "2026-10-24T10:00Z", "10-24T20:30 10-25T21:30"],
      ["America/Santiago", "0 0 * * *", "2026-09-05T10:00Z", "09-06T04:00 09-07T03:00"],
      ["Asia/Pyongyang", "45 23 * * *", "2018-05-04T10:00Z", "05-04T15:00 05-05T14:45"],
      // A change for Ramadan, and the day that Samoa skipped: it had no 30 December in 2011.
      ["Africa/Casablanca", "30 2 * * *", "2026-02-14T10:00Z", "02-15T01:30 02-16T02:30"],
      ["Africa/Casablanca", "30 2 * * *", "2026-03-21T10:00Z", "03-22T02:00 03-23T01:30"],
      ["Pacific/Apia", "0 12 * * *", "2011-12-29T00:00Z", "12-29T22:00 12-30T22:00"],
      ["Pacific/Apia", "0 12 30 12 *", "2011-12-01T00:00Z", "12-29T22:00"],
    ] as const
  ) assertTimes(zone, expression, behind, expected);
});

Deno.test("a cron expression with * in minute or hour follows the local clock", () => {
  for (
    const [zone, expression, behind, expected] of [
      ["Europe/Berlin", "*/30 2 * * *", "2026-03-28T22:00Z", "03-30T00:00 03-30T00:30"],
      [
        "Europe/Berlin",
        "*/30 2 * * *",
        "2026-10-24T22:00Z",
        "10-25T00:00 10-25T00:30 10-25T01:00 10-25T01:30 10-26T01:00",
      ],
      ["Europe/Berlin", "0 * * * *", "2026-10-24T23:30Z", "10-25T00:00 10-25T01:00 10-25T02:00"],
      ["Australia/Lord_Howe", "0 * * * *", "2026-10-03T14:30Z", "10-03T16:00 10-03T17:00"],
    ] as const
  ) assertTimes(zone, expression, behind, expected);
});

// The local time of a zone by `Intl`, which has another table than `Temporal`.
function clocks(zone: string): (time: number) => number {
  const part = { year: "numeric", month: "numeric", day: "numeric" } as const;
  const format = new Intl.DateTimeFormat("en-US", {
    timeZone: zone,
    hourCycle: "h23",
    hour: "numeric",
    minute: "numeric",
    ...part,
  });
  return (time) => {
    const found = Object.fromEntries(
      format.formatToParts(time).map(({ type, value }) => [type, Number(value)]),
    );
    return Date.UTC(found.year, found.month - 1, found.day, found.hour, found.minute);
  };
}

/** The reading of a clock in each minute. It is asked in each only where its zone changes within half an hour. */
function readingsOf(show: (time: number) => number, start: number, length: number): number[] {
  const readings: number[] = [];
  const half = 30 * MINUTE;
  for (let from = start; from < start + length; from += half) {
    const ahead = show(from) - from;
    const changes = show(from + half) - from - half !== ahead;
    for (let at = from; at < from + half; at += MINUTE) {
      readings.push(changes ? show(at) : at + ahead);
    }
  }
  return readings;
}

/** An expression, and its meaning without the parser. */
interface Drawn {
  readonly text: string;
  readonly fixed: boolean;
  fits(reading: number): boolean;
}

function draw(random: () => number, near: readonly number[]): Drawn {
  const below = (count: number): number => Math.floor(random() * count);
  const field = (least: number, most: number, star: number, likely: readonly number[]) => {
    const span = most - least + 1;
    if (random() < star) {
      const step = random() < 0.5 ? 1 : 1 + below(Math.min(span, 15));
      return {
        text: step === 1 ? "*" : `*/${step}`,
        has: (value: number) => (value - least) % step === 0,
        star: true,
      };
    }
    const texts: string[] = [];
    const values = new Set<number>();
    for (let items = 1 + below(3); items > 0; items--) {
      const first = random() < 0.7 ? likely[below(likely.length)] : least + below(span);
      if (random() < 0.6) {
        texts.push(`${first}`);
        values.add(first);
        continue;
      }
      const last = Math.min(most, first + below(8));
      const step = 1 + below(3);
      texts.push(step === 1 ? `${first}-${last}` : `${first}-${last}/${step}`);
      for (let value = first; value <= last; value += step) values.add(value);
    }
    return { text: texts.join(), has: (value: number) => values.has(value), star: false };
  };
  const dates = near.map((reading) => new Date(reading));
  const star = random() < 0.7 ? 0 : 0.5;
  const minute = field(0, 59, star, [0, 1, 15, 30, 45, 59]);
  const hour = field(0, 23, star, [0, 1, 2, 3, 23, ...dates.map((date) => date.getUTCHours())]);
  const day = field(1, 31, 0.7, dates.map((date) => date.getUTCDate()));
  const month = field(1, 12, 0.9, dates.map((date) => date.getUTCMonth() + 1));
  const weekday = field(0, 6, 0.7, dates.map((date) => date.getUTCDay()));
  return {
    text: [minute, hour, day, month, weekday].map(({ text }) => text).join(" "),
    fixed: !minute.star && !hour.star,
    fits(reading) {
      // Most minutes do not match: a test reads some million.
      if (!minute.has(Math.floor(reading / MINUTE) % 60)) return false;
      const date = new Date(reading);
      if (!hour.has(date.getUTCHours())) return false;
      if (!month.has(date.getUTCMonth() + 1)) return false;
      const [a, b] = [day.has(date.getUTCDate()), weekday.has(date.getUTCDay())];
      return !day.star && !weekday.star ? a || b : a && b;
    },
  };
}

/** The times of a drawn expression, found minute by minute with Vixie cron's virtual time. */
function walk({ fixed, fits }: Drawn, start: number, readings: readonly number[]): number[] {
  const found: number[] = [];
  let shown = readings[0];
  for (let at = 1; at < readings.length; at++) {
    const reading = readings[at];
    let runs = !fixed && fits(reading);
    if (fixed && reading > shown) {
      const skipsDay = reading - shown > DAY;
      for (let each = skipsDay ? reading : shown + MINUTE; each <= reading; each += MINUTE) {
        runs ||= fits(each);
      }
      shown = reading;
    }
    if (runs) found.push(start + at * MINUTE);
  }
  return found;
}

Deno.test("cron times equal those of a walk through all minutes, for any changes of a zone's clocks", () => {
  const random = seededRandom(SEED);
  for (
    const [zone, change] of [
      ["Europe/Berlin", "2026-03-29T01:00Z"],
      ["Europe/Berlin", "2026-10-25T01:00Z"],
      ["Australia/Lord_Howe", "2026-10-03T15:30Z"],
      ["Australia/Lord_Howe", "2026-04-04T15:00Z"],
      ["Antarctica/Troll", "2026-03-29T01:00Z"],
      ["Antarctica/Troll", "2026-10-25T01:00Z"],
      ["Antarctica/Casey", "2023-03-08T19:00Z"],
      ["Africa/Casablanca", "2026-02-15T02:00Z"],
      ["Africa/Casablanca", "2026-03-22T02:00Z"],
      ["Africa/Cairo", "2026-04-23T22:00Z"],
      ["Pacific/Apia", "2011-12-30T10:00Z"],
      ["Pacific/Kwajalein", "1993-08-21T12:00Z"],
      ["Asia/Beirut", "2026-03-28T22:00Z"],
      ["Asia/Beirut", "2026-10-24T21:00Z"],
      ["Asia/Pyongyang", "2015-08-14T15:00Z"],
      ["Asia/Pyongyang", "2018-05-04T15:00Z"],
      ["America/Santiago", "2026-04-05T03:00Z"],
      ["America/Santiago", "2026-09-06T04:00Z"],
      ["America/Asuncion", "2023-03-26T03:00Z"],
      ["America/Asuncion", "2023-10-01T04:00Z"],
      ["America/Havana", "2026-03-08T05:00Z"],
      ["America/Havana", "2026-11-01T05:00Z"],
      ["America/St_Johns", "2010-03-14T03:31Z"],
      ["America/St_Johns", "2010-11-07T02:31Z"],
      ["Asia/Kathmandu", "2026-05-05T05:15Z"],
      ["UTC", "2028-02-29T00:00Z"],
    ] as const
  ) {
    const start = Date.parse(change) - 2 * DAY;
    const show = clocks(zone);
    const readings = readingsOf(show, start, 4 * DAY);
    const near = [0, 1440, 2879, 2880, 2910, 4320].map((at) => readings[at]);
    const end = start + readings.length * MINUTE;
    for (let drawn = 0; drawn < 12; drawn++) {
      const each = draw(random, near);
      let cron;
      try {
        cron = readCron(each.text);
      } catch (error) {
        assertStringIncludes((error as Error).message, "still to come", each.text);
        continue;
      }
      const expected = walk(each, start, readings);
      const what = `${zone} ${each.text} (seed ${SEED})`;
      const found: number[] = [];
      for (let time = start;; found.push(time)) {
        const next = nextTime(cron, zone, time);
        if (next === undefined || next >= end) break;
        assert(next > time, what);
        time = next;
      }
      assertEquals(found, expected, what);
      for (let from = 0; from < 20; from++) {
        const behind = start + random() * (end - start);
        const first = expected.find((time) => time > behind);
        const next = nextTime(cron, zone, behind);
        assertEquals(next !== undefined && next < end ? next : undefined, first, what);
      }
    }
  }
});

Deno.test("the next time of a cron expression may be years away, and an expression without one is refused", () => {
  assertTimes("Europe/Berlin", "0 0 29 2 *", "2096-03-01T00:00Z", "02-28T23:00");
  assertTimes("Europe/Berlin", "* * 29 2 *", "2096-03-01T00:00Z", "02-28T23:00");
  assertEquals(nextTime(readCron("0 0 29 2 *"), "UTC", Date.UTC(2096, 2)), Date.UTC(2104, 1, 29));
  const sundays = readCron("0 0 29 2 */7");
  assertEquals(nextTime(sundays, "UTC", Date.UTC(2088, 3)), Date.UTC(2128, 1, 29));
  assertEquals(nextTime(readCron("0 0 * * *"), "UTC", 8.64e15), undefined);
  for (const never of ["0 0 30 2 *", "* * 31 2,4,6,9,11 *", "0 0 31 APR */2"]) {
    const { message } = assertThrows(() => readCron(never), BadCron);
    assertStringIncludes(
      message,
      `cron must be a time that is still to come, and "${never}" never`,
    );
  }
});

Deno.test("cron expressions have names, lists, ranges, steps and nicknames", () => {
  for (
    const [text, same] of [
      ["0 0 * jan,Dec sun-tue", "0 0 * 1,12 0-2"],
      ["0 0 * * 7", "0 0 * * 0"],
      ["0 0 * * FRI-SUN", "0 0 * * 5,6,0"],
      ["0 0 * * 5-7", "0 0 * * 0,5,6"],
      ["5/20 8-18/5 * * *", "5,25,45 8,13,18 * * *"],
      ["@daily", "0 0 * * *"],
      [" @Weekly ", "0 0 * * SUN"],
      ["  0   3\t* * *", "0 0 3 * * *"],
    ]
  ) {
    const [a, b] = [readCron(text), readCron(same)];
    assertEquals({ ...a, weekdays: [...a.weekdays].sort() }, {
      ...b,
      weekdays: [...b.weekdays].sort(),
    }, text);
  }
  // The rule of Vixie cron: with a list of days and of weekdays, either matches; with a step in one, both must.
  assertTimes("UTC", "0 0 13 * 5", "2026-11-01T00:00Z", "11-06T00:00 11-13T00:00 11-20T00:00");
  assertTimes("UTC", "0 0 */13 * 5", "2026-11-01T00:00Z", "11-27T00:00 01-01T00:00");
});

Deno.test("the error of a wrong cron expression names the field, its allowed values and the given one", () => {
  for (
    const [text, message] of [
      ["61 * * * *", "cron must have 0 to 59 as its minute, not 61."],
      ["60 0 * * * *", "cron must have 0 to 59 as its second, not 60."],
      ["0 24 * * *", "cron must have 0 to 23 as its hour, not 24."],
      ["* * 32 * *", "cron must have 1 to 31 as its day, not 32."],
      ["* * 0 * *", "cron must have 1 to 31 as its day, not 0."],
      ["* * 1-32 * *", "cron must have 1 to 31 as its day, not 32."],
      ["* * * 13 *", "cron must have 1 to 12 or JAN to DEC as its month, not 13."],
      ["* * * FOO *", "cron must have 1 to 12 or JAN to DEC as its month, not FOO."],
      ["* * * * 8", "cron must have 0 to 7 or SUN to SAT as its weekday, not 8."],
      ["* * L * *", "cron must have 1 to 31 as its day, not L."],
      ["* * 15W * *", "cron must have 1 to 31 as its day, not 15W."],
      ["* 22-5 * * *", "cron must have a range that goes up as its hour, such as 5-22, not 22-5."],
      ["*/0 * * * *", "cron must have a step of 1 to 60 in its minute, not 0."],
      ["*/61 * * * *", "cron must have a step of 1 to 60 in its minute, not 61."],
      [
        "* * * * MON#1",
        "cron must have * as its weekday, or 0 to 7 or SUN to SAT, ranges such as 0-4, steps such as */2, " +
        'or a list of these; not "MON#1".',
      ],
      ["? * * * *", 'a list of these; not "?".'],
      ["1,,2 * * * *", 'a list of these; not "".'],
      ["-1 * * * *", 'a list of these; not "-1".'],
      ["@reboot", "cron must be fields or one of @hourly, @daily, "],
      ["", 'six; not "".'],
      [
        "* * *",
        'cron must be five or six fields such as "0 3 * * 1-5": minute, hour, day, month and weekday',
      ],
      ["0 0 1 1 * 1 2030", 'six; not "0 0 1 1 * 1 2030".'],
      ["* * * 8-27 * +MON#1,SUN#1 1-9999", "cron must be five or six fields"],
    ]
  ) {
    assertStringIncludes(assertThrows(() => readCron(text), BadCron).message, message);
  }
});

Deno.test("a time zone has one spelling, and all zones of Intl are known", () => {
  for (const name of Intl.supportedValuesOf("timeZone")) {
    assertEquals(readZone(name.toLowerCase(), "tz"), name);
  }
  assertEquals(readZone("us/EASTERN", "tz"), "US/Eastern");
  assertEquals(readZone("-0330", "tz"), "-03:30");
  for (const wrong of ["Mars/Base", "", "2020-01-01T00:00Z", "Europe/Berlin[u-ca=iso8601]"]) {
    assertEquals(
      assertThrows(() => readZone(wrong, "tz"), BadCron).message,
      "tz must be a time zone such as Europe/Berlin, or an offset such as +05:30; not " +
        `${JSON.stringify(wrong)}.`,
    );
  }
});
