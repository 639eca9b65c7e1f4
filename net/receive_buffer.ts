// A buffer between a source that pushes bytes and a reader that pulls them.

import { Condition } from "./condition.ts";
import { StreamError } from "./stream_error.ts";

/** The number of unread bytes above which a source should pause. */
export const HIGH_WATER = 65_536;
/** Chunks up to this length are copied into one array: each array of its own costs 200 bytes or more. */
const SMALL = 1024;
/** The shortest and the longest array for small chunks. */
const LEAST = 256, MOST = 16_384;

/** The reading half of a stream whose bytes come as events. */
export interface ReceiveBuffer {
  /** The number of bytes that are not read yet. */
  readonly held: number;
  /** Adds bytes. The caller must not change them afterwards. */
  push(bytes: Uint8Array): void;
  /** Ends the source, with an error where it failed. The bytes that are here may still be read. */
  end(error?: Error): void;
  /** Drops the bytes that are here. Reads reject, also one that waits. */
  close(): void;
  /** As `ByteStream.read`. */
  read(buffer: Uint8Array): Promise<number | null>;
}

/**
 * An empty buffer. Calls `pause` when more than `most` bytes are unread, and `resume` when at most half of `most`
 * are.
 */
export function createReceiveBuffer(
  most: number,
  pause: () => void,
  resume: () => void = () => {},
): ReceiveBuffer {
  let chunks: Uint8Array[] = [];
  /** The array of small chunks, part of which is the last of `chunks`, and the number of bytes in it. */
  let gathered: Uint8Array | undefined;
  let filled = 0;
  let held = 0;
  let paused = false;
  let ended: { error?: Error } | undefined;
  const change = new Condition();

  const gather = (bytes: Uint8Array): void => {
    const last = chunks.length - 1;
    if (gathered !== undefined && last >= 0 && filled + bytes.length <= gathered.length) {
      gathered.set(bytes, filled);
      const { buffer, byteOffset } = chunks[last];
      chunks[last] = new Uint8Array(buffer, byteOffset, chunks[last].length + bytes.length);
    } else {
      // Each array is twice as long as the one before: a source that sends little keeps a small array.
      const size = Math.max(LEAST, 2 * bytes.length, 2 * (gathered?.length ?? 0));
      gathered = new Uint8Array(Math.min(size, MOST));
      gathered.set(bytes);
      filled = 0;
      chunks.push(gathered.subarray(0, bytes.length));
    }
    filled += bytes.length;
  };

  const end = (error?: Error): void => {
    ended ??= { error };
    change.broadcast();
  };

  return {
    get held() {
      return held;
    },
    push(bytes) {
      if (ended !== undefined || bytes.length === 0) return;
      if (bytes.length > SMALL) {
        chunks.push(bytes);
        gathered = undefined;
      } else gather(bytes);
      held += bytes.length;
      if (held > most && !paused) {
        paused = true;
        pause();
      }
      change.broadcast();
    },
    end,
    close() {
      chunks = [];
      gathered = undefined;
      held = 0;
      ended = undefined;
      end(new StreamError("ConnectionAborted", "the connection is closed"));
    },
    async read(buffer) {
      while (held === 0) {
        if (ended?.error !== undefined) throw ended.error;
        if (ended !== undefined) return null;
        await change.changed();
      }
      let read = 0;
      let taken = 0;
      while (read < buffer.length && taken < chunks.length) {
        const chunk = chunks[taken];
        const part = chunk.subarray(0, buffer.length - read);
        buffer.set(part, read);
        read += part.length;
        if (part.length < chunk.length) chunks[taken] = chunk.subarray(part.length);
        else taken++;
      }
      // One splice for all: a shift for each chunk would be quadratic where many small chunks wait.
      chunks.splice(0, taken);
      if (chunks.length === 0) gathered = undefined;
      held -= read;
      if (paused && held <= most / 2) {
        paused = false;
        resume();
      }
      return read;
    },
  };
}
