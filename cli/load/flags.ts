// The flags of `lineup load`, and the plan that they describe.

import type { Destination } from "../destination.ts";
import { dialFlags } from "../dial.ts";
import { needNoToken } from "../credentials.ts";
import { type Flag, type Flags, UsageError } from "../flags.ts";
import { readText } from "../input.ts";
import { reason } from "../reason.ts";
import { fromFile, fromLine, fromWords } from "./mix.ts";
import { arrivals, type LoadPlan } from "./plan.ts";
import type { RequestPlan } from "./request.ts";

const DAY = 86_400_000;
const TICK_MS = 250;

/** The flags. */
export const loadFlags: Readonly<Record<string, Flag>> = {
  ...dialFlags,
  connections: {
    value: "N",
    type: { type: "integer", min: 1, max: 65_536 },
    summary: "The number of connections.",
    default: "10",
  },
  depth: {
    value: "N",
    type: { type: "integer", min: 1, max: 65_536 },
    summary:
      "The requests in flight on each connection. Default 1. With --rate it is the most. Default 256 then.",
  },
  rate: {
    value: "N",
    type: { type: "number", min: 0.001, max: 1e7 },
    summary: "Send N requests a second, however long answers take (an open loop).",
  },
  arrivals: {
    value: "HOW",
    type: { type: "enum", values: arrivals },
    summary: "When requests of --rate are due: at random, as from many people, or evenly spaced.",
    default: "poisson",
  },
  duration: {
    value: "DURATION",
    type: { type: "duration", min: 1, max: DAY },
    summary: "How long to measure. Default 10s, or as long as --requests takes.",
  },
  requests: {
    value: "N",
    type: { type: "integer", min: 1, max: 1e12 },
    summary: "End after N requests.",
  },
  warmup: {
    value: "DURATION",
    type: { type: "duration", min: 0, max: DAY },
    summary: "How long to run before measuring. Default 1s, or 0ms with --requests.",
  },
  grace: {
    value: "DURATION",
    type: { type: "duration", min: 0, max: DAY },
    summary: "How long to wait for the last answers.",
    default: "10s",
  },
  threads: {
    value: "N",
    type: { type: "integer", min: 1, max: 256 },
    summary: "The number of threads. They share the connections.",
    default: "1",
  },
  tagged: { summary: "Send requests with tags, so that the server may answer in any order." },
  body: { value: "TEXT", summary: "The body of the request." },
  command: {
    value: '"[WEIGHT] REQUEST"',
    many: true,
    summary: "A request of a mix, as it stands on the wire. May be given again.",
  },
  mix: {
    value: "FILE",
    summary: "A file with the requests of a mix, a line each, as for --command.",
  },
  unchecked: { summary: "Send requests that the server's SPEC does not allow, too." },
  "max-errors": {
    value: "PERCENT",
    type: { type: "number", min: 0, max: 100 },
    summary: "Exit with 1 if more than this share of the requests got no OK.",
  },
  json: { summary: "Print the report as JSON." },
  html: { value: "FILE", summary: "Write a report with plots as one web page." },
  quiet: { summary: "Show no progress." },
};

/** The plan of the flags, the server and the words of the request. Throws `UsageError`. */
export function readPlan(
  { address, credentials }: Destination,
  words: readonly string[],
  flags: Flags,
): LoadPlan {
  const requests = readRequests(words, flags);
  const { connections, rate, tagged, grace, threads } = flags;
  if (threads > connections) {
    throw new UsageError(`--threads must be at most --connections, which is ${connections}.`);
  }
  const isCounted = flags.requests !== undefined;
  if (isCounted && flags.requests < threads) {
    throw new UsageError("--requests must be at least --threads.");
  }
  if (isCounted && flags.warmup > 0) {
    throw new UsageError("--warmup and --requests exclude each other: each request is measured.");
  }
  return {
    address,
    credentials,
    requests,
    connections,
    depth: flags.depth ?? (rate === undefined ? 1 : 256),
    tagged,
    rate,
    arrivals: flags.arrivals,
    warmup: flags.warmup ?? (isCounted ? 0 : 1000),
    duration: flags.duration ?? (isCounted ? DAY : 10_000),
    grace,
    most: flags.requests ?? Infinity,
    tick: TICK_MS,
    threads,
  };
}

function readRequests(words: readonly string[], flags: Flags): RequestPlan[] {
  const { command, mix, body, verbatim } = flags;
  const ways = [words.length > 0 && "VERB", command.length > 0 && "--command", mix && "--mix"]
    .filter(Boolean);
  if (ways.length === 0) throw new UsageError("load needs a VERB, --command or --mix.");
  if (ways.length > 1) throw new UsageError(`${ways.join(" and ")} exclude each other.`);
  if (words.length === 0 && body !== undefined) {
    throw new UsageError("--body needs a VERB; in --command and --mix write {N}.");
  }
  if (mix !== undefined) return readMix(mix);
  const plans = words.length > 0 ? [fromWords(words, verbatim, body)] : command.map(fromLine);
  for (const { verb } of plans) needNoToken(verb);
  return plans;
}

function readMix(path: string): RequestPlan[] {
  let text: string;
  try {
    text = readText(path);
  } catch (error) {
    throw new UsageError(`--mix ${path}: ${reason(error)}.`);
  }
  try {
    return fromFile(text);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    throw new UsageError(`--mix ${path}: ${error.message}`);
  }
}
