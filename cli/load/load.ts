import { dialer, dialFlags, readAuthority } from "../dial.ts";
import { type Flags, type Subcommand, UsageError } from "../flags.ts";
import { checkRequest } from "./against_spec.ts";
import { htmlReport } from "./html_report.ts";
import { fromFile, fromLine, fromWords } from "./mix.ts";
import { arrivals, type LoadPlan } from "./plan.ts";
import { LoadProgress } from "./progress.ts";
import type { RequestPlan } from "./request.ts";
import type { IntervalReport, LoadReport } from "./results.ts";
import { startLoad } from "./run.ts";
import { templateUsage } from "./template.ts";
import { textReport } from "./text_report.ts";
import { readText } from "../input.ts";
import { errorScreen, print } from "../output.ts";
import { reason } from "../reason.ts";
import { type NewFile, newFile } from "../private_file.ts";
import { remoteSpec } from "../remote_spec.ts";

const OK = 0, FAILED = 1;
const DAY = 86_400_000;
const TICK_MS = 250;
// A line is rewritten at every tick, or another one follows a second later.
const SHOWN_TICKS = errorScreen.isTerminal ? 1 : 4;

/** `lineup load`. */
export const load: Subcommand = {
  summary: "Put load on a server, and report throughput and latency.",
  args: "ADDRESS [VERB [WORD | NAME=VALUE ...] [{BYTES}]]",
  count: [1, Infinity],
  stopEarly: true,
  flags: {
    ...dialFlags,
    connections: {
      value: "N",
      type: { type: "integer", min: 1, max: 65_536 },
      summary: "How many connections.",
      default: "10",
    },
    depth: {
      value: "N",
      type: { type: "integer", min: 1, max: 65_536 },
      summary:
        "Requests that are kept in flight on each connection. Default 1; with --rate at most 256.",
    },
    rate: {
      value: "N",
      type: { type: "number", min: 0.001, max: 1e7 },
      summary: "Send so many requests a second, however long answers take (an open loop).",
    },
    arrivals: {
      value: "HOW",
      type: { type: "enum", values: arrivals },
      summary: "When requests of --rate are due: at random as from many people, or evenly spaced.",
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
      summary: "End after so many requests.",
    },
    warmup: {
      value: "DURATION",
      type: { type: "duration", min: 0, max: DAY },
      summary: "How long to run before measuring. Default 1s, or 0ms with --requests.",
    },
    grace: {
      value: "DURATION",
      type: { type: "duration", min: 0, max: DAY },
      summary: "How long the last answers are waited for.",
      default: "10s",
    },
    threads: {
      value: "N",
      type: { type: "integer", min: 1, max: 256 },
      summary: "Threads to send from, the connections shared out between them.",
      default: "1",
    },
    tagged: { summary: "Send requests with tags, so that they are answered in any order." },
    body: { value: "TEXT", summary: "The body of the request." },
    command: {
      value: '"[WEIGHT] REQUEST"',
      many: true,
      summary: "A request of a mix, as it stands on the wire; may be given again.",
    },
    mix: { value: "FILE", summary: "The requests of a mix, a line each, as for --command." },
    unchecked: { summary: "Send what the server's SPEC does not allow, too." },
    "max-errors": {
      value: "PERCENT",
      type: { type: "number", min: 0, max: 100 },
      summary: "Exit with 1 where more of the requests than this did not get an OK.",
    },
    json: { summary: "Print the report as JSON." },
    html: { value: "FILE", summary: "Write a report with plots, a page that needs nothing else." },
    quiet: { summary: "Show no progress." },
  },
  examples: [
    "load --connections 50 --depth 16 127.0.0.1:5463 PING",
    "load --rate 2000 --duration 30s --html report.html 127.0.0.1:5463 PUT mail {200}",
    "load --command '3 PUT mail key={{random 1..9}} {200}' --command 'TAKE mail' 127.0.0.1:5463",
  ],
  more:
    `Flags come before ADDRESS. In arguments, values and --body stands, drawn anew for each request:
${templateUsage}. A last word {N} is a body of N bytes.

With --rate, latency counts from when a request was due, so a server that stands still for a second
shows it; without, the next request waits for an answer, and a server that stands still is asked
less. Ctrl-C ends the run early, with the report of what there was.

Exit code: 0; 1 if no request got an OK, or above --max-errors; 2 for no connection.`,
  async run([address, ...words], flags) {
    const requests = readRequests(words, flags);
    const plan = toPlan(address, requests, flags);
    await greet(plan, flags.unchecked);
    using page = flags.html === undefined ? undefined : newPage(flags.html);
    const report = await run(plan, flags.quiet);
    try {
      page?.write(new TextEncoder().encode(htmlReport(report)));
      page?.finish();
    } finally {
      const width = Deno.stdout.isTerminal() ? Deno.consoleSize().columns : undefined;
      print(flags.json ? JSON.stringify(report, null, 2) + "\n" : textReport(report, width));
    }
    return isFailure(report, flags["max-errors"]) ? FAILED : OK;
  },
};

