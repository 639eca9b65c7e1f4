// The page that `lineup top` makes of a reading.

import { printable } from "../../protocol/printable.ts";
import * as figures from "../figures.ts";
import type { StyledText } from "../styled_text.ts";
import { labelled, type PageRow, plain, table } from "../page_layout.ts";
import { inOrder, queueTable } from "../queues/queue_table.ts";
import type { Reading } from "./sample.ts";

const NOTHING = "-";
/** The most queues of a page. */
const MOST_QUEUES = 20;

/** Makes the rows of a label and its items. */
type Label = (label: string, items: readonly (StyledText | undefined)[]) => PageRow[];

/**
 * The rows of a page. `name` is the server's name and address. Rows are at most `columns` wide, except tables and single
 * items that are wider.
 */
export function page(reading: Reading, name: string, columns: number): PageRow[] {
  const label: Label = (text, items) => labelled(text, items, columns);
  const uptime = reading.number("uptime-s");
  return [
    [
      { text: printable(name), style: "bold" },
      plain(uptime === undefined ? "" : `, up ${figures.age(uptime * 1000)}`),
      { text: `   ${new Date().toLocaleTimeString("sv")}`, style: "dim" },
    ],
    [],
    ...label("Requests", [
      plain(rate(reading.rate("requests"))),
      plain(`${rate(reading.rate("received-bytes"), bytes)} in`),
      ...errors(reading),
    ]),
    ...label("Connections", [
      plain(count(reading.number("connections"))),
      plain(`${rate(reading.rate("connections"))} new`),
      alarm("refused as busy", reading.rate("connections-busy")),
      alarm("refused by quota", reading.rate("connections-quota")),
      alarm("dropped", reading.rate("connections-dropped")),
      alarm("held back", reading.rate("connections-held-back")),
      alarm("paused", reading.rate("connections-paused")),
    ]),
    ...label("Memory", [
      plain(
        `${bytes(reading.number("held-bytes"))} of ${
          bytes(reading.number("held-bytes-limit"))
        } held for clients`,
      ),
      plain(`${bytes(reading.number("resident-bytes"))} resident`),
      plain(`loop ${ms(reading.number("loop-lag-ms"))} late`),
    ]),
    ...line(reading, "", "Line", label),
    ...(reading.number("workers-seats") === undefined
      ? []
      : line(reading, "workers-", "Workers' line", label)),
    ...others(reading, label),
    ...queues(reading),
  ];
}

/** The line for seats: its totals, its classes, and the flows with most requests in it. */
function line(reading: Reading, prefix: string, title: string, label: Label): PageRow[] {
  const number = (name: string): number | undefined => reading.number(prefix + name);
  const waiting = number("waiting") ?? 0;
  const waitingBytes = number("waiting-bytes");
  const optional = (name: string, words: string): StyledText | undefined =>
    number(name) ? plain(`${count(number(name))} ${words}`) : undefined;
  return [
    [],
    ...label(title, [
      plain(`${count(number("running"))} of ${count(number("seats"))} seats taken`),
      optional("seats-control", "for control"),
      optional("parked", "parked"),
      { text: `${count(waiting)} waiting`, style: waiting > 0 ? "bold" : "plain" },
      waitingBytes ? plain(bytes(waitingBytes)) : undefined,
    ]),
    ...classes(reading, prefix),
    ...flows(reading, prefix),
  ];
}

/** A row for each class of requests. Eighty columns have room for these figures and no more. */
function classes(reading: Reading, prefix: string): PageRow[] {
  const names = reading.names(prefix, "-wait-p50-ms").filter((name) => !name.includes("-"));
  return table(
    {
      head: "class,waits,runs,started,shed,quota,late,p50 ms,p90 ms,p99 ms".split(","),
      words: 1,
      alarms: [4, 5, 6],
    },
    names.map((name) => {
      const figure = (of: string): string => count(reading.number(`${prefix}${name}-${of}`));
      const perSecond = (of: string): string => rate(reading.rate(`${prefix}${name}-${of}`));
      return [
        name,
        ...["waiting", "running"].map(figure),
        ...["started", "shed", "quota", "expired"].map(perSecond),
        ...["wait-p50-ms", "wait-p90-ms", "wait-p99-ms"].map(figure),
      ];
    }),
  );
}

/** A row for each of the heaviest flows. */
function flows(reading: Reading, prefix: string): PageRow[] {
  const rows = reading.names(prefix + "heaviest-", "")
    .map((name) => reading.text(`${prefix}heaviest-${name}`)!)
    .map((text) => /^(.*) class=(\S+) waiting=(\d+) bytes=(\d+)$/.exec(text))
    .filter((match) => match !== null)
    .map(([, key, name, waiting, held]) => [
      key,
      name,
      count(Number(waiting)),
      bytes(Number(held)),
    ]);
  return table({ head: ["flow", "class", "waiting", "bytes"], words: 2 }, rows);
}

function errors(reading: Reading): (StyledText | undefined)[] {
  return reading.names("errors-", "-total")
    .map((code) => alarm(code, reading.rate(`errors-${code}`)));
}

/** A row for each of the queues that need a look first. */
function queues({ queues: all }: Reading): PageRow[] {
  if (all === undefined) return [];
  const shown = [...all].sort(inOrder("urgency")).slice(0, MOST_QUEUES);
  const { head, rows: cells } = queueTable(shown, true);
  const rows = table({ head, words: 1, endsInWords: true }, cells);
  const left = all.length - shown.length;
  return left === 0
    ? rows
    : [...rows, [{ text: `… ${figures.counted(left, "more queue")}`, style: "dim" }]];
}

/** The figures that this program does not know, such as those of the queue, grouped by the first word of their names. */
function others(reading: Reading, label: Label): PageRow[] {
  const groups = new Map<string, StyledText[]>();
  for (const name of reading.unread) {
    const [first, ...rest] = name.split("-");
    const group = groups.get(first) ?? [];
    groups.set(first, group);
    group.push(other(reading, name, rest.length > 0 ? rest.join(" ") : first));
  }
  const title = (name: string): string => name.charAt(0).toUpperCase() + name.slice(1);
  return [...groups].flatMap(([name, items]) => [[], ...label(title(name), items)]);
}

function other(reading: Reading, name: string, words: string): StyledText {
  const label = words.replace(/ (total|bytes|ms|s)$/, "");
  if (name.endsWith("-total")) return plain(`${label} ${rate(reading.rate(name.slice(0, -6)))}`);
  const number = reading.number(name);
  if (number === undefined) return plain(`${label} ${reading.text(name)!}`);
  if (name.endsWith("-bytes")) return plain(`${label} ${bytes(number)}`);
  if (name.endsWith("-ms")) return plain(`${label} ${ms(number)}`);
  return plain(`${label} ${count(number)}`);
}

/** A rate that should be 0, if it is not. */
function alarm(label: string, value: number | undefined): StyledText | undefined {
  if (value === undefined || value === 0) return undefined;
  return { text: `${rate(value)} ${label}`, style: "bad" };
}

function rate(value: number | undefined, format: (value: number) => string = count): string {
  return value === undefined ? NOTHING : `${format(value)}/s`;
}

function count(value: number | undefined): string {
  if (value === undefined) return NOTHING;
  return Number.isInteger(value) ? figures.whole(value) : figures.digits(value);
}

function bytes(value: number | undefined): string {
  return value === undefined ? NOTHING : figures.size(Math.round(value));
}

function ms(value: number | undefined): string {
  return value === undefined ? NOTHING : figures.duration(value);
}
