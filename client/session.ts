// One connection as a client sees it: requests go out with tags, and answers find their way back by these.

import type { Frame } from "../dialects/lineup1/frame.ts";
import type { Clock } from "../scheduling/clock.ts";
import type { Greeting } from "./greeting.ts";

/** A request in words: `head` is the verb, `text` the rest of the line as `writeParts` makes it. */
export interface Outgoing {
  /** The verb. */
  readonly head: string;
  /** Words and options, quoted, each with a space before it. */
  readonly text: string;
  /** The counted body. */
  readonly body?: Uint8Array | undefined;
}

/** Takes the answer to a request. Exactly one of `final` and `failed` is called, once. */
export interface FrameReceiver {
  /** An item came. Answers false where no more should be read for now, until `resume`. */
  item(frame: Frame): boolean;
  /** The `OK` line came. */
  final(frame: Frame): void;
  /** An `ERR` line came, or nothing can come any more. */
  failed(error: Error): void;
}

/** How much a session holds, and its time. */
export interface SessionLimits {
  /** Requests in flight; more wait here, in order. Default 256, and two fewer than the server takes at most. */
  maxInFlight?: number;
  /** Requests that wait to be sent, and at most 64 MiB of them; more are refused with `Throttled`. Default 10000. */
  maxWaiting?: number;
  /**
   * For how many milliseconds nothing may come while an answer is owed, before the server is asked for a sign of life
   * (PING). Where nothing comes for as long again the connection is cut. The server is told, by HELLO, so that it gives
   * the client up where it vanishes, and gets a sign of life where nothing else is sent. `Infinity` for never. Default
   * 60000.
   */
  heartbeat?: number;
  /** The time. Default: that of the machine. */
  clock?: Clock;
}

/** A request that was handed to a session. */
export interface Sent {
  /** Its tag; empty until it is written. */
  readonly tag: string;
  /** Asks the server to stop it and forgets its answer. */
  cancel(): void;
  /** Asks the server to stop it, and goes on reading its answer. False where nothing can come any more. */
  stop(): boolean;
  /** Forgets its answer without a word to the server, which knows its deadline. False where nothing can come any more. */
  forget(): boolean;
  /** Goes on reading after an item was answered with false. */
  resume(): void;
}

/**
 * A connection to a server: lines out, lines in, whatever they mean. Get one from `openSession`; `connect` puts calls,
 * several connections and retries on top of it.
 *
 * @example
 * ```ts
 * import { openSession } from "@lineup/lineup/client";
 * import { serve } from "@lineup/lineup/server";
 * import { assertEquals } from "@std/assert";
 *
 * const bare = { name: "bare", version: "1.0", summary: "Nothing of its own.", commands: {} } as const;
 * await using server = await serve(bare, {}, { port: 0 });
 * await using session = await openSession(server.address);
 *
 * const words = await new Promise((resolve, reject) => {
 *   session.send({ head: "PING", text: " hello" }, {
 *     item: () => true,
 *     final: (frame) => resolve(frame.words),
 *     failed: reject,
 *   });
 * });
 * assertEquals(words, ["hello"]);
 * ```
 */
export interface Session extends AsyncDisposable {
  /** The greeting of the server. */
  readonly greeting: Greeting;
  /** Resolves once the connection has ended, whatever led to it. */
  readonly closed: Promise<void>;
  /** Resolves once no more requests can be sent: it is being closed, has ended, or the server shuts down. */
  readonly left: Promise<void>;
  /** Whether requests can still be sent. */
  readonly open: boolean;
  /** Requests that wait or are in flight. */
  readonly load: number;
  /** The error that ended the connection; `undefined` while it lasts. */
  readonly error: Error | undefined;
  /**
   * Sends a request, with the next turn's write, or once fewer than `maxInFlight` are in flight and the server reads.
   * Throws `ConnectionLost` after the end, `Throttled` where too many wait, `Refusal` for a request that is
   * too long for the server.
   */
  send(outgoing: Outgoing, exchange: FrameReceiver): Sent;
  /**
   * Tells the server, once, the heartbeat, and that the client is gone when its side ends. A session does so itself after
   * a second. A server of an earlier version refuses it, which changes nothing.
   */
  introduce(): void;
  /** Ends the connection at once: requests in flight fail with `ConnectionLost`. */
  cut(): void;
  /**
   * Waits for the answers to requests in flight, then closes; cuts after `within` milliseconds (default 10000). May be
   * called again.
   */
  close(within?: number): Promise<void>;
}
