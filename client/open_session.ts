// From an address to a session: connecting and the greeting, in the time there is.

import type { Address } from "../net/address.ts";
import type { ClientTls } from "../net/dial_options.ts";
import type { ByteStream } from "../net/stream.ts";
import { VERSION } from "../dialects/lineup1/version.ts";
import { systemClock } from "../net/clock.ts";
import { Refusal } from "../protocol/errors.ts";
import type { Clock } from "../scheduling/clock.ts";
import { formatWord } from "../protocol/quoting.ts";
import { ConnectionLost, isKnown } from "./errors.ts";
import { nameOf } from "./endpoints.ts";
import type { Greeting } from "./greeting.ts";
import { onAbort } from "../net/on_abort.ts";
import type { Dial, Platform } from "./platform/platform.ts";
import { REPLY_LIMITS, ReplyStream } from "./reply_stream.ts";
import type { Session, SessionLimits } from "./session.ts";
import { createSession } from "./tagged_session.ts";

/** Longest body until `ready` is done, such as that of SPEC. */
const FIRST_BODY = 1 << 20;

/** The time in ms for a greeting, before the server is asked for any sign. */
const PROBE_MS = 1000;
const BLANK_LINE = Uint8Array.of(0x0a);

/** A token, or a function that gives it: tokens change, and a file may have the new one. */
export type TokenSource = string | (() => string | Promise<string>);

/** How to connect. */
export interface SessionOptions extends SessionLimits {
  /** Milliseconds for the connection and the greeting. Default 10000. */
  timeout?: number;
  /** Ends the attempt to connect. */
  signal?: AbortSignal;
  /**
   * For `tls://` and `wss://`: certificates to trust besides those of the platform, and the client's own certificate and
   * key, as PEM text. Not in browsers, which have their own.
   */
  tls?: ClientTls;
  /** Where byte streams come from. Default: the sockets of this runtime. */
  dial?: Dial;
  /**
   * The token of an identity, or a function that gives it for each connection. It is sent at the start of a connection, by
   * AUTH, and only to a server that asks for one (`auth=` of its greeting). Default: none.
   */
  token?: TokenSource;
  /** Longest line of a reply, in bytes. Default 64 KiB. */
  maxLine?: number;
  /** Longest body of a reply, in bytes. Default 64 MiB. */
  maxBody?: number;
}

/** Makes sessions. */
export interface OpenSession {
  /**
   * Connects and reads the greeting. Throws `AddressError` for a wrong address, `RangeError` for a wrong heartbeat,
   * `ConnectionLost` where no server answers, `ProtocolError` where the server speaks something else, `Refusal` where it
   * refuses the connection, and the signal's reason. `ready` may do more with the session in the same time.
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
  (
    address: string | Address | ByteStream,
    options?: SessionOptions,
    ready?: (session: Session) => Promise<void>,
  ): Promise<Session>;
}

/** `openSession` with the sockets of a platform. */
export function openSessionOn(platform: Platform): OpenSession {
  return (address, options, ready) => openSessionAt(platform, address, options, ready);
}

/** As `OpenSession`, with the sockets of a platform. */
export async function openSessionAt(
  platform: Platform,
  address: string | Address | ByteStream,
  options: SessionOptions = {},
  ready?: (session: Session) => Promise<void>,
): Promise<Session> {
  const {
    signal,
    clock = systemClock,
    dial = platform.dial,
    heartbeat = Infinity,
    timeout = 10_000,
    token,
    maxLine = REPLY_LIMITS.maxLine,
    maxBody = REPLY_LIMITS.maxBody,
  } = options;
  signal?.throwIfAborted();
  if (!(heartbeat >= 1)) {
    throw new RangeError(`heartbeat must be at least 1, not ${heartbeat}`);
  }
  const place = typeof address === "string" ? platform.parseAddress(address) : address;
  const isStream = "read" in place;
  const name = typeof address === "string" ? address : nameOf(place);
  const giveUp = new AbortController();
  let stream: ByteStream | undefined;

  const open = async (): Promise<Session> => {
    stream = isStream
      ? place
      : await dial(place, { signal: giveUp.signal, alpn: VERSION, tls: options.tls });
    // It is closed below, unless it came too late for that.
    if (giveUp.signal.aborted) stream.close();
    const replies = new ReplyStream({ maxLine, maxBody: Math.min(maxBody, FIRST_BODY) });
    const isPlain = !isStream && place.transport === "tcp";
    const stopProbe = isPlain ? probeLater(stream, clock) : undefined;
    let greeting: Greeting;
    try {
      greeting = await replies.readGreeting(stream);
    } catch (error) {
      throw error instanceof Refusal ? refusedBy(name, error) : error;
    } finally {
      stopProbe?.();
    }
    const session = createSession(stream, replies, greeting, options);
    if (token !== undefined && greeting.auth !== "none") await authenticate(session, name, token);
    await ready?.(session);
    replies.reader.maxBody = maxBody;
    return session;
  };

  const stop = clock.after(timeout, () => giveUp.abort(new Error("no greeting in time")));
  const unlisten = onAbort(signal, () => giveUp.abort(signal!.reason));
  try {
    const aborted = new Promise<never>((_, reject) =>
      onAbort(giveUp.signal, () => reject(giveUp.signal.reason))
    );
    return await Promise.race([open(), aborted]);
  } catch (cause) {
    stream?.close();
    signal?.throwIfAborted();
    if (isKnown(cause)) throw cause;
    throw new ConnectionLost(`cannot connect to ${name}: ${(cause as Error).message}`, "no", {
      cause,
    });
  } finally {
    stop();
    unlisten();
  }
}

/**
 * Sends a blank line to a server that has not greeted for a while. A server of TLS says nothing before its client does, and
 * answers this with an alert; one of Lineup/1 skips it. The function returned ends the wait.
 */
function probeLater(stream: ByteStream, clock: Pick<Clock, "after">): () => void {
  return clock.after(PROBE_MS, () => {
    // The reader is told of a stream that is broken.
    stream.write(BLANK_LINE).catch(() => {});
  });
}

/** Proves an identity. Throws the `Refusal` of the server, with its address. */
async function authenticate(session: Session, name: string, token: TokenSource): Promise<void> {
  const text = ` ${formatWord(typeof token === "function" ? await token() : token)}`;
  await new Promise<void>((resolve, reject) => {
    session.send({ head: "AUTH", text }, {
      item: () => true,
      final: () => resolve(),
      failed: (error) =>
        reject(error instanceof Refusal ? refusedBy(name, error, "refused the token") : error),
    });
  });
}

/** The refusal of a connection. It names the server and the code, because nobody sent a request that it could be about. */
function refusedBy(name: string, refusal: Refusal, did = "refused the connection"): Refusal {
  const { code, message } = refusal;
  const text = `${name} ${did} (${code}): ${message}`;
  return new (refusal.constructor as typeof Refusal)(code, text, { ...refusal, cause: refusal });
}
