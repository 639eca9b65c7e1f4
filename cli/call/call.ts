import { openSession, type Outgoing, Refusal, type Session } from "../../client/mod.ts";
import type { CompiledCommand, CompiledProtocol } from "../../protocol/compile.ts";
import { isOptional } from "../../protocol/fields.ts";
import type { Frame } from "../../dialects/lineup1/frame.ts";
import { formatLine } from "../../dialects/lineup1/line.ts";
import { isOptionName, isVerb } from "../../protocol/names.ts";
import { formatWord } from "../../protocol/quoting.ts";
import { formatValue } from "../../protocol/values.ts";
import { dialer, dialFlags, readAuthority } from "../dial.ts";
import { type Flags, type Subcommand, UsageError } from "../flags.ts";
import { inputPieces } from "../input.ts";
import { toJson } from "./json.ts";
import { print } from "../output.ts";
import { reason } from "../reason.ts";
import { readSpec } from "../remote_spec.ts";

const OK = 0, ERR = 1, INTERRUPTED = 128 + 2;
// How long the server is given to hear of a cancelled request.
const CANCEL_MS = 200;

/** `lineup call`. */
export const call: Subcommand = {
  summary: "Send one request and print its answer.",
  args: "ADDRESS VERB [WORD | NAME=VALUE ...]",
  count: [2, Infinity],
  stopEarly: true,
  flags: {
    ...dialFlags,
    json: {
      summary: "Print a line of JSON for each item and for the reply, typed by the server's SPEC.",
    },
    body: { value: "TEXT", summary: "The body of the request." },
    "body-file": { value: "FILE", summary: "Read the body from a file; - is standard input." },
    timeout: {
      value: "DURATION",
      type: { type: "duration", min: 1, max: 2_147_483_647 },
      summary: "Give up after this long; the server is told (within=).",
    },
  },
  examples: [
    "call 127.0.0.1:5463 PUT mail hello priority=1",
    "call --json --timeout 2s 127.0.0.1:5463 TAKE mail",
    "call 127.0.0.1:5463 PUT photos @cat.jpg",
    'call 127.0.0.1:5463 PUT mail priority=1 -- "$text"',
  ],
  more:
    `Flags come before ADDRESS: all that follows it belongs to the request. NAME=VALUE is an option of
the request, but behind -- it is an argument. Where the command takes a body, a last word @FILE is
the body's file (@- is standard input; behind -- it is text), and a body that must be there and is not
is read from standard input, unless that is a terminal.

--json prints {"item": {...}} for each item as it comes, then {"reply": {...}} or
{"error": {"code": ..., "message": ...}}; durations are milliseconds, sizes bytes, a body that is not
text is {"base64": ...}.

Exit code: 0 for OK, 1 for ERR (also when the time is over), 2 for no connection, 130 after Ctrl-C
(which cancels the request), 141 where nobody reads the output.`,
  async run([address, ...words], flags) {
    const request = toRequest(words, flags);
    const dial = dialer(readAuthority(flags));
    const deadline = new Deadline(flags.timeout);
    const show = { command: undefined as CompiledCommand | undefined };
    const printFrame = (frame: Frame): void =>
      flags.json ? print(toJson(frame, show.command) + "\n") : printLines(frame);
    const interrupt = new AbortController();
    const onInterrupt = (): void => interrupt.abort();
    Deno.addSignalListener("SIGINT", onInterrupt);
    let session: Session | undefined;
    try {
      const { signal } = interrupt;
      session = await openSession(address, { timeout: deadline.left, signal, dial });
      session.introduce();
      const ask = new Asking(session, signal, deadline);
      if (flags.json || needsSpec(request)) {
        show.command = (await askSpec(ask)).commands.get(request.head);
      }
      const outgoing = await addBody(request, show.command);
      await ask.send(outgoing, printFrame);
      return OK;
    } catch (error) {
      if (interrupt.signal.aborted) return INTERRUPTED;
      if (!(error instanceof Refusal)) throw error;
      printFrame(fromRefusal(error));
      return ERR;
    } finally {
      Deno.removeSignalListener("SIGINT", onInterrupt);
      await end(session);
    }
  },
};

/** The request as it stands on the command line. */
interface RequestArgs {
  readonly head: string;
  readonly words: readonly string[];
  readonly verbatim: readonly string[];
  readonly options: ReadonlyMap<string, string>;
  /** The body, or where to read it, where a flag says so. */
  readonly body: { readonly text: string } | { readonly file: string } | undefined;
}

function toRequest([verb, ...rest]: readonly string[], flags: Flags): RequestArgs {
  const head = verb.toUpperCase();
  if (!isVerb(head)) {
    throw new UsageError(`${verb} is no verb: a letter, then letters, digits, "-".`);
  }
  const { verbatim, timeout, body, "body-file": file } = flags;
  if (body !== undefined && file !== undefined) {
    throw new UsageError("--body and --body-file exclude each other.");
  }
  const options = new Map<string, string>();
  if (timeout !== undefined) options.set("within", formatValue(timeout, { type: "duration" }));
  const words: string[] = [];
  for (const word of rest) {
    const equals = word.indexOf("=");
    const name = word.slice(0, equals);
    if (equals > 0 && isOptionName(name)) options.set(name, word.slice(equals + 1));
    else words.push(word);
  }
  return {
    head,
    words,
    verbatim,
    options,
    body: body !== undefined ? { text: body } : file !== undefined ? { file } : undefined,
  };
}

