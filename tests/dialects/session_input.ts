// A session of a dialect without a server: bytes in, what they make up out; and what it writes.

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

/** All that the input makes up, handed in as one chunk. */
export function decode(session: DialectSession, input: string | Uint8Array): Decoded[] {
  session.push(typeof input === "string" ? new TextEncoder().encode(input) : input);
  const all: Decoded[] = [];
  for (let decoded; (decoded = session.next()) !== undefined;) all.push(decoded);
  return all;
}

/** What a session writes, as text. */
export function written(write: (out: Sink) => void): string {
  let all = "";
  write({
    add(text, bytes) {
      all += text + (bytes === undefined ? "" : new TextDecoder().decode(bytes));
    },
  });
  return all;
}
