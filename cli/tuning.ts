// The options of a server that tune it: its limits, as flags with a group before a dot. All defaults are the library's.

import { DEFAULT_LIMITS } from "../dialects/dialect.ts";
import { CLASSES, LIMITS } from "../scheduling/scheduler_options.ts";
import { CONNECTION_BOUNDS } from "../server/admission/connection_bounds.ts";
import { CONNECTION_LIMITS } from "../server/admission/connection_limits.ts";
import { PRESSURE_MARKS } from "../server/admission/pressure.ts";
import { TIMEOUTS } from "../server/connection/timeouts.ts";
import type { Reconfiguration, ServeOptions } from "../server/mod.ts";
import type { Flag, Flags } from "./flags.ts";
import { writtenDuration, writtenSize } from "./written.ts";

/** Less than the longest time of a timer, 2 ** 31 ms. */
const LONGEST = 1_000_000_000;

/** The kinds of their values: the word for the help, the type, and how a default is written. */
const KINDS = {
  duration: {
    value: "DURATION",
    type: { type: "duration", min: 1, max: LONGEST },
    write: writtenDuration,
  },
  wait: {
    value: "DURATION",
    type: { type: "duration", min: 0, max: LONGEST },
    write: writtenDuration,
  },
  size: { value: "SIZE", type: { type: "size", min: 1024, max: 2 ** 40 }, write: writtenSize },
  count: { value: "N", type: { type: "integer", min: 1, max: 10_000_000 }, write: String },
  number: { value: "N", type: { type: "integer", min: 0, max: 10_000_000 }, write: String },
  share: { value: "SHARE", type: { type: "number", min: 0, max: 1 }, write: String },
  factor: { value: "X", type: { type: "number", min: 0.001, max: 1_000_000 }, write: String },
} as const;

/** An option of `serve` as a flag. */
interface Tuned {
  /** Its place in the options of `serve`; of a class, its name is in the place of a position. */
  readonly path: readonly string[];
  readonly kind: keyof typeof KINDS;
  readonly summary: string;
  readonly default?: unknown;
  readonly live?: boolean;
}

/** The flags of a group, from the rows of its members. */
function group<T extends object>(
  name: string,
  path: readonly string[],
  defaults: Readonly<T>,
  rows: readonly (readonly [
    flag: string,
    member: keyof T & string,
    kind: Tuned["kind"],
    summary: string,
    isFixed?: "restart",
  ])[],
): [string, Tuned][] {
  return rows.map(([flag, member, kind, summary, isFixed]) => [
    `${name}.${flag}`,
    {
      path: [...path, member],
      kind,
      summary,
      default: defaults[member],
      live: isFixed === undefined,
    },
  ]);
}

const CLASS_WORDS = {
  interactive: "a person waits for",
  normal: "asks for no class",
  bulk: "is much at once",
  background: "nobody waits for",
} as const;

// The first class is for control work: it goes first whatever its weight, and is never shed.
const classes = CLASSES.slice(1).flatMap((each) =>
  group(`classes.${each.name}`, ["classes", each.name], each, [
    [
      "weight",
      "weight",
      "factor",
      `The share of work that ${
        CLASS_WORDS[each.name as keyof typeof CLASS_WORDS]
      }, beside the other classes.`,
    ],
    ["target", "target", "duration", "The wait below which a good queue of this class falls."],
    [
      "patience",
      "patience",
      "duration",
      "The longest wait; after it a request is refused as busy.",
    ],
  ])
);

