// Between a source that pushes and a reader that pulls: what came and is not read yet.

import { Condition } from "./condition.ts";
import { StreamError } from "./stream_error.ts";

/** Above this many bytes a source should pause. */
export const HIGH_WATER = 65_536;
/** Chunks up to this length are copied together: each by itself takes 200 bytes and more, whatever it holds. */
const SMALL = 1024;
/** How long the arrays are to which they are copied. */
const LEAST = 256, MOST = 16_384;

/** The reading half of a stream whose bytes come as events. */
export interface ReceiveBuffer {
  /** Bytes that came and are not read yet. */
  readonly held: number;
  /** Bytes came; they must stay as they are. */
  push(bytes: Uint8Array): void;
  /** Nothing more comes, because something went wrong where there is an error; what is here may still be read. */
  end(error?: Error): void;
  /** Forgets what is here; reads are rejected, also one that waits. */
  close(): void;
  /** As `ByteStream.read`. */
  read(buffer: Uint8Array): Promise<number | null>;
}

/** An inbox; `pause` is called where more than `most` bytes wait to be read, `resume` once half of them are. */
export function createReceiveBuffer(
  most: number,
  pause: () => void,
  resume: () => void = () => {},
): ReceiveBuffer {
  let chunks: Uint8Array[] = [];
  /** Small chunks, the last of `chunks` where there are any, and how many bytes of them. */
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
      // As large as what came before it: what comes seldom takes little.
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
      // All at once: to shift the array for each chunk would be quadratic where many small ones wait.
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
