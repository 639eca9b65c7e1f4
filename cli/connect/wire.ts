// One connection of the terminal: lines out as they are typed, frames in.

import type { Dial } from "../../client/mod.ts";
import { wrongGreeting } from "../../client/greeting.ts";
import { Output, parseAddress } from "../../net/mod.ts";
import type { ByteStream } from "../../net/mod.ts";
import type { Frame } from "../../dialects/lineup1/frame.ts";
import { reason } from "../reason.ts";
import { Framer } from "../../dialects/lineup1/framer.ts";
import { encodeText } from "../../protocol/strings.ts";

/** Sees the bytes both ways. */
export type Tap = (direction: "<" | ">", bytes: Uint8Array) => void;

/** What a server said of itself. */
export interface Welcome {
  /** Its protocol and version, `queue/1.0`. */
  readonly protocol: string;
  /** Longest line it takes, in bytes. */
  readonly maxLine: number;
  /** Longest body it takes, in bytes. */
  readonly maxBody: number;
}

/** A connection that cannot be had, or that ended. */
export class WireError extends Error {
  override readonly name = "WireError";
}

const CONNECT_MS = 10_000;
const READ_SIZE = 65_536;

/** A connection whose server has greeted. */
export class Wire {
  /** What the server said of itself. */
  readonly welcome: Welcome;
  readonly #stream: ByteStream;
  readonly #framer: Framer;
  readonly #output: Output;
  readonly #tap: Tap;
  #rest: Uint8Array;
  #why: string | undefined = undefined;

  private constructor(
    stream: ByteStream,
    framer: Framer,
    welcome: Welcome,
    rest: Uint8Array,
    tap: Tap,
  ) {
    this.#stream = stream;
    this.#framer = framer;
    this.welcome = welcome;
    this.#rest = rest;
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
      stream = await dial(place, { signal: either });
    } catch (error) {
      const why = timeout.aborted ? "no answer in time" : reason(error);
      throw new WireError(`cannot connect to ${address}: ${why}`, { cause: error });
    }
    const onAbort = (): void => stream.close();
    either.addEventListener("abort", onAbort);
    if (either.aborted) onAbort();
    try {
      const framer = new Framer("reply", { maxLine: 65_536, maxBody: 1 << 26 });
      const { welcome, rest } = await readWelcome(stream, framer, tap);
      return new Wire(stream, framer, welcome, rest, tap);
    } catch (error) {
      stream.close();
      if (timeout.aborted) throw new WireError(`no greeting from ${address} in time`);
      if (error instanceof WireError) throw error;
      throw new WireError((error as Error).message, { cause: error });
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
    const buffer = new Uint8Array(READ_SIZE);
    let bytes = this.#rest;
    try {
      for (;;) {
        this.#framer.push(bytes);
        for (let framed; (framed = this.#framer.next()) !== undefined;) {
          if (framed.kind === "frame") onFrame(framed);
          else {
            const why = framed.kind === "malformed" ? framed.message : "telnet commands";
            return `the server does not speak Lineup/1: ${why}`;
          }
        }
        onPause();
        const read = await this.#stream.read(buffer);
        if (read === null) return "the server closed the connection";
        bytes = buffer.subarray(0, read);
        this.#tap("<", bytes);
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

async function readWelcome(
  stream: ByteStream,
  framer: Framer,
  tap: Tap,
): Promise<{ welcome: Welcome; rest: Uint8Array }> {
  const buffer = new Uint8Array(READ_SIZE);
  for (;;) {
    const read = await stream.read(buffer);
    if (read === null) throw new WireError("the server closed the connection");
    const bytes = buffer.slice(0, read);
    tap("<", bytes);
    // The framer must have taken all that it was given before more is pushed.
    const end = bytes.indexOf(0x0a) + 1 || read;
    framer.push(bytes.subarray(0, end));
    const framed = framer.next();
    if (framed === undefined) continue;
    if (framed.kind === "frame" && framed.head === "ERR") {
      throw new WireError(`the server refuses: ${framed.words.join(": ")}`);
    }
    const welcome = framed.kind === "frame" ? toWelcome(framed) : undefined;
    if (welcome === undefined) {
      const why = framed.kind === "frame"
        ? wrongGreeting(framed.head, framed.words[0])
        : "no greeting";
      throw new WireError(`the server does not speak Lineup/1: ${why}`);
    }
    return { welcome, rest: bytes.subarray(end) };
  }
}

function toWelcome({ head, words, options }: Frame): Welcome | undefined {
  const [wire, protocol] = words;
  if (head !== "OK" || wire !== "lineup/1" || !/^[a-z][a-z0-9-]*\/[0-9.]+$/.test(protocol ?? "")) {
    return undefined;
  }
  const limit = (name: string): number => {
    const value = Number(options.get(name));
    return value > 0 ? value : Infinity;
  };
  return { protocol, maxLine: limit("max-line"), maxBody: limit("max-body") };
}
