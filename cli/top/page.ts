// What `lineup top` shows of a reading: rows of text, whatever shows them.

import { digits, duration, size, whole } from "../figures.ts";
import type { StyledText } from "../styled_text.ts";
import type { Style } from "../style.ts";
import { printable } from "../../protocol/printable.ts";
import { width } from "../text_width.ts";
import type { Reading } from "./sample.ts";

/** A row of a page. */
export type PageRow = readonly StyledText[];

const LABEL = 13;
const NOTHING = "-";

/** A page of so many columns; rows that cannot be broken may be longer. `name` is the server's, as far as it is known. */
export function page(reading: Reading, name: string, columns: number): PageRow[] {
  const items = (label: string, all: readonly (StyledText | undefined)[]): PageRow[] =>
    labelled(label, all.filter((each) => each !== undefined), columns);
  const uptime = reading.number("uptime-s");
  return [
    [
      { text: printable(name), style: "bold" },
      plain(uptime === undefined ? "" : `, up ${age(uptime)}`),
      { text: `   ${new Date().toLocaleTimeString("sv")}`, style: "dim" },
    ],
    [],
    ...items("Requests", [
      plain(`${rate(reading.rate("requests"))}`),
      plain(`${rate(reading.rate("received-bytes"), bytes)} in`),
      ...errors(reading),
    ]),
    ...items("Connections", [
      plain(count(reading.number("connections"))),
      plain(`${rate(reading.rate("connections"))} new`),
      alarm("refused as busy", reading.rate("connections-busy")),
      alarm("refused by quota", reading.rate("connections-quota")),
      alarm("dropped", reading.rate("connections-dropped")),
      alarm("held back", reading.rate("connections-held-back")),
      alarm("paused", reading.rate("connections-paused")),
    ]),
    ...items("Memory", [
      plain(
        `${bytes(reading.number("held-bytes"))} of ${
          bytes(reading.number("held-bytes-limit"))
        } held for clients`,
      ),
      plain(`${bytes(reading.number("resident-bytes"))} resident`),
      plain(`loop ${ms(reading.number("loop-lag-ms"))} late`),
    ]),
    ...line(reading, "", "Line", items),
    ...(reading.number("workers-seats") === undefined
      ? []
      : line(reading, "workers-", "Workers' line", items)),
    ...more(reading, items),
  ];
}

type Items = (label: string, all: readonly (StyledText | undefined)[]) => PageRow[];

/** Those who line up for seats: together, by class, and the flows of which most waits. */
function line(reading: Reading, prefix: string, label: string, items: Items): PageRow[] {
  const number = (name: string): number | undefined => reading.number(prefix + name);
  const waiting = number("waiting") ?? 0;
  const classes = reading.names(prefix, "-wait-p50-ms").filter((name) => !name.includes("-"));
  const flows = reading.names(prefix + "heaviest-", "")
    .map((name) =>
      /^(.*) class=(\S+) waiting=(\d+) bytes=(\d+)$/.exec(
        reading.text(`${prefix}heaviest-${name}`)!,
      )
    ).filter((match) => match !== null);
  return [
    [],
    ...items(label, [
      plain(`${count(number("running"))} of ${count(number("seats"))} seats taken`),
      number("seats-control") ? plain(`${count(number("seats-control"))} for control`) : undefined,
      number("parked") ? plain(`${count(number("parked"))} parked`) : undefined,
      { text: `${count(waiting)} waiting`, style: waiting > 0 ? "bold" : "plain" },
      number("waiting-bytes") ? plain(bytes(number("waiting-bytes"))) : undefined,
    ]),
    ...table(
      // Eighty columns have room for this much.
      ["class", "waits", "runs", "started", "shed", "quota", "late", "p50 ms", "p90 ms", "p99 ms"],
      classes.map((name) => {
        const of = (figure: string): string => `${name}-${figure}`;
        const perSecond = (figure: string): string => rate(reading.rate(prefix + of(figure)));
        return [
          name,
          count(number(of("waiting"))),
          count(number(of("running"))),
          ...["started", "shed", "quota", "expired"].map(perSecond),
          ...["p50", "p90", "p99"].map((p) => count(number(of(`wait-${p}-ms`)))),
        ];
      }),
      [4, 5, 6],
    ),
    ...table(
      ["flow", "class", "waiting", "bytes"],
      flows.map(([, key, name, waiting, held]) => [
        printable(key),
        name,
        count(Number(waiting)),
        bytes(Number(held)),
      ]),
      [],
    ),
  ];
}

