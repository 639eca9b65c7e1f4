// What a server says of itself, in the time there is.

import {
  ConnectionLost,
  type Greeting,
  openSession,
  ProtocolError,
  Refusal,
  type Session,
} from "../client/mod.ts";
import { connectStream, parseAddress } from "../net/mod.ts";
import { compile, type CompiledProtocol } from "../protocol/compile.ts";
import { decodeText } from "../protocol/strings.ts";

const TIMEOUT_MS = 10_000;

/** What a server says. */
export interface RemoteSpec {
  readonly greeting: Greeting;
  /** `undefined` where it was not asked for. */
  readonly compiled: CompiledProtocol | undefined;
}

/**
 * Asks a server for its greeting and, where `ask` says so, its SPEC. Throws `AddressError` and `ConnectionLost` (no
 * answer within `timeout` ms among them), `ProtocolError`, `Refusal`, `SyntaxError` or `SpecError`.
 */
export async function remoteSpec(
  address: string,
  { ask = true, timeout = TIMEOUT_MS }: { ask?: boolean; timeout?: number } = {},
): Promise<RemoteSpec> {
  const place = parseAddress(address);
  const lost = (why: string): ConnectionLost =>
    new ConnectionLost(`cannot connect to ${address}: ${why}`, "no");
  const late = AbortSignal.timeout(timeout);
  const stream = await connectStream(place, { signal: late }).catch((error) => {
    throw lost(late.aborted ? "no answer in time" : (error as Error).message);
  });
  // A session waits for what it has asked; without its stream it does not.
  const close = (): void => stream.close();
  late.addEventListener("abort", close);
  try {
    await using session = await openSession(stream, { timeout });
    return {
      greeting: session.greeting,
      compiled: ask ? await askSpec(session) : undefined,
    };
  } catch (error) {
    throw late.aborted ? lost(`no answer within ${timeout} ms`) : error;
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
  return compile(JSON.parse(decodeText(body ?? new Uint8Array(0))).protocol);
}

/** Why there is no connection; `undefined` for an error about something else. */
export function connectionFailure(error: unknown): string | undefined {
  const isOne = error instanceof ConnectionLost || error instanceof ProtocolError ||
    error instanceof Refusal;
  return isOne ? error.message : undefined;
}
