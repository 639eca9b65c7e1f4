// `lineup put`: puts a job into a queue, or a job for each line of an input.

import { dialer, dialFlags, readAuthority } from "../dial.ts";
import type { Flags, Subcommand } from "../flags.ts";
import { complain, heard } from "../output.ts";
import { linesOf, openSource, readAll } from "./input.ts";
import { type BodyInput, jobFlags, readBodyArg, readJobArgs } from "./job_args.ts";
import { OutcomePrinter } from "./outcome_printer.ts";
import { putAll } from "./pipeline.ts";
import { PutProgress } from "./progress.ts";
import { Putter } from "./putter.ts";

const OK = 0, FAILED = 1, NO_CONNECTION = 2, INTERRUPTED = 128 + 2;

/** `lineup put`. */
export const put: Subcommand = {
  summary: "Put a job into a queue, or a job for each line of an input.",
  args: "ADDRESS QUEUE [BODY | - | @FILE]",
  count: [2, 3],
  verbatim: true,
  flags: {
    ...dialFlags,
    ...jobFlags,
    lines: { summary: "Put a job for each line of standard input or @FILE." },
    timeout: {
      value: "DURATION",
      type: { type: "duration", min: 1, max: 2_147_483_647 },
      summary: "Give up connecting, or a job, after this time. The server knows it too (within=).",
    },
    json: { summary: "Print the outcome of each job as a line of JSON." },
  },
  examples: [
    "put 127.0.0.1:5463 mail 'hello world' --key acme --delay 5m",
    "put --lines 127.0.0.1:5463 mail @addresses.txt",
    "put 127.0.0.1:5463 photos @cat.jpg",
    'put 127.0.0.1:5463 mail -- "$text"',
  ],
  more:
    `lineup put prints the number of each job. A BODY that begins with - would be a flag, and one
that begins with @ names a file. Put -- before such a BODY, and before every BODY that comes from a
variable. Without a BODY, the body is read from standard input.

--lines sends while it reads, up to 256 jobs at a time, and prints the numbers in the order of the lines.
The line ends (LF or CRLF) are not part of a job; an empty line is an empty job. A line that fails is
reported on standard error, and the other lines go on. After the connection is lost nothing more is sent,
and the first line that was not sent is reported.

--json prints {"id": ...}, with "duplicate": true if the queue had a job of that --id, or {"error":
{"code": ..., "message": ...}}. With --lines, each object begins with "line".

Exit code: 0; 1 if a job was refused, also when its time is over; 2 without a connection, or if it is
lost; 130 after Ctrl-C, with --lines once the jobs that were sent are answered; 141 if standard output is
closed.`,
  async run([address, queue, word], flags) {
    const values = readJobArgs(queue, flags);
    const input = readBodyArg(word, flags);
    const dial = dialer(readAuthority(flags));
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
      });
      return await putInput(putter, input, flags, signal);
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
  { lines, json }: Flags,
  signal: AbortSignal,
): Promise<number> {
  const path = "path" in input ? input.path : undefined;
  using source = path === undefined ? undefined : await openSource(path);
  if (path === "-" && Deno.stdin.isTerminal()) {
    complain(`reading ${lines ? "a job a line" : "the job"} from the terminal; Ctrl-D ends it`);
  }
  const { maxBody } = putter;
  async function* oneBody(): AsyncGenerator<Uint8Array | Error, void, void> {
    yield "text" in input ? new TextEncoder().encode(input.text) : await readAll(source!, maxBody);
  }
  async function* eachLine(): AsyncGenerator<Uint8Array | Error, void, void> {
    for await (const body of linesOf(source!, maxBody)) {
      // Failed lines must not fill standard error faster than it is read.
      await heard();
      yield body;
    }
  }
  using progress = new PutProgress(lines);
  const printer = new OutcomePrinter({ json, lines }, progress);
  const bodies = source !== undefined && lines ? eachLine() : oneBody();
  const tell = printer.print.bind(printer);
  const { read, isAll, lost } = await putAll(putter, bodies, tell, signal);
  progress.end();
  const { failed } = printer;
  if (lines && failed > 0) complain(`${failed} of ${read} lines failed`);
  if (lines && !isAll) complain(`nothing was sent from line ${read + 1} on`);
  if (signal.aborted) return INTERRUPTED;
  return lost !== undefined ? NO_CONNECTION : failed > 0 ? FAILED : OK;
}
