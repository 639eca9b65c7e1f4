// A session of a dialect without a server: decodes bytes, and collects the text that it writes.

import {
  type Decoded,
  DEFAULT_LIMITS,
  type Dialect,
  type DialectSession,
  type Sink,
} from "@lineup/lineup/dialects";
import type { Protocol } from "@lineup/lineup/protocol";

/** Opens a session of a served protocol. */
export function openSession(dialect: Dialect, protocol: Protocol): DialectSession {
  return dialect.open("memory", { compiled: dialect.compile(protocol), limits: DEFAULT_LIMITS });
}

/** All decoded parts of an input that comes as one chunk. */
export function decode(session: DialectSession, input: string | Uint8Array): Decoded[] {
  session.push(typeof input === "string" ? new TextEncoder().encode(input) : input);
  const all: Decoded[] = [];
  for (let decoded; (decoded = session.next()) !== undefined;) all.push(decoded);
  return all;
}

/** The text that a session writes. */
export function written(write: (out: Sink) => void): string {
  let all = "";
  write({
    add(text, bytes) {
      all += text + (bytes === undefined ? "" : new TextDecoder().decode(bytes));
    },
  });
  return all;
}
