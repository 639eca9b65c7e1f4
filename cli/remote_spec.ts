// What a server says of itself.

import { ConnectionLost, ProtocolError, Refusal, type Session } from "../client/mod.ts";
import { compile, type CompiledProtocol } from "../protocol/compile.ts";
import { decodeText } from "../protocol/strings.ts";

/** Asks a server for its SPEC. Rejects with what the session does, `SyntaxError` and `SpecError`. */
export async function askSpec(session: Session): Promise<CompiledProtocol> {
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
