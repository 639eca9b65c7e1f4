// From an address to a session: connecting and the greeting, in the time there is.

import { type Address, parseAddress } from "../net/address.ts";
import { connectStream } from "../net/deno.ts";
import type { ByteStream } from "../net/stream.ts";
import { Framer } from "../protocol/framer.ts";
import { asError, ConnectionLost } from "./errors.ts";
import { readGreeting } from "./greeting.ts";
import { Session } from "./session.ts";

/** Opens a byte stream to an address, and gives up once the signal is aborted. Rejects where nobody answers. */
export type Dial = (address: Address, options: { signal?: AbortSignal }) => Promise<ByteStream>;

/** How to connect. */
export interface SessionOptions {
  /** Milliseconds for the connection and the greeting. Default 10000. */
  timeout?: number;
  /** Ends the attempt to connect. */
  signal?: AbortSignal;
  /** Requests in flight; more wait here, in order. Default 256, as many as a server takes by default. */
  maxInFlight?: number;
  /** Where byte streams come from. Default: the sockets of this runtime. */
  dial?: Dial;
  /** The client's name for the server's log. */
  agent?: string;
  /** Longest line of a reply, in bytes. Default 64 KiB. */
  maxLine?: number;
  /** Longest body of a reply, in bytes. Default 64 MiB. */
  maxBody?: number;
}

/**
 * Connects and reads the greeting. Throws `AddressError` for a wrong address, `ConnectionLost` where nobody answers,
 * `ProtocolError` where the server speaks something else, `Refusal` where it refuses the connection, and the signal's
 * reason.
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
  address: string | ByteStream,
  options: SessionOptions = {},
): Promise<Session> {
  options.signal?.throwIfAborted();
  const place = typeof address === "string" ? parseAddress(address) : undefined;
  const timeout = AbortSignal.timeout(options.timeout ?? 10_000);
  const signal = options.signal ? AbortSignal.any([options.signal, timeout]) : timeout;
  const name = typeof address === "string" ? address : address.peer;
  const dial = options.dial ?? connectStream;
  let stream: ByteStream;
  try {
    stream = place === undefined ? address as ByteStream : await dial(place, { signal });
  } catch (error) {
    options.signal?.throwIfAborted();
    const why = timeout.aborted ? "no answer in time" : asError(error).message;
    throw new ConnectionLost(`cannot connect to ${name}: ${why}`, "no", { cause: error });
  }
  const onAbort = (): void => stream.close();
  signal.addEventListener("abort", onAbort);
  try {
    const framer = new Framer("reply", {
      maxLine: options.maxLine ?? 65_536,
      maxBody: options.maxBody ?? 1 << 26,
    });
    const { greeting, rest } = await readGreeting(stream, framer);
    return new Session(stream, framer, greeting, options, rest);
  } catch (error) {
    stream.close();
    options.signal?.throwIfAborted();
    if (timeout.aborted) {
      throw new ConnectionLost(`no greeting from ${name} in time`, "no", { cause: error });
    }
    throw error;
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
