// `lineup load`: puts load on a server, and reports throughput and latency.

import type { Greeting } from "../../client/mod.ts";
import { dialer } from "../dial.ts";
import { counted } from "../figures.ts";
import { destination } from "../destination.ts";
import { type Subcommand, UsageError } from "../flags.ts";
import { print } from "../output.ts";
import { type NewFile, newFile } from "../private_file.ts";
import { reason } from "../reason.ts";
import { remoteSpec } from "../remote_spec.ts";
import { StatusLine } from "../status_line.ts";
import { checkRequest } from "./against_spec.ts";
import { loadFlags, readPlan } from "./flags.ts";
import { htmlReport } from "./html_report.ts";
import type { LoadPlan } from "./plan.ts";
import { LoadProgress } from "./progress.ts";
import type { LoadReport, RunOrigin } from "./report.ts";
import { startLoad } from "./run.ts";
import { templateUsage } from "./template.ts";
import { textReport } from "./text_report.ts";

const OK = 0, FAILED = 1;
const SIGNALS = ["SIGINT", "SIGTERM"] as const;

/** `lineup load`. */
export const load: Subcommand = {
  summary: "Put load on a server, and report throughput and latency.",
  args: "[VERB [WORD | NAME=VALUE ...] [{BYTES}]]",
  count: [0, Infinity],
  address: "ADDRESS",
  isRequest: true,
  flags: loadFlags,
  examples: [
    "load --connections 50 --depth 16 127.0.0.1:5463 PING",
    "load --rate 2000 --duration 30s --html report.html 127.0.0.1:5463 PUT mail {200}",
    "load --command '3 PUT mail key={{random 1..9}} {200}' --command 'TAKE mail' 127.0.0.1:5463",
  ],
  more: `Arguments, values and --body may hold templates, which get a new value in each request:
${templateUsage}. A last word {N} is a body of N bytes. The words after -- are arguments, whatever they
look like.

With --rate, latency counts from the time when a request is due: a server that stalls for a second
shows it. Without --rate, each answer makes room for the next request, so a server that stalls gets
fewer requests. Ctrl-C ends the run early and prints its report.`,
  exits: [
    [0, "Requests got an OK, and no more failed than --max-errors."],
    [1, "No request got an OK, or more failed."],
    [2, "There is no connection."],
    [141, "Standard output is closed."],
  ],
  async run(words, flags, { version, argv }) {
    const plan = readPlan(destination(flags), words, flags);
    const { name, version: served } = await checkServer(plan, flags.unchecked);
    using page = flags.html === undefined ? undefined : newPage(flags.html);
    const { os, arch } = Deno.build;
    const origin = {
      command: ["lineup", ...argv].map(quoted).join(" "),
      versions: {
        lineup: version,
        deno: Deno.version.deno,
        server: `${name}/${served}`,
        system: `${os} ${arch}, ${counted(navigator.hardwareConcurrency, "core")}`,
      },
    };
    const report = await run(plan, origin, flags.quiet);
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

/** Opens the file of the HTML report before the run, so that a wrong path costs no run. Throws `UsageError`. */
function newPage(path: string): NewFile {
  try {
    return newFile(path, true);
  } catch (error) {
    throw new UsageError(`--html ${path}: ${reason(error)}.`);
  }
}

/** A word as a shell takes it. */
function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** Checks that the server answers and, unless `unchecked`, that its SPEC allows the requests. */
async function checkServer(plan: LoadPlan, unchecked: boolean): Promise<Greeting> {
  const { greeting, compiled } = await remoteSpec(plan.address, dialer(plan.credentials), {
    ask: !unchecked,
  });
  for (const request of plan.requests) {
    if (compiled !== undefined) checkRequest(request, compiled, greeting);
  }
  return greeting;
}

async function run(plan: LoadPlan, origin: RunOrigin, quiet: boolean): Promise<LoadReport> {
  const line = new StatusLine();
  const seconds = Number.isFinite(plan.most) ? Infinity : plan.duration / 1000;
  const progress = quiet ? undefined : new LoadProgress(line, seconds);
  // A terminal is updated at each tick; elsewhere a line a second is enough.
  const shownTicks = line.isTerminal ? 1 : 1000 / plan.tick;
  const running = await startLoad(plan, origin, (interval) => progress?.add(interval), shownTicks);
  const onSignal = (): void => running.stop();
  for (const signal of SIGNALS) Deno.addSignalListener(signal, onSignal);
  try {
    return await running.report;
  } finally {
    for (const signal of SIGNALS) Deno.removeSignalListener(signal, onSignal);
    progress?.end();
  }
}

function isFailure(report: LoadReport, maxErrors: number | undefined): boolean {
  const all = report.sent + report.unsent;
  const errors = all - report.ok;
  return report.ok === 0 || (maxErrors !== undefined && 100 * errors > maxErrors * all);
}
