// One connection of the terminal: it sends lines as they are typed, and receives frames.

import { type Dial, type Greeting, Refusal } from "../../client/mod.ts";
import { ReplyStream } from "../../client/reply_stream.ts";
import type { Frame } from "../../dialects/lineup1/frame.ts";
import { type ByteStream, Output, parseAddress } from "../../net/mod.ts";
import { encodeText } from "../../protocol/strings.ts";
import { reason } from "../reason.ts";

/** Sees all bytes, sent (`>`) and received (`<`). */
export type Tap = (direction: "<" | ">", bytes: Uint8Array) => void;

/** A connection that could not be made. */
export class TerminalConnectionError extends Error {
  override readonly name = "WireError";
}

const CONNECT_MS = 10_000;

/** A connection whose server has greeted. */
export class TerminalConnection {
  readonly greeting: Greeting;
  readonly #stream: ByteStream;
  readonly #replies: ReplyStream;
  readonly #output: Output;
  readonly #tap: Tap;
  #reason: string | undefined = undefined;

  private constructor(stream: ByteStream, replies: ReplyStream, greeting: Greeting, tap: Tap) {
    this.#stream = stream;
    this.#replies = replies;
    this.greeting = greeting;
    this.#tap = tap;
    this.#output = new Output(stream, () => {});
  }

  /** Connects and reads the greeting. Rejects with `TerminalConnectionError`, or `AddressError` for a wrong address. */
  static async open(
    address: string,
    dial: Dial,
    tap: Tap,
    signal: AbortSignal,
  ): Promise<TerminalConnection> {
    const place = parseAddress(address);
    const timeout = AbortSignal.timeout(CONNECT_MS);
    const either = AbortSignal.any([signal, timeout]);
    let stream: ByteStream;
    try {
      stream = tapped(await dial(place, { signal: either }), tap);
    } catch (error) {
      const why = timeout.aborted ? "no answer in time" : reason(error);
      throw new TerminalConnectionError(`cannot connect to ${address}: ${why}`, { cause: error });
    }
    const onAbort = (): void => stream.close();
    either.addEventListener("abort", onAbort);
    if (either.aborted) onAbort();
    try {
      const replies = new ReplyStream();
      return new TerminalConnection(stream, replies, await replies.readGreeting(stream), tap);
    } catch (cause) {
      stream.close();
      if (timeout.aborted) throw new TerminalConnectionError(`no greeting from ${address} in time`);
      throw new TerminalConnectionError(failure(cause as Error), { cause });
    } finally {
      either.removeEventListener("abort", onAbort);
    }
  }

  /** Sends a line, and a body whose length is in the line. */
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

  /** Calls `onFrame` for each frame, and `onPause` after the frames of each read. Resolves at the end with its reason. */
  async read(onFrame: (frame: Frame) => void, onPause: () => void): Promise<string> {
    const { buffer } = this.#replies;
    try {
      for (;;) {
        for (let frame; (frame = this.#replies.next()) !== undefined;) onFrame(frame);
        onPause();
        this.#replies.push(await this.#stream.read(buffer), "maybe");
      }
    } catch (error) {
      return this.#reason ?? (error as Error).message;
    } finally {
      this.close();
    }
  }

  /** Closes the connection. `read` resolves with the first reason. May be called again. */
  close(reason?: string): void {
    this.#reason ??= reason;
    this.#stream.close();
  }
}

function failure(error: Error): string {
  if (!(error instanceof Refusal)) return error.message;
  return `the server refuses: ${[error.code, error.message].filter(Boolean).join(": ")}`;
}

/** The stream, but a tap sees the bytes that are read. */
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