function errors(reading: Reading): (StyledText | undefined)[] {
  return reading.names("errors-", "-total")
    .map((code) => alarm(code, reading.rate(`errors-${code}`)));
}

/** Figures that this program does not know, such as those of the queue, under the first word of their names. */
function more(reading: Reading, items: Items): PageRow[] {
  const groups = new Map<string, StyledText[]>();
  for (const name of reading.unseen) {
    const [first, ...rest] = name.split("-");
    const group = groups.get(first) ?? [];
    groups.set(first, group);
    group.push(unknown(reading, name, rest.length > 0 ? rest.join(" ") : first));
  }
  const title = (name: string): string => name.charAt(0).toUpperCase() + name.slice(1);
  return [...groups].flatMap(([name, spans]) => [[], ...items(printable(title(name)), spans)]);
}

function unknown(reading: Reading, name: string, words: string): StyledText {
  const label = printable(words.replace(/ (total|bytes|ms|s)$/, ""));
  if (name.endsWith("-total")) return plain(`${label} ${rate(reading.rate(name.slice(0, -6)))}`);
  const number = reading.number(name);
  if (number === undefined) return plain(`${label} ${printable(reading.text(name)!)}`);
  if (name.endsWith("-bytes")) return plain(`${label} ${bytes(number)}`);
  if (name.endsWith("-ms")) return plain(`${label} ${ms(number)}`);
  return plain(`${label} ${count(number)}`);
}

/** A label and what is to be said of it, in as many rows as that takes. */
function labelled(label: string, items: readonly StyledText[], columns: number): PageRow[] {
  const rows: StyledText[][] = [];
  let used = Infinity;
  for (const item of items) {
    const gap = used === Infinity ? "" : "   ";
    if (used + gap.length + width(item.text) > columns) {
      const head = rows.length === 0 ? label : "";
      rows.push([{ text: `${head.padEnd(LABEL - 1)} `, style: "dim" }, item]);
      used = LABEL + width(item.text);
      continue;
    }
    rows.at(-1)!.push({ text: gap, style: "plain" }, item);
    used += gap.length + width(item.text);
  }
  return rows;
}

/** Columns as wide as what is in them, numbers to the right; none where it has no rows. Cells of `alarms` that are not 0 stand out. */
function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  alarms: readonly number[],
): PageRow[] {
  if (rows.length === 0) return [];
  const wide = head.map((name, at) =>
    Math.max(width(name), ...rows.map((cells) => width(cells[at])))
  );
  // The words are on the left, and names may be long.
  const words = head.includes("flow") ? 2 : 1;
  const pad = (text: string, at: number): string => {
    const room = " ".repeat(wide[at] - width(text));
    return (at < words ? text + room : room + text) + (at < head.length - 1 ? "  " : "");
  };
  return [
    [],
    head.map((name, at) => ({ text: pad(name, at), style: "dim" })),
    ...rows.map((cells) =>
      cells.map((text, at): StyledText => {
        const style: Style = alarms.includes(at) && text !== NOTHING && !text.startsWith("0/")
          ? "bad"
          : "plain";
        return { text: pad(text, at), style };
      })
    ),
  ];
}

/** The two largest units of a time in seconds: `43s`, `2h 5m`, `12d 0h`. */
function age(seconds: number): string {
  const units = [[86_400, "d"], [3600, "h"], [60, "m"], [1, "s"]] as const;
  const first = units.findIndex(([length]) => seconds >= length);
  const shown = units.slice(first === -1 ? units.length - 1 : first).slice(0, 2);
  let left = seconds;
  return shown.map(([length, unit]) => {
    const many = Math.floor(left / length);
    left -= many * length;
    return `${many}${unit}`;
  }).join(" ");
}

function plain(text: string): StyledText {
  return { text, style: "plain" };
}

/** What should not happen, where it does. */
function alarm(label: string, value: number | undefined): StyledText | undefined {
  if (value === undefined || value === 0) return undefined;
  return { text: `${rate(value)} ${printable(label)}`, style: "bad" };
}

function rate(value: number | undefined, format: (value: number) => string = count): string {
  return value === undefined ? NOTHING : `${format(value)}/s`;
}

function count(value: number | undefined): string {
  if (value === undefined) return NOTHING;
  return value >= 100 || Number.isInteger(value) ? whole(value) : digits(value);
}

function bytes(value: number | undefined): string {
  return value === undefined ? NOTHING : size(Math.round(value));
}

function ms(value: number | undefined): string {
  return value === undefined ? NOTHING : duration(value);
}
