// What output.ts is for browsers, where a small file is worth more than what copies cost.

import type { Outlet } from "./output.ts";
import type { ByteStream } from "./stream.ts";

const HIGH_WATER = 65_536;
const STEPS = 4;

/** The writing half of a client's connection. All that is written goes at the end of its turn. */
export function createOutlet(stream: ByteStream, onError: (error: unknown) => void): Outlet {
  const encoder = new TextEncoder();
  let parts: Uint8Array[] = [];
  let size = 0;
  let writing: Promise<void> | undefined;

  function hold(part: Uint8Array): void {
    parts.push(part);
    size += part.length;
  }

  async function write(): Promise<void> {
    for (let i = 0; i < STEPS; i++) await null;
    try {
      while (size > 0) {
        let bytes = new Uint8Array(size);
        size = 0;
        for (const part of parts) {
          bytes.set(part, size);
          size += part.length;
        }
        parts = [];
        size = 0;
        while (bytes.length > 0) bytes = bytes.subarray(await stream.write(bytes));
      }
    } catch (error) {
      onError(error);
    }
    writing = undefined;
  }

  const flush = (): Promise<void> => writing ??= write();
  return {
    get full() {
      return size > HIGH_WATER;
    },
    add(text, body) {
      hold(encoder.encode(text));
      if (body) hold(body);
    },
    schedule: flush,
    flush,
    drained: flush,
    finish: flush,
  };
}
