// Cron expressions: how they are read, and which readings of a clock match one.

/** One field of an expression. */
interface CronField {
  readonly name: string;
  readonly least: number;
  readonly most: number;
  /** Names of values, the first for `least`. */
  readonly names: readonly string[];
  /** The values in words. */
  readonly values: string;
}

const MONTHS = "JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC".split(" ");
const WEEKDAYS = "SUN MON TUE WED THU FRI SAT".split(" ");

const FIELDS: readonly CronField[] = [
  { name: "second", least: 0, most: 59, names: [], values: "0 to 59" },
  { name: "minute", least: 0, most: 59, names: [], values: "0 to 59" },
  { name: "hour", least: 0, most: 23, names: [], values: "0 to 23" },
  { name: "day", least: 1, most: 31, names: [], values: "1 to 31" },
  { name: "month", least: 1, most: 12, names: MONTHS, values: "1 to 12 or JAN to DEC" },
  { name: "weekday", least: 0, most: 7, names: WEEKDAYS, values: "0 to 7 or SUN to SAT" },
];

const NICKNAMES: Readonly<Record<string, string>> = {
  "@hourly": "0 * * * *",
  "@daily": "0 0 * * *",
  "@midnight": "0 0 * * *",
  "@weekly": "0 0 * * 0",
  "@monthly": "0 0 1 * *",
  "@yearly": "0 0 1 1 *",
  "@annually": "0 0 1 1 *",
};

const SUNDAY = 7;
const SECOND = 1000;
const DAY = 86_400_000;
/** The longest time to the next match, in days: from one 29 February that is a Sunday to the next, across 2100. */
const FURTHEST = 41 * 366;

/** An expression that was read: the values that match each field. */
export interface Cron {
  readonly seconds: ReadonlySet<number>;
  readonly minutes: ReadonlySet<number>;
  readonly hours: ReadonlySet<number>;
  readonly days: ReadonlySet<number>;
  readonly months: ReadonlySet<number>;
  readonly weekdays: ReadonlySet<number>;
  /** Whether one of day and weekday is enough: both are given, and neither starts with `*`. */
  readonly eitherDay: boolean;
  /** Whether neither minute nor hour has a `*`: the job runs once at each of its times, also when clocks change. */
  readonly fixed: boolean;
}

/** An expression or a zone that cannot be read. The message names the field and says what it must be. */
export class BadCron extends Error {
  override readonly name = "BadCron";
}

/** Reads an expression. Throws `BadCron`, also if it never matches. */
export function readCron(text: string): Cron {
  const parts = (nicknamed(text.trim()) ?? text).trim().split(/\s+/);
  if (parts.length === 5) parts.unshift("0");
  if (parts.length !== 6) {
    throw new BadCron(
      'cron must be five or six fields such as "0 3 * * 1-5": minute, hour, day, month and ' +
        `weekday, with the second before them where there are six; not ${JSON.stringify(text)}.`,
    );
  }
  const [seconds, minutes, hours, days, months, weekdays] = parts.map((part, at) =>
    readField(part, FIELDS[at])
  );
  if (weekdays.delete(SUNDAY)) weekdays.add(0);
  const cron: Cron = {
    seconds,
    minutes,
    hours,
    days,
    months,
    weekdays,
    eitherDay: !parts[3].startsWith("*") && !parts[5].startsWith("*"),
    fixed: !parts[1].includes("*") && !parts[2].includes("*"),
  };
  if (nextReading(cron, 0) !== undefined) return cron;
  throw new BadCron(
    `cron must be a time that is still to come, and ${JSON.stringify(text)} never is: ` +
      "none of its months has any of its days.",
  );
}

function nicknamed(text: string): string | undefined {
  if (!text.startsWith("@")) return undefined;
  const name = text.toLowerCase();
  if (Object.hasOwn(NICKNAMES, name)) return NICKNAMES[name];
  const known = Object.keys(NICKNAMES).join(", ");
  throw new BadCron(`cron must be fields or one of ${known}, not ${JSON.stringify(text)}.`);
}

