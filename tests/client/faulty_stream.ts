// A connection that breaks, or falls silent, behind a number of bytes.

import type { ByteStream } from "@lineup/lineup/client";

/** The end of a connection. */
export interface ConnectionFailure {
  /** The bytes that its client reads and writes before the end. */
  readonly reads: number;
  readonly writes: number;
  /** Whether the connection falls silent instead of breaking. */
  readonly mute: boolean;
}

/** A connection with such an end. */
export function faulty(stream: ByteStream, failure: ConnectionFailure): ByteStream {
  let { reads, writes } = failure;
  const closed = Promise.withResolvers<never>();
  // Only a call on a silent connection waits for it: without this, it would be an unhandled rejection.
  closed.promise.catch(() => {});
  const end = (): Promise<never> => {
    if (!failure.mute) {
      stream.close();
      closed.reject(new Error("connection reset"));
    }
    return closed.promise;
  };
  return {
    peer: stream.peer,
    async read(buffer) {
      if (reads <= 0) return end();
      const read = await stream.read(buffer.subarray(0, reads));
      reads -= read ?? 0;
      return read;
    },
    write(bytes) {
      if (writes <= 0) return end();
      const part = bytes.subarray(0, writes);
      writes -= part.length;
      return stream.write(part);
    },
    closeWrite: () => stream.closeWrite(),
    close() {
      stream.close();
      closed.reject(new Error("the connection is closed"));
    },
  };
}
