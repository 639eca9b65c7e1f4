import { Refusal } from "../../client/mod.ts";
import { fieldSpec } from "../../protocol/fields.ts";
import type { FieldSpec } from "../../protocol/spec.ts";
import { BadValue, parseValue } from "../../protocol/values.ts";
import { queueProtocol } from "../../queue/mod.ts";
import { dialer, dialFlags, readAuthority } from "../dial.ts";
import { type Flag, type Flags, type Subcommand, UsageError } from "../flags.ts";
import { complain, heard, print } from "../output.ts";
import { linesOf, openSource, readAll } from "./input.ts";
import { isLoss, type Outcome, putAll } from "./pipeline.ts";
import { PutProgress } from "./progress.ts";
import { Putter } from "./putter.ts";

const OK = 0, FAILED = 1, NO_CONNECTION = 2, INTERRUPTED = 128 + 2;
const { args, options } = queueProtocol.commands.PUT;

/** `lineup put`. */
export const put: Subcommand = {
  summary: "Put a job into a queue, or one for each line.",
  args: "ADDRESS QUEUE [BODY | - | @FILE]",
  count: [2, 3],
  verbatim: true,
  flags: {
    ...dialFlags,
    ...optionFlags(options),
    lines: { summary: "Put a job for each line of standard input or @FILE." },
    timeout: {
      value: "DURATION",
      type: { type: "duration", min: 1, max: 2_147_483_647 },
      summary: "Give up connecting, or a job, after this long; the server is told (within=).",
    },
    json: { summary: "Print a line of JSON for each job, whether it was put or not." },
  },
  examples: [
    "put 127.0.0.1:5463 mail 'hello world' --key acme --delay 5m",
    "put --lines 127.0.0.1:5463 mail @addresses.txt",
    "put 127.0.0.1:5463 photos @cat.jpg",
    'put 127.0.0.1:5463 mail -- "$text"',
  ],
  more:
    `It prints the number of each job. A BODY that begins with - or @, or may do so because somebody
else wrote it, stands behind --; without one the body is read from standard input.

--lines reads as it sends, with up to 256 jobs on their way, and prints numbers in the order of the
lines, without their line ends (LF or CRLF); an empty line is an empty job. Lines that fail are named on standard
error, and the rest goes on. Once the connection is lost nothing more is sent, and the first line that
was not is named.

--json prints {"id": ...}, with "duplicate": true where the queue had a job of that --id, or {"error":
{"code": ..., "message": ...}}; with --lines each begins with "line".

Exit code: 0; 1 if a job was refused (also when the time is over), 2 if there was no connection or it
was lost, 130 after Ctrl-C (with --lines, once those on their way are answered), 141 where nobody
reads the output.`,
  async run([address, queue, word], flags) {
    const values = toValues(queue, flags);
    const input = toInput(word, flags);
    const dial = dialer(readAuthority(flags));
    const interrupt = new AbortController();
    const onInterrupt = (): void => {
      interrupt.abort();
      // The second one ends it at once.
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

/** A flag for each option of a command; what is not given is left to the server. */
function optionFlags(options: Readonly<Record<string, FieldSpec>>): Record<string, Flag> {
  return Object.fromEntries(
    Object.entries(options).map(([name, field]): [string, Flag] => {
      const { type, default: usual, summary = "", values } = fieldSpec(field);
      const what = type === "integer" ? "N" : values?.join("|") ?? type.toUpperCase();
      const more = usual === undefined ? "" : ` Default ${usual}.`;
      return [name, { value: what, type: field, summary: summary + more }];
    }),
  );
}

/** The queue and the options. Throws `UsageError`. */
function toValues(queue: string, flags: Flags): Record<string, unknown> {
  try {
    parseValue(queue, args.queue);
  } catch (error) {
    if (!(error instanceof BadValue)) throw error;
    throw new UsageError(`QUEUE must be ${error.message}.`);
  }
  const given = Object.keys(options).map((name) => [name, flags[name]]);
  return { queue, ...Object.fromEntries(given) };
}

/** The body as text, or where it is read from. */
type Input = { readonly text: string } | { readonly path: string };

function toInput(word: string | undefined, { lines, id, verbatim }: Flags): Input {
  const [text, ...more] = verbatim;
  const extra = word !== undefined ? text : more[0];
  if (extra !== undefined) throw new UsageError(`${extra} is one argument too many.`);
  if (lines && id !== undefined) {
    throw new UsageError("--id and --lines exclude each other: --id is the name of one job.");
  }
  if (text === undefined) {
    if (word === undefined || word === "-") return { path: "-" };
    if (/^@./.test(word)) return { path: word.slice(1) };
  }
  if (lines) throw new UsageError("--lines reads standard input or @FILE, not a BODY.");
  return { text: (text ?? word)! };
}

async function putInput(
  putter: Putter,
  input: Input,
  flags: Flags,
  signal: AbortSignal,
): Promise<number> {
  const path = "path" in input ? input.path : undefined;
  using source = path === undefined ? undefined : await openSource(path);
  const { lines, json } = flags;
  if (path === "-" && Deno.stdin.isTerminal()) {
    complain(`reading ${lines ? "a job a line" : "the job"} from the terminal; Ctrl-D ends it`);
  }
  const { maxBody } = putter;
  async function* one(): AsyncGenerator<Uint8Array | Error, void, void> {
    yield "text" in input ? new TextEncoder().encode(input.text) : await readAll(source!, maxBody);
  }
  using progress = new PutProgress(lines);
  let failed = 0;
  const tell = (outcomes: readonly Outcome[]): void => {
    let out = "";
    progress.clear();
    for (const outcome of outcomes) {
      const { number, result } = outcome;
      if (json) out += JSON.stringify(toJson(outcome, lines)) + "\n";
      if (!(result instanceof Error)) {
        if (!json) out += `${result.id}\n`;
      } else {
        failed++;
        if (!json) complain((lines ? `line ${number}: ` : "") + why(result));
      }
    }
    if (out !== "") print(out);
    progress.count(outcomes.length, failed);
  };
  // Where many lines fail, those who read of it are waited for.
  async function* each(): AsyncGenerator<Uint8Array | Error, void, void> {
    for await (const body of linesOf(source!, maxBody)) {
      await heard();
      yield body;
    }
  }
  const bodies = source !== undefined && lines ? each() : one();
  const { read, isAll, lost } = await putAll(putter, bodies, tell, signal);
  progress.end();
  if (lines && failed > 0) complain(`${failed} of ${read} lines failed`);
  if (lines && !isAll) complain(`nothing was sent from line ${read + 1} on`);
  if (signal.aborted) return INTERRUPTED;
  return lost !== undefined ? NO_CONNECTION : failed > 0 ? FAILED : OK;
}

function why(error: Error): string {
  const text = error instanceof Refusal ? `${error.code}: ${error.message}` : error.message;
  if ((error as Partial<Refusal>).executed !== "maybe") return text;
  return `${text.replace(/\.$/, "")}; the job may be in the queue nevertheless`;
}

/** What `--json` prints of a job. */
function toJson({ number, result }: Outcome, lines: boolean): object {
  const line = lines ? { line: number } : undefined;
  if (!(result instanceof Error)) return { ...line, ...result };
  const { message, executed } = result as Error & Partial<Refusal>;
  const { code, retry, details } = result instanceof Refusal
    ? result
    : { code: isLoss(result) ? "connection-lost" : "internal" } as Partial<Refusal>;
  return { ...line, error: { ...details, code, message, retry, executed } };
}
