// From an address to a session: connecting and the greeting, in the time there is.

import { type Address, formatAddress, parseAddress } from "../net/address.ts";
import { connectStream } from "../net/deno.ts";
import type { ByteStream } from "../net/stream.ts";
import { Refusal } from "../protocol/errors.ts";
import { ReplyReader } from "../protocol/reply_reader.ts";
import { systemClock } from "./clock.ts";
import { asError, ConnectionLost, ProtocolError } from "./errors.ts";
import { readGreeting } from "./greeting.ts";
import { Session, type SessionLimits } from "./session.ts";

const READ_SIZE = 65_536;
// For what `ready` asks, such as SPEC.
const FIRST_BODY = 1 << 20;

/** Opens a byte stream to an address, and gives up once the signal is aborted. Rejects where nobody answers. */
export type Dial = (address: Address, options: { signal?: AbortSignal }) => Promise<ByteStream>;

/** How to connect. */
export interface SessionOptions extends SessionLimits {
  /** Milliseconds for the connection and the greeting. Default 10000. */
  timeout?: number;
  /** Ends the attempt to connect. */
  signal?: AbortSignal;
  /** Where byte streams come from. Default: the sockets of this runtime. */
  dial?: Dial;
  /** Longest line of a reply, in bytes. Default 64 KiB. */
  maxLine?: number;
  /** Longest body of a reply, in bytes. Default 64 MiB. */
  maxBody?: number;
}

/**
 * Connects and reads the greeting. Throws `AddressError` for a wrong address, `RangeError` for a wrong heartbeat, `ConnectionLost` where nobody answers,
 * `ProtocolError` where the server speaks something else, `Refusal` where it refuses the connection, and the signal's
 * reason. `ready` may do more with the session in the same time.
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
 * assertEquals(session.greeting.name, "bare");
 * ```
 */
export async function openSession(
  address: string | Address | ByteStream,
  options: SessionOptions = {},
  ready?: (session: Session) => Promise<void>,
): Promise<Session> {
  const { signal, clock = systemClock, dial = connectStream, heartbeat = Infinity } = options;
  signal?.throwIfAborted();
  if (!(heartbeat >= 1)) {
    throw new RangeError(`heartbeat must be at least 1 ms, or Infinity, not ${heartbeat}`);
  }
  const place = typeof address === "string" ? parseAddress(address) : address;
  const isStream = "read" in place;
  const name = typeof address === "string" ? address : isStream ? place.peer : formatAddress(place);
  const giveUp = new AbortController();
  const onAbort = (): void => giveUp.abort(signal!.reason);
  signal?.addEventListener("abort", onAbort);
  let late = false;
  const stop = clock.after(options.timeout ?? 10_000, () => {
    late = true;
    giveUp.abort(new ConnectionLost("no answer in time", "no"));
  });
  let stream: ByteStream | undefined;
  const close = (): void => stream?.close();
  giveUp.signal.addEventListener("abort", close);
  try {
    stream = isStream ? place : await unlessAborted(dial(place, giveUp), giveUp.signal);
    giveUp.signal.throwIfAborted();
    const { maxLine = 65_536, maxBody = 1 << 26 } = options;
    const reader = new ReplyReader(maxLine, Math.min(maxBody, FIRST_BODY));
    const buffer = new Uint8Array(READ_SIZE);
    const greeting = await readGreeting(stream, reader, buffer);
    const session = new Session(stream, reader, buffer, greeting, options);
    await ready?.(session);
    reader.maxBody = maxBody;
    return session;
  } catch (error) {
    close();
    signal?.throwIfAborted();
    const known = error instanceof ConnectionLost || error instanceof ProtocolError ||
      error instanceof Refusal;
    if (known && !late) throw error;
    const what = stream === undefined ? "cannot connect to" : "no greeting from";
    const why = late ? " in time" : `: ${asError(error).message}`;
    throw new ConnectionLost(`${what} ${name}${why}`, "no", { cause: error });
  } finally {
    stop();
    giveUp.signal.removeEventListener("abort", close);
    signal?.removeEventListener("abort", onAbort);
  }
}

/** What `dialled` brings; a stream that comes too late is closed, whether or not the dial minds the signal. */
function unlessAborted(dialled: Promise<ByteStream>, signal: AbortSignal): Promise<ByteStream> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason);
    signal.addEventListener("abort", onAbort);
    dialled.then((stream) => {
      signal.removeEventListener("abort", onAbort);
      if (signal.aborted) stream.close();
      resolve(stream);
    }, reject);
  });
}