/** Opens the file of the report before the run that it is about. Throws `UsageError`. */
function newPage(path: string): NewFile {
  try {
    return newFile(path, true);
  } catch (error) {
    throw new UsageError(`--html ${path}: ${reason(error)}.`);
  }
}

function readRequests(words: readonly string[], flags: Flags): RequestPlan[] {
  const { command, mix, body, verbatim } = flags;
  const ways = [words.length > 0 && "VERB", command.length > 0 && "--command", mix && "--mix"]
    .filter(Boolean);
  if (ways.length === 0) throw new UsageError("load needs a VERB, --command or --mix.");
  if (ways.length > 1) throw new UsageError(`${ways.join(" and ")} exclude each other.`);
  if (words.length > 0) return [fromWords(words, verbatim, body)];
  if (body !== undefined) throw new UsageError("--body goes with a VERB; elsewhere write {N}.");
  if (command.length > 0) return command.map(fromLine);
  let text: string;
  try {
    text = readText(mix);
  } catch (error) {
    throw new UsageError(`--mix ${mix}: ${reason(error)}.`);
  }
  try {
    return fromFile(text);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    throw new UsageError(`--mix ${mix}: ${error.message}`);
  }
}

function toPlan(address: string, requests: readonly RequestPlan[], flags: Flags): LoadPlan {
  const { connections, rate, tagged, grace, threads } = flags;
  if (threads > connections) {
    throw new UsageError(`--threads must be at most --connections, which is ${connections}.`);
  }
  const most = flags.requests ?? Infinity;
  const isCounted = flags.requests !== undefined;
  if (isCounted && flags.requests < threads) {
    throw new UsageError("--requests must be at least --threads.");
  }
  if (isCounted && flags.warmup > 0) {
    throw new UsageError("--warmup and --requests exclude each other: each request is measured.");
  }
  return {
    address,
    authority: readAuthority(flags),
    requests,
    connections,
    depth: flags.depth ?? (rate === undefined ? 1 : 256),
    tagged,
    rate,
    arrivals: flags.arrivals,
    warmup: flags.warmup ?? (isCounted ? 0 : 1000),
    duration: flags.duration ?? (isCounted ? DAY : 10_000),
    grace,
    most,
    tick: TICK_MS,
    threads,
  };
}

/** Sees that there is a server, and that it would take the requests. */
async function greet(plan: LoadPlan, unchecked: boolean): Promise<void> {
  const { greeting, compiled } = await remoteSpec(plan.address, dialer(plan.authority), {
    ask: !unchecked,
  });
  if (compiled === undefined) return;
  for (const request of plan.requests) checkRequest(request, compiled, greeting);
}

async function run(plan: LoadPlan, quiet: boolean): Promise<LoadReport> {
  const length = Number.isFinite(plan.most) ? Infinity : plan.duration / 1000;
  const progress = new LoadProgress(errorScreen, length);
  const show = (moment: IntervalReport): void => {
    if (!quiet) progress.moment(moment);
  };
  const running = await startLoad(plan, show, SHOWN_TICKS);
  const onSignal = (): void => running.stop();
  const signals = ["SIGINT", "SIGTERM"] as const;
  for (const signal of signals) Deno.addSignalListener(signal, onSignal);
  try {
    return await running.report;
  } finally {
    for (const signal of signals) Deno.removeSignalListener(signal, onSignal);
    if (!quiet) progress.end();
  }
}

function isFailure(report: LoadReport, most: number | undefined): boolean {
  const all = report.sent + report.unsent;
  return report.ok === 0 || (most !== undefined && 100 * (all - report.ok) > most * all);
}
