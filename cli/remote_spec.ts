// What a server says of itself, in the time there is.

import {
  ConnectionLost,
  type Dial,
  type Greeting,
  openSession,
  ProtocolError,
  Refusal,
  type Session,
} from "../client/mod.ts";
import { parseAddress } from "../net/mod.ts";
import { compile } from "../dialects/lineup1/compile.ts";
import type { CompiledProtocol } from "../protocol/compile.ts";
import { decodeText } from "../protocol/strings.ts";
import { reason } from "./reason.ts";

const TIMEOUT_MS = 10_000;
const MOST_SPEC = 1 << 20;

/** What a server says. */
export interface RemoteSpec {
  readonly greeting: Greeting;
  /** `undefined` where it was not asked for. */
  readonly compiled: CompiledProtocol | undefined;
}

/**
 * Asks a server for its greeting and, where `ask` says so, its SPEC. Throws `AddressError` and `ConnectionLost` (no
 * answer within `timeout` ms among them), `ProtocolError` or `Refusal`.
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
  // A session waits for what it has asked; without its stream it does not.
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
  const body = await new Promise<Uint8Array | undefined>((resolve, reject) =>
    session.send({ head: "SPEC", text: "" }, {
      item: () => true,
      final: (frame) => resolve(frame.body),
      failed: reject,
    })
  );
  return readSpec(body);
}

/** The protocol that a server's answer to SPEC describes, in 1 MiB at most. Throws `ProtocolError`. */
export function readSpec(body: Uint8Array = new Uint8Array(0)): CompiledProtocol {
  try {
    if (body.length > MOST_SPEC) throw new RangeError(`it has more than ${MOST_SPEC} bytes`);
    return compile(JSON.parse(decodeText(body)).protocol);
  } catch (error) {
    throw new ProtocolError(`the server's SPEC cannot be read: ${reason(error)}`, { cause: error });
  }
}

/** Why there is no connection; `undefined` for an error about something else. */
export function connectionFailure(error: unknown): string | undefined {
  const isOne = error instanceof ConnectionLost || error instanceof ProtocolError ||
    error instanceof Refusal;
  return isOne ? error.message : undefined;
}
