// `lineup connect` without a terminal: it sends the script on standard input, and prints the replies.

import { ConnectionLost, type Dial } from "../../client/mod.ts";
import { parseGreeting } from "../../client/greeting.ts";
import { REPLY_LIMITS, ReplyStream } from "../../client/reply_stream.ts";
import { type ByteStream, parseAddress, writeAll } from "../../net/mod.ts";
import { type Frame, isFinal } from "../../dialects/lineup1/frame.ts";
import { Framer } from "../../dialects/lineup1/framer.ts";
import { formatLine } from "../../dialects/lineup1/line.ts";
import { inputPieces, withoutMark } from "../input.ts";
import { complain, print } from "../output.ts";
import { reason } from "../reason.ts";
import { remoteSpec } from "../remote_spec.ts";
import { painter } from "../style.ts";
import { readBodyFile } from "./files.ts";
import { showBytes } from "./reply.ts";
import { type BodyRules, type ScriptBytes, scriptInput } from "./script_input.ts";
import type { Tap } from "./terminal_connection.ts";

const OK = 0, ERR = 1, NO_CONNECTION = 2;
/** The most bytes of a body up to a mark for a server that does not describe itself. */
const MOST_UNKNOWN = 1 << 20;
const GREETING_MS = 10_000;
/** The time in which the server must close the connection after the last answer. */
const CLOSE_MS = 1000;

/** How a script is run. */
export interface ScriptOptions {
  /** Whether the input is sent as it stands, and the bytes are shown at a terminal. */
  readonly raw: boolean;
  /** Whether only ERR replies are printed. */
  readonly quiet: boolean;
  /** Whether each request waits for the answer to the one before, and the first ERR ends the script. */
  readonly stopOnError: boolean;
  readonly dial: Dial;
}

/**
 * Runs a script. Resolves with the exit code. Rejects with `AddressError`, `ConnectionLost`, `OutputClosed`, and an
 * `Error` for a mistake in the script, once the requests before it are answered.
 */
export async function runScript(address: string, options: ScriptOptions): Promise<number> {
  const place = parseAddress(address);
  let stream: ByteStream;
  try {
    stream = await options.dial(place, {});
  } catch (error) {
    throw new ConnectionLost(`cannot connect to ${address}: ${reason(error)}`, "no");
  }
  const script = new Script(stream, options);
  script.send(inputOf(address, options));
  try {
    return await script.receive(address);
  } finally {
    stream.close();
  }
}

/** Standard input as it goes over the wire. */
function inputOf(
  address: string,
  { raw, stopOnError, dial }: ScriptOptions,
): AsyncIterable<ScriptBytes> {
  const pieces = withoutMark(inputPieces());
  if (raw) return asItStands(pieces);
  const rules = () => bodyRules(address, dial);
  return scriptInput(pieces, { rules, readFile: readBodyFile, each: stopOnError });
}

async function* asItStands(
  pieces: AsyncIterable<Uint8Array>,
): AsyncGenerator<ScriptBytes, void, void> {
  for await (const bytes of pieces) yield { bytes, line: 0, text: "" };
}

/** Asks over another connection: the answer must not stand among those of the script. */
async function bodyRules(address: string, dial: Dial): Promise<BodyRules> {
  try {
    const { greeting: { maxBody }, compiled } = await remoteSpec(address, dial);
    return { protocol: compiled, maxBody };
  } catch (error) {
    if (error instanceof ConnectionLost) throw error;
    return { protocol: undefined, maxBody: MOST_UNKNOWN };
  }
}

const showRaw: Tap = (direction, bytes) => print(showBytes(direction, bytes, painter(false)));

const showReplies: Tap = (direction, bytes) => {
  if (direction === "<") print(bytes);
};

/** The requests and the answers of one run. */
class Script {
  readonly #stream: ByteStream;
  readonly #show: Tap;
  readonly #options: ScriptOptions;
  #requests = 0;
  #isSent = false;
  /** Why the input was not sent to its end. */
  #mistake: unknown;
  /** The number of answers; -1 before the greeting. */
  #answers = -1;
  /** The exit code of the last answer. */
  #status: number | undefined;
  /** Whether the last answer was that of QUIT. */
  #hasQuit = false;
  #isOver = false;
  #changed: () => void = () => {};
  #closing: ReturnType<typeof setTimeout> | undefined;

