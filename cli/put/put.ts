// `lineup put`: puts a job into a queue, or a job for each line of an input.

import { Refusal } from "../../client/mod.ts";
import { destination } from "../destination.ts";
import { dialFlags } from "../dial.ts";
import { counted } from "../figures.ts";
import type { Flags, Subcommand } from "../flags.ts";
import { callSpans } from "../open_telemetry.ts";
import { complain, heard, note } from "../output.ts";
import { linesOf, openSource, readAll } from "./input.ts";
import { type BodyInput, jobFlags, readBodyArg, readJobArgs } from "./job_args.ts";
import { type LineReader, lineReader } from "./line_ids.ts";
import { OutcomePrinter } from "./outcome_printer.ts";
import { putAll } from "./pipeline.ts";
import { PutProgress } from "./progress.ts";
import { type JobInput, Putter } from "./putter.ts";

const OK = 0, FAILED = 1, NO_CONNECTION = 2, INTERRUPTED = 128 + 2;

/** `lineup put`. */
export const put: Subcommand = {
  summary: "Put a job into a queue, or a job for each line of an input.",
  args: "QUEUE [BODY | - | @FILE]",
  count: [1, 2],
  address: "ADDRESS",
  verbatim: true,
  flags: {
    ...dialFlags,
    ...jobFlags,
    lines: { summary: "Put a job for each line of standard input or @FILE." },
    "id-from": {
      value: "HOW",
      offers: ["number", "body", "tab"],
      summary:
        "With --lines, the id of each job: number (--id NAME and the line's number), body (a hash of the line), tab (the text before a tab, which is no part of the job) or .FIELD (of a JSON object).",
    },
    "from-line": {
      value: "N",
      type: { type: "integer", min: 1, max: Number.MAX_SAFE_INTEGER },
      summary: "With --lines, begin at line N.",
    },
    timeout: {
      value: "DURATION",
      type: { type: "duration", min: 1, max: 2_147_483_647 },
      summary: "Give up connecting, or a job, after this time. The server knows it too (within=).",
    },
    json: { summary: "Print the outcome of each job as a line of JSON." },
  },
  examples: [
    "put mail 'hello world' --key acme --delay 5m",
    "put --lines 127.0.0.1:5463 mail @addresses.txt",
    "put --lines --id-from .order orders @orders.jsonl",
    "put photos @cat.jpg",
    'put mail -- "$text"',
  ],
  more:
    `lineup put prints the number of each job. A BODY that begins with - would be a flag, and one
that begins with @ names a file. Put -- before such a BODY, and before every BODY that comes from a
variable. Without a BODY, the body is read from standard input. A first word with a ":" is ADDRESS, so a
QUEUE with a ":" needs ADDRESS before it.

--lines sends while it reads, up to 254 jobs at a time, and prints the numbers in the order of the lines.
The line ends (LF or CRLF) are not part of a job; an empty line is an empty job. A line that fails is
reported on standard error, and the other lines go on. Lines that a server refuses because it shuts down go
to the one that takes over, in their order, if there is one within 30 s (or --timeout). After the connection
is lost nothing more is sent, and the last message names the line to begin again at: the first that is not
certain to be in the queue.

To run an interrupted input again without putting a line twice, give each job an id with --id-from: a line
whose id is in the queue puts nothing, and prints the number of the job that is there. So begin the second
run where the first one says, such as --from-line 10311: the lines before it are in the queue, or were
refused for good. A line sent twice does no harm, unless its job is done meanwhile: the queue then forgets
the id. --result keep keeps it. A --from-line behind the end of the input puts nothing, says so, and is no
failure, for the first run may have ended with the last line.

--json prints {"id": ...}, with "duplicate": true if the queue had a job of that --id, or {"error":
{"code": ..., "message": ...}}. With --lines, each object begins with "line".`,
  exits: [
    [0, "All jobs are in the queue."],
    [1, "A job was refused, also when its time is over."],
    [2, "There is no connection, or it is lost."],
    [130, "Ctrl-C; with --lines once the jobs that were sent are answered."],
    [141, "Standard output is closed."],
  ],
  async run([queue, word], flags) {
    const { id, lines, "id-from": how } = flags;
    const input = readBodyArg(word, flags);
    const read = lineReader(how, lines ? id : undefined);
    const values = readJobArgs(queue, lines ? { ...flags, id: undefined } : flags);
    const { address, dial } = destination(flags);
    const interrupt = new AbortController();
    const onInterrupt = (): void => {
      interrupt.abort();
      // A second Ctrl-C ends the program at once.
      Deno.removeSignalListener("SIGINT", onInterrupt);
    };
    Deno.addSignalListener("SIGINT", onInterrupt);
    try {
      const { signal } = interrupt;
      await using putter = await Putter.open(address, values, {
        dial,
        timeout: flags.timeout,
        signal,
        // A job with a traceparent of its own carries on that trace.
        spans: values.trace === undefined ? await callSpans("queue") : undefined,
      });
      return await putInput(putter, input, flags, read, signal);
    } catch (error) {
      if (interrupt.signal.aborted) return INTERRUPTED;
      throw error;
    } finally {
      if (!interrupt.signal.aborted) Deno.removeSignalListener("SIGINT", onInterrupt);
    }
  },
};