function readField(text: string, field: CronField): Set<number> {
  const found = new Set<number>();
  for (const item of text.split(",")) {
    const [first, last, step] = readItem(item, field);
    for (let value = first; value <= last; value += step) found.add(value);
  }
  return found;
}

function readItem(item: string, field: CronField): [first: number, last: number, step: number] {
  const { name, least, most, values } = field;
  const parts = /^(?:\*|([a-z0-9]+)(?:-([a-z0-9]+))?)(?:\/([0-9]+))?$/i.exec(item);
  if (parts === null) {
    throw new BadCron(
      `cron must have * as its ${name}, or ${values}, ranges such as ${least}-${least + 4}, ` +
        `steps such as */2, or a list of these; not ${JSON.stringify(item)}.`,
    );
  }
  const [, from, to, by] = parts;
  const first = from === undefined ? least : readValue(from, field);
  // A step without an end goes on to the last value.
  const open = from === undefined || (to === undefined && by !== undefined);
  let last = open ? most : to === undefined ? first : readValue(to, field);
  // A range may end with Sunday as well as start with it.
  if (name === "weekday" && last === 0 && first > 0) last = SUNDAY;
  if (name === "weekday" && open) last = SUNDAY - 1;
  if (last < first) {
    throw new BadCron(
      `cron must have a range that goes up as its ${name}, such as ${to}-${from}, not ${item}.`,
    );
  }
  const step = by === undefined ? 1 : Number(by);
  const steps = most - least + 1;
  if (step < 1 || step > steps) {
    throw new BadCron(`cron must have a step of 1 to ${steps} in its ${name}, not ${by}.`);
  }
  return [first, last, step];
}

function readValue(text: string, { name, least, most, names, values }: CronField): number {
  const named = names.indexOf(text.toUpperCase());
  const value = named === -1 ? Number(text) : least + named;
  if (value >= least && value <= most) return value;
  throw new BadCron(`cron must have ${values} as its ${name}, not ${text}.`);
}

/**
 * The first reading of a clock after another that matches; `undefined` if none ever does. A reading is a date and time as
 * a clock on a wall shows it, as the ms since the Unix epoch at which a clock of UTC shows the same.
 */
export function nextReading(cron: Cron, after: number): number | undefined {
  const from = (Math.floor(after / SECOND) + 1) * SECOND;
  let day = Math.floor(from / DAY) * DAY;
  const time = timeFrom(cron, (from - day) / SECOND);
  if (time !== undefined && matches(cron, new Date(day))) return day + time * SECOND;
  const first = timeFrom(cron, 0)! * SECOND;
  for (const end = day + FURTHEST * DAY; day <= end;) {
    day += DAY;
    const date = new Date(day);
    if (matches(cron, date)) return day + first;
    if (!cron.months.has(date.getUTCMonth() + 1)) {
      day = Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0);
    }
  }
}

/** Whether a date matches. */
function matches({ days, months, weekdays, eitherDay }: Cron, date: Date): boolean {
  if (!months.has(date.getUTCMonth() + 1)) return false;
  const day = days.has(date.getUTCDate());
  const weekday = weekdays.has(date.getUTCDay());
  return eitherDay ? day || weekday : day && weekday;
}

/** The first time of a day at or after another that matches, both in seconds; `undefined` if there is none. */
function timeFrom({ hours, minutes, seconds }: Cron, from: number): number | undefined {
  for (let hour = Math.floor(from / 3600); hour < 24; hour++) {
    if (!hours.has(hour)) continue;
    const early = Math.max(0, from - hour * 3600);
    for (let minute = Math.floor(early / 60); minute < 60; minute++) {
      if (!minutes.has(minute)) continue;
      for (let second = Math.max(0, early - minute * 60); second < 60; second++) {
        if (seconds.has(second)) return hour * 3600 + minute * 60 + second;
      }
    }
  }
}