  constructor(stream: ByteStream, options: ScriptOptions) {
    this.#stream = stream;
    this.#options = options;
    this.#show = options.quiet
      ? () => {}
      : options.raw && Deno.stdout.isTerminal()
      ? showRaw
      : showReplies;
  }

  /** Sends the input, and counts the requests in it. Never rejects. */
  async send(input: AsyncIterable<ScriptBytes>): Promise<void> {
    try {
      await this.#send(input);
    } catch (error) {
      this.#mistake = error;
    }
    this.#isSent = true;
    this.#closeSoon();
    // A connection that is gone has ended `receive` as well.
    await this.#stream.closeWrite().catch(() => {});
  }

  async #send(input: AsyncIterable<ScriptBytes>): Promise<void> {
    const framer = new Framer("request", { maxLine: REPLY_LIMITS.maxLine, maxBody: 1 << 30 });
    for await (const { bytes, line, text } of input) {
      this.#show(">", bytes);
      framer.push(bytes);
      for (let framed; (framed = framer.next()) !== undefined;) {
        if (framed.kind !== "telnet") this.#requests++;
      }
      try {
        await writeAll(this.#stream, bytes);
      } catch {
        return this.#stream.close();
      }
      if (!this.#options.stopOnError) continue;
      while (this.#answers < this.#requests && !this.#isOver) {
        await new Promise<void>((resolve) => this.#changed = resolve);
      }
      if (this.#isOver) return;
      if (this.#status !== ERR) continue;
      return complain(`line ${line} failed, and nothing was sent after it: ${text.trim()}`);
    }
  }

  /** Shows replies until the end of the connection. Resolves with the exit code. Rejects with a mistake of the input. */
  async receive(address: string): Promise<number> {
    const replies = new ReplyStream();
    const { buffer } = replies;
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      this.#stream.close();
    }, GREETING_MS);
    try {
      for (let read; (read = await this.#stream.read(buffer).catch(() => null)) !== null;) {
        this.#show("<", buffer.subarray(0, read));
        replies.push(read, "maybe");
        const wrong = this.#take(replies);
        if (this.#answers >= 0) clearTimeout(timer);
        if (wrong !== undefined) {
          complain(wrong);
          return NO_CONNECTION;
        }
        this.#changed();
      }
    } finally {
      clearTimeout(timer);
      clearTimeout(this.#closing);
      this.#isOver = true;
      this.#changed();
    }
    if (this.#mistake !== undefined) throw this.#mistake;
    if (!isLate) return this.#exitCode();
    complain(`no greeting from ${address} in time`);
    return NO_CONNECTION;
  }

  /** Counts the final lines that have come. Returns what is wrong with one. */
  #take(replies: ReplyStream): unknown {
    try {
      for (let frame; (frame = replies.next()) !== undefined;) {
        const { head, words } = frame;
        if (!isFinal(frame)) continue;
        if (this.#answers < 0 && head === "OK") parseGreeting(frame);
        if (head === "ERR" && this.#options.quiet) printFailure(frame);
        this.#status = head === "OK" ? OK : ERR;
        this.#answers++;
        this.#hasQuit = words[0] === "bye";
        this.#closeSoon();
      }
    } catch (error) {
      return error;
    }
  }

  get #isAnswered(): boolean {
    return this.#isSent && this.#answers >= this.#requests;
  }

  /**
   * Once all requests are answered, closes the connection a little later. The server answers a last line without a line
   * feed only at the end of the input.
   */
  #closeSoon(): void {
    if (!this.#hasQuit && !this.#isAnswered) return;
    clearTimeout(this.#closing);
    this.#closing = setTimeout(() => this.#stream.close(), CLOSE_MS);
  }

  /** The exit code at the end of the connection. */
  #exitCode(): number {
    if (this.#status === ERR) return ERR;
    // Requests after QUIT have no answer, and neither has a request whose error ended the connection.
    if (this.#status !== undefined && (this.#isAnswered || this.#hasQuit)) return this.#status;
    const early = this.#status === undefined
      ? "without a greeting"
      : "before all requests were answered";
    complain(`the connection ended ${early}`);
    return NO_CONNECTION;
  }
}

function printFailure(frame: Frame): void {
  print(formatLine(frame, frame.body?.length) + "\n");
}
