// A connection that breaks, or falls silent, at a byte that a seed chose.

import type { ByteStream } from "@lineup/lineup/client";

/** How a connection ends. */
export interface Fate {
  /** How many bytes its client reads, and writes, before. */
  readonly reads: number;
  readonly writes: number;
  /** Whether it then says nothing any more, instead of breaking. */
  readonly mute: boolean;
}

/** A connection with a fate. */
export function faulty(stream: ByteStream, fate: Fate): ByteStream {
  let { reads, writes } = fate;
  const closed = Promise.withResolvers<never>();
  // It is looked at by whoever reads a mute one.
  closed.promise.catch(() => {});
  const end = (): Promise<never> => {
    if (!fate.mute) {
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