/** Whether the body is a file's or standard input's can only be told by who knows whether there is a body. */
function needsSpec({ words, body }: RequestArgs): boolean {
  return body === undefined && (words.at(-1)?.startsWith("@") || !Deno.stdin.isTerminal());
}

async function askSpec(ask: Asking): Promise<CompiledProtocol> {
  let spec: CompiledProtocol | undefined;
  await ask.send({ head: "SPEC", text: "" }, ({ body }) => spec = readSpec(body));
  return spec!;
}

async function addBody(
  request: RequestArgs,
  command: CompiledCommand | undefined,
): Promise<Outgoing> {
  const { head, verbatim, options } = request;
  let { words, body } = request;
  const shape = command?.request;
  if (shape?.body !== undefined && body === undefined) {
    const last = verbatim.length === 0 ? words.at(-1) : undefined;
    const given = words.length + verbatim.length;
    if (last !== undefined && /^@./.test(last)) {
      body = { file: last.slice(1) };
      words = words.slice(0, -1);
    } else if (
      !isOptional(shape.body) && !(shape.inlineBody && given > shape.positional.length) &&
      given >= shape.required && !Deno.stdin.isTerminal()
    ) body = { file: "-" };
  }
  const text = [...words, ...verbatim].map((word) => " " + written(word)).join("") +
    [...options].map(([name, value]) => ` ${name}=${written(value)}`).join("");
  return { head, text, body: body === undefined ? undefined : await readBody(body) };
}

/** A word as it stands on the line. */
function written(text: string): string {
  try {
    return formatWord(text);
  } catch (error) {
    throw new UsageError(`${JSON.stringify(text)} cannot be sent: ${(error as Error).message}.`);
  }
}

async function readBody(body: { text: string } | { file: string }): Promise<Uint8Array> {
  if ("text" in body) return new TextEncoder().encode(body.text);
  if (body.file === "-") {
    return new Uint8Array(await new Response(ReadableStream.from(inputPieces())).arrayBuffer());
  }
  try {
    return await Deno.readFile(body.file);
  } catch (error) {
    throw new UsageError(`The body cannot be read from ${body.file}: ${reason(error)}.`);
  }
}

/** How much of the time is left. */
class Deadline {
  readonly #end: number | undefined;

  constructor(timeout: number | undefined) {
    this.#end = timeout === undefined ? undefined : performance.now() + timeout;
  }

  /** Milliseconds, at least 1; `undefined` for no bound. */
  get left(): number | undefined {
    return this.#end === undefined ? undefined : Math.max(1, this.#end - performance.now());
  }
}

/** Sends requests that end with the deadline and the signal. */
class Asking {
  readonly #session: Session;
  readonly #signal: AbortSignal;
  readonly #deadline: Deadline;

  constructor(session: Session, signal: AbortSignal, deadline: Deadline) {
    this.#session = session;
    this.#signal = signal;
    this.#deadline = deadline;
  }

  /** Hands on the items and the `OK` line. Rejects with what else ended the request, the `ERR` line included. */
  send(outgoing: Outgoing, onFrame: (frame: Frame) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        clearTimeout(timer);
        this.#signal.removeEventListener("abort", onAbort);
      };
      const giveUp = (error: Error): void => {
        settle();
        sent.cancel();
        reject(error);
      };
      const onAbort = (): void => giveUp(this.#signal.reason);
      const take = (frame: Frame): boolean => {
        try {
          onFrame(frame);
          return true;
        } catch (error) {
          giveUp(error as Error);
          return false;
        }
      };
      this.#signal.throwIfAborted();
      const sent = this.#session.send(outgoing, {
        item(frame) {
          take(frame);
          return true;
        },
        final(frame) {
          settle();
          if (take(frame)) resolve();
        },
        failed(error) {
          settle();
          reject(error);
        },
      });
      this.#signal.addEventListener("abort", onAbort);
      const { left } = this.#deadline;
      const timer = left === undefined ? undefined : setTimeout(
        () => giveUp(new Refusal("expired", "No answer in time.", { executed: "maybe" })),
        left,
      );
    });
  }
}

/** Closes the session; a request that was given up is not waited for longer than it takes to tell the server. */
async function end(session: Session | undefined): Promise<void> {
  if (session === undefined) return;
  const timer = Promise.withResolvers<void>();
  const id = setTimeout(timer.resolve, CANCEL_MS);
  await Promise.race([session.close(), timer.promise]);
  clearTimeout(id);
}

function fromRefusal({ code, message, retry, executed, details }: Refusal): Frame {
  const options = new Map(Object.entries(details));
  if (executed !== undefined) options.set("executed", executed);
  if (retry !== undefined) options.set("retry", String(retry));
  const words = [code, message];
  return { kind: "frame", tag: undefined, head: "ERR", words, options, body: undefined };
}

/** Prints the line as it came, without its tag, and the body below it; on a terminal with its controls escaped. */
function printLines(frame: Frame): void {
  const { body } = frame;
  const line = formatLine({ ...frame, tag: undefined }, body?.length) + "\n";
  print(line);
  if (body === undefined) return;
  print(body);
  if (body.at(-1) !== 0x0a) print("\n");
}
