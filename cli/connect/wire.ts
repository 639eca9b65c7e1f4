// One connection of the terminal: lines out as they are typed, frames in.

import { type Dial, type Greeting, Refusal } from "../../client/mod.ts";
import { ReplyStream } from "../../client/reply_stream.ts";
import type { Frame } from "../../dialects/lineup1/frame.ts";
import { type ByteStream, Output, parseAddress } from "../../net/mod.ts";
import { encodeText } from "../../protocol/strings.ts";
import { reason } from "../reason.ts";

/** Sees the bytes both ways. */
export type Tap = (direction: "<" | ">", bytes: Uint8Array) => void;

/** A connection that cannot be had, or that ended. */
export class WireError extends Error {
  override readonly name = "WireError";
}

const CONNECT_MS = 10_000;

/** A connection whose server has greeted. */
export class Wire {
  readonly greeting: Greeting;
  readonly #stream: ByteStream;
  readonly #replies: ReplyStream;
  readonly #output: Output;
  readonly #tap: Tap;
  #why: string | undefined = undefined;

  private constructor(stream: ByteStream, replies: ReplyStream, greeting: Greeting, tap: Tap) {
    this.#stream = stream;
    this.#replies = replies;
    this.greeting = greeting;
    this.#tap = tap;
    this.#output = new Output(stream, () => {});
  }

  /** Connects and reads the greeting. Throws `WireError`, and `AddressError` for a wrong address. */
  static async open(address: string, dial: Dial, tap: Tap, signal: AbortSignal): Promise<Wire> {
    const place = parseAddress(address);
    const timeout = AbortSignal.timeout(CONNECT_MS);
    const either = AbortSignal.any([signal, timeout]);
    let stream: ByteStream;
    try {
      stream = tapped(await dial(place, { signal: either }), tap);
    } catch (error) {
      const why = timeout.aborted ? "no answer in time" : reason(error);
      throw new WireError(`cannot connect to ${address}: ${why}`, { cause: error });
    }
    const onAbort = (): void => stream.close();
    either.addEventListener("abort", onAbort);
    if (either.aborted) onAbort();
    try {
      const replies = new ReplyStream();
      return new Wire(stream, replies, await replies.readGreeting(stream), tap);
    } catch (cause) {
      stream.close();
      if (timeout.aborted) throw new WireError(`no greeting from ${address} in time`);
      throw new WireError(failure(cause as Error), { cause });
    } finally {
      either.removeEventListener("abort", onAbort);
    }
  }

  /** Sends a line, and a body whose length the line tells. */
  send(line: string, body?: Uint8Array): void {
    this.#tap(">", encodeText(line + "\n"));
    this.#output.add(line + "\n", body);
    if (body !== undefined) {
      this.#tap(">", body);
      this.#tap(">", encodeText("\n"));
      this.#output.add("\n");
    }
    this.#output.schedule();
  }

  /** Hands on what comes until the end, and `onPause` behind each piece of it. Resolves with why it ended. */
  async read(onFrame: (frame: Frame) => void, onPause: () => void): Promise<string> {
    const { buffer } = this.#replies;
    try {
      for (;;) {
        for (let frame; (frame = this.#replies.next()) !== undefined;) onFrame(frame);
        onPause();
        this.#replies.push(await this.#stream.read(buffer), "maybe");
      }
    } catch (error) {
      return this.#why ?? (error as Error).message;
    } finally {
      this.close();
    }
  }

  /** Ends it, for the reason that `read` resolves with. May be called again. */
  close(why?: string): void {
    this.#why ??= why;
    this.#stream.close();
  }
}

function failure(error: Error): string {
  if (!(error instanceof Refusal)) return error.message;
  return `the server refuses: ${[error.code, error.message].filter(Boolean).join(": ")}`;
}

/** The stream, with what is read from it shown to a tap. */
function tapped(stream: ByteStream, tap: Tap): ByteStream {
  return {
    peer: stream.peer,
    async read(buffer) {
      const read = await stream.read(buffer);
      if (read !== null) tap("<", buffer.slice(0, read));
      return read;
    },
    write: (bytes) => stream.write(bytes),
    closeWrite: () => stream.closeWrite(),
    close: () => stream.close(),
  };
}
