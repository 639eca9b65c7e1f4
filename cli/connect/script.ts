// `lineup connect` without a terminal: it sends standard input as it is, and prints the replies.

import { ConnectionLost, type Dial } from "../../client/mod.ts";
import { parseGreeting } from "../../client/greeting.ts";
import { REPLY_LIMITS, ReplyStream } from "../../client/reply_stream.ts";
import { parseAddress, writeAll } from "../../net/mod.ts";
import type { ByteStream } from "../../net/mod.ts";
import { Framer } from "../../dialects/lineup1/framer.ts";
import { inputPieces, withoutMark } from "../input.ts";
import { complain, print } from "../output.ts";
import { reason } from "../reason.ts";
import { showBytes } from "./reply.ts";
import type { Tap } from "./terminal_connection.ts";
import { painter } from "../style.ts";

const OK = 0, ERR = 1, NO_CONNECTION = 2;
const GREETING_MS = 10_000;
/** The time in which the server must close the connection after the last answer. */
const CLOSE_MS = 1000;

/** Runs a script. Resolves with the exit code. Rejects with `AddressError`, `ConnectionLost` and `OutputClosed`. */
export async function runScript(
  address: string,
  { raw, dial }: { raw: boolean; dial: Dial },
): Promise<number> {
  const place = parseAddress(address);
  let stream: ByteStream;
  try {
    stream = await dial(place, {});
  } catch (error) {
    throw new ConnectionLost(`cannot connect to ${address}: ${reason(error)}`, "no");
  }
  const script = new Script(stream, raw && Deno.stdout.isTerminal() ? showRaw : showReplies);
  script.send().then(() => stream.closeWrite()).catch(() => stream.close());
  try {
    return await script.receive(address);
  } finally {
    stream.close();
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
  #requests = 0;
  #isSent = false;
  /** The number of answers; -1 before the greeting. */
  #answers = -1;
  /** The exit code of the last answer. */
  #status: number | undefined;
  /** Whether the last answer was that of QUIT. */
  #hasQuit = false;
  #closing: ReturnType<typeof setTimeout> | undefined;

  constructor(stream: ByteStream, show: Tap) {
    this.#stream = stream;
    this.#show = show;
  }

  /** Sends standard input, and counts the requests in it. */
  async send(): Promise<void> {
    const framer = new Framer("request", { maxLine: REPLY_LIMITS.maxLine, maxBody: 1 << 30 });
    for await (const bytes of withoutMark(inputPieces())) {
      this.#show(">", bytes);
      framer.push(bytes);
      for (let framed; (framed = framer.next()) !== undefined;) {
        if (framed.kind !== "telnet") this.#requests++;
      }
      await writeAll(this.#stream, bytes);
    }
    this.#isSent = true;
    this.#closeSoon();
  }

  /** Shows replies until the end of the connection. Resolves with the exit code. */
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
      }
    } finally {
      clearTimeout(timer);
      clearTimeout(this.#closing);
    }
    if (!isLate) return this.#exitCode();
    complain(`no greeting from ${address} in time`);
    return NO_CONNECTION;
  }

  /** Counts the final lines that have come. Returns what is wrong with one. */
  #take(replies: ReplyStream): unknown {
    try {
      for (let frame; (frame = replies.next()) !== undefined;) {
        const { head, words } = frame;
        if (head !== "OK" && head !== "ERR") continue;
        if (this.#answers < 0 && head === "OK") parseGreeting(frame);
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