/** Puts all jobs of the input. Resolves with the exit code. */
async function putInput(
  putter: Putter,
  input: BodyInput,
  { lines, json, "from-line": first = 1, "id-from": how }: Flags,
  readLine: LineReader,
  signal: AbortSignal,
): Promise<number> {
  const path = "path" in input ? input.path : undefined;
  using source = path === undefined ? undefined : await openSource(path);
  if (path === "-" && Deno.stdin.isTerminal()) {
    complain(`reading ${lines ? "a job a line" : "the job"} from the terminal; Ctrl-D ends it`);
  }
  const { maxBody } = putter;
  /** The number of lines of the input that were read, also those before `first`. */
  let count = 0;
  async function* oneJob(): AsyncGenerator<JobInput | Error, void, void> {
    const body = "text" in input
      ? new TextEncoder().encode(input.text)
      : await readAll(source!, maxBody);
    yield body instanceof Error ? body : { body };
  }
  async function* eachLine(): AsyncGenerator<JobInput | Error, void, void> {
    for await (const line of linesOf(source!, maxBody)) {
      const number = ++count;
      if (number < first) continue;
      // Failed lines must not fill standard error faster than it is read.
      await heard();
      yield line instanceof Error ? line : jobOf(line, number, readLine);
    }
  }
  using progress = new PutProgress(lines);
  const printer = new OutcomePrinter({ json, lines }, progress);
  const jobs = source !== undefined && lines ? eachLine() : oneJob();
  const tell = printer.print.bind(printer);
  const { read, isAll, lost } = await putAll(putter, jobs, tell, signal, first);
  progress.end();
  const { failed, duplicates } = printer;
  if (lines && duplicates > 0) note(`${duplicates} of ${read} lines were in the queue already`);
  if (lines && failed > 0) complain(`${failed} of ${read} lines failed`);
  if (lines && !isAll) complain(`nothing was sent from line ${first + read} on`);
  if (lines && (!isAll || lost !== undefined)) {
    // Lines between the first uncertain one and the end of what was sent may be in the queue, or not.
    const again = printer.uncertain ?? first + read;
    const twice = how === undefined && again < first + read
      ? "; without --id-from, lines that are in the queue are put twice"
      : "";
    complain(`begin again at line ${again}: --from-line ${again}${twice}`);
  } else if (lines && first > Math.max(count, 1) && !signal.aborted) {
    complain(
      `nothing was put: --from-line is ${first}, and the input has ${counted(count, "line")}`,
    );
  }
  if (signal.aborted) return INTERRUPTED;
  return lost !== undefined ? NO_CONNECTION : failed > 0 ? FAILED : OK;
}

/** The job of a line, or why the line is none. */
function jobOf(line: Uint8Array, number: number, read: LineReader): JobInput | Refusal {
  try {
    return read(line, number);
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
}
