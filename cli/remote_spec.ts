// A server's description of itself: its greeting and its SPEC, within a time limit.

import {
  ConnectionLost,
  type Dial,
  type Greeting,
  openSession,
  ProtocolError,
  Refusal,
  type Session,
} from "../client/mod.ts";
import { request } from "../client/request.ts";
import { parseAddress } from "../net/mod.ts";
import { compile } from "../dialects/lineup1/compile.ts";
import type { CompiledProtocol } from "../protocol/compile.ts";
import { knownMembers } from "../protocol/members.ts";
import type { Protocol } from "../protocol/spec.ts";
import { decodeText } from "../protocol/strings.ts";
import { reason } from "./reason.ts";

const TIMEOUT_MS = 10_000;
const MOST_SPEC = 1 << 20;

/** A server's description of itself. */
export interface RemoteSpec {
  readonly greeting: Greeting;
  /** Its SPEC; `undefined` if it was not asked for. */
  readonly compiled: CompiledProtocol | undefined;
}

/**
 * Connects, reads the greeting and, with `ask`, the SPEC. Rejects with `AddressError`, `ConnectionLost` (also without an
 * answer within `timeout` ms), `ProtocolError` or `Refusal`.
 */
export async function remoteSpec(
  address: string,
  dial: Dial,
  { ask = true, timeout = TIMEOUT_MS }: { ask?: boolean; timeout?: number } = {},
): Promise<RemoteSpec> {
  const place = parseAddress(address);
  const lost = (why: string): ConnectionLost => new ConnectionLost(why, "no");
  const late = AbortSignal.timeout(timeout);
  const stream = await dial(place, { signal: late }).catch((error) => {
    const why = late.aborted ? "no answer in time" : reason(error);
    throw lost(`cannot connect to ${address}: ${why}`);
  });
  let greeted = false;
  // A session that closes waits for its answers. Closing the stream ends that wait.
  const close = (): void => stream.close();
  late.addEventListener("abort", close);
  try {
    await using session = await openSession(stream, { timeout });
    greeted = true;
    return {
      greeting: session.greeting,
      compiled: ask ? await askSpec(session) : undefined,
    };
  } catch (error) {
    if (!late.aborted) throw error;
    throw lost(`no ${greeted ? "answer to SPEC" : "greeting"} from ${address} in time`);
  } finally {
    late.removeEventListener("abort", close);
    stream.close();
  }
}

async function askSpec(session: Session): Promise<CompiledProtocol> {
  const { body } = await request(session, { head: "SPEC", text: "" });
  return readSpec(body);
}

/** The protocol that an answer to SPEC describes. It may have 1 MiB. Throws `ProtocolError`. */
export function readSpec(body: Uint8Array = new Uint8Array(0)): CompiledProtocol {
  try {
    if (body.length > MOST_SPEC) throw new RangeError(`it has more than ${MOST_SPEC} bytes`);
    const { protocol } = JSON.parse(decodeText(body));
    // `compile` checks it.
    return compile(knownMembers(protocol) as Protocol);
  } catch (error) {
    throw new ProtocolError(`the server's SPEC cannot be read: ${reason(error)}`, { cause: error });
  }
}

/** The reason of an error about the connection; `undefined` for another error. */
export function connectionFailure(error: unknown): string | undefined {
  const isOne = error instanceof ConnectionLost || error instanceof ProtocolError ||
    error instanceof Refusal;
  return isOne ? error.message : undefined;
}