const TUNED: Readonly<Record<string, Tuned>> = Object.fromEntries([
  ...group("limits", ["limits"], DEFAULT_LIMITS, [
    ["max-line", "maxLine", "size", "The longest line of a request.", "restart"],
    ["max-body", "maxBody", "size", "The longest body.", "restart"],
    [
      "max-discard",
      "maxDiscard",
      "size",
      "The longest body that is skipped after an error.",
      "restart",
    ],
  ]),
  ...group("limits", [], { maxInFlight: 256 }, [
    ["max-in-flight", "maxInFlight", "count", "Requests of one connection in flight.", "restart"],
  ]),
  ...group("connections", ["connections"], CONNECTION_LIMITS, [
    ["total", "connections", "count", "All connections."],
    [
      "per-client",
      "connectionsPerClient",
      "count",
      "Connections of one client: an IPv4 address or an IPv6 /64.",
    ],
    [
      "reserved",
      "connectionsReserved",
      "number",
      "Connections for this machine only, and for --reserve.",
    ],
    [
      "opening",
      "connectionsOpening",
      "number",
      "Connections at a listener that have not opened yet.",
      "restart",
    ],
  ]),
  ...group("timeouts", ["timeouts"], TIMEOUTS, [
    [
      "opening",
      "opening",
      "duration",
      "For TLS, a WebSocket or a PROXY header to begin.",
      "restart",
    ],
    ["handshake", "handshake", "duration", "For the first request."],
    ["request", "request", "duration", "For a request, from its first byte to its last."],
    ["request-rate", "requestRate", "count", "The least bytes a second of a long request."],
    ["idle", "idle", "duration", "For a connection with nothing in flight."],
    ["stall", "stall", "duration", "For a client to read some of its answers."],
    [
      "output-soft",
      "outputSoft",
      "size",
      "Answers that may wait for a client for longer than the stall.",
    ],
    ["output-hard", "outputHard", "size", "Answers that may wait for a client."],
  ]),
  ...group("bounds", ["bounds"], CONNECTION_BOUNDS, [
    [
      "requests",
      "requests",
      "size",
      "Unanswered requests of a connection; above it, it is not read.",
    ],
    ["answers", "answers", "size", "Answers of a connection that wait for an earlier one."],
    ["output", "output", "size", "Unwritten answers of a connection; above it, it is not read."],
    [
      "unknown-commands",
      "unknownCommands",
      "count",
      "Unknown commands in a row that end a connection.",
    ],
    ["refusals", "refusals", "count", "Refusals after which a client is not read for a while."],
    ["pauses", "pauses", "number", "Such pauses in a row; one more ends the connection."],
    ["refusing", "refusing", "factor", "The share of a core that refusing may take."],
  ]),
  ...group("memory", [], { memory: 256 << 20 }, [
    ["clients", "memory", "size", "Memory for clients: unfinished input, requests, answers."],
  ]),
  ...group("memory", ["pressure"], PRESSURE_MARKS, [
    ["hasten", "hasten", "share", "The share of it at which time limits become a quarter as long."],
    ["close-gate", "closeGate", "share", "The share at which only this machine may connect."],
    ["shed", "shed", "share", "The share at which no requests are taken."],
    ["drop", "drop", "share", "The share at which the client that holds most is dropped."],
    ["late", "late", "wait", "Lateness of the event loop at which only this machine may connect."],
  ]),
  ...group("scheduling", ["scheduling"], { ...LIMITS, flow: 1024, parked: 32_768 }, [
    ["flow", "flow", "number", "Requests of a client that may wait."],
    ["waiting", "waiting", "number", "Requests that may wait in all."],
    ["bytes", "bytes", "size", "Bytes of requests that may wait in all."],
    [
      "parked",
      "parked",
      "number",
      "Requests that may wait for an event at once, such as TAKE with wait=.",
    ],
    ["guests", "guests", "count", "Clients of a class from which on strangers share their turns."],
    [
      "slice",
      "slice",
      "duration",
      "The longest run of requests before other events have a turn.",
      "restart",
    ],
    [
      "control",
      "control",
      "share",
      "Seats for control work only, as a share of the others.",
      "restart",
    ],
    [
      "control-rate",
      "controlRate",
      "factor",
      "Control requests a second of a client that go first.",
    ],
    [
      "control-burst",
      "controlBurst",
      "count",
      "Control requests of a client that may come at once.",
    ],
    [
      "patience",
      "patience",
      "share",
      "The longest wait of a request, as a share of the time to its deadline.",
    ],
  ]),
  ...group("scheduling", [], { seats: 2048 }, [
    ["seats", "seats", "count", "Requests that run at once."],
  ]),
  ...classes,
  ...(["prefix", "site"] as const).flatMap((tier) => {
    const whose = tier === "prefix" ? "an IPv4 address or an IPv6 /64" : "an IPv6 /48";
    return group(`rates.${tier}`, ["rates", tier], {} as { rate?: number; burst?: number }, [
      ["rate", "rate", "factor", `Requests a second of ${whose}. Default: no limit.`],
      ["burst", "burst", "count", "Requests that may come at once. Default: twice the rate."],
    ]);
  }),
]);

/** The groups of the flags. */
export const tuningGroups: Readonly<Record<string, string>> = {
  limits: "Sizes and numbers of requests",
  connections: "Numbers of connections",
  timeouts: "Time limits of clients",
  bounds: "Bounds of one connection",
  memory: "Memory for clients, and the marks at which the server defends it",
  scheduling: "Requests that wait and run",
  classes: "The classes of work",
  rates: "Requests a second of a client",
};

/** The flags. */
export const tuningFlags: Readonly<Record<string, Flag>> = Object.fromEntries(
  Object.entries(TUNED).map(([name, { kind, summary, live, default: usual }]): [string, Flag] => {
    const { value, type, write } = KINDS[kind];
    const text = usual === undefined ? undefined : write(usual as number);
    return [name, { value, type, summary, live, default: text }];
  }),
);

/** The options of `serve` for these flags; of those that have their default, none. */
export function tuningOptions(flags: Flags): ServeOptions {
  return optionsFor(flags, () => true);
}

/** The options for the flags that a running server takes. Those that have their default bring it back. */
export function liveTuning(flags: Flags): Reconfiguration {
  return optionsFor(flags, ({ live }) => live === true);
}

function optionsFor(flags: Flags, wanted: (tuned: Tuned) => boolean): ServeOptions {
  const options: Record<string, unknown> = {};
  for (const [name, tuned] of Object.entries(TUNED)) {
    if (!wanted(tuned)) continue;
    let at = options;
    for (const step of tuned.path.slice(0, -1)) {
      at = (at[step] ??= {}) as Record<string, unknown>;
    }
    // Seats that an option gives stand for a capacity, so the default is none.
    at[tuned.path.at(-1)!] = flags[name] === tuned.default ? undefined : flags[name];
  }
  // Its default in the library is another one where seats are given.
  const scheduling = { ...options.scheduling as object, parked: flags["scheduling.parked"] };
  return {
    ...options,
    scheduling,
    classes: classesOf(options.classes),
    rates: ratesOf(options.rates),
  };
}

/** All classes, each with what is given for it. */
// deno-lint-ignore no-explicit-any
function classesOf(given: any): ServeOptions["classes"] {
  return CLASSES.map((each) => {
    const changes = Object.entries(given[each.name] ?? {}).filter(([, value]) =>
      value !== undefined
    );
    return { ...each, ...Object.fromEntries(changes) };
  });
}

/** The rates that are given. */
// deno-lint-ignore no-explicit-any
function ratesOf({ prefix, site }: any): ServeOptions["rates"] {
  const rateOf = ({ rate, burst = Math.max(1, 2 * rate) }: { rate: number; burst?: number }) =>
    rate === undefined ? undefined : { rate, burst };
  return { prefix: rateOf(prefix), site: rateOf(site) };
}
