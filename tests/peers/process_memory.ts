// The memory of a running process, as a core of it would hold it.

import { Buffer } from "node:buffer";

const PAGE = 4096;
/** The bit of a page that is in memory, in /proc/PID/pagemap. */
const PRESENT = 1n << 63n;
const ENTRY = 8;
/** The entries that are read at once. */
const MOST_ENTRIES = 1 << 16;

/** The runs of bytes in memory, with those of the program itself left out, which hold nothing of its clients. */
function* residentParts(pid: number): Generator<Uint8Array> {
  using memory = Deno.openSync(`/proc/${pid}/mem`);
  using pagemap = Deno.openSync(`/proc/${pid}/pagemap`);
  for (const region of Deno.readTextFileSync(`/proc/${pid}/maps`).split("\n")) {
    const [, from, to] = /^([0-9a-f]+)-([0-9a-f]+) rw/.exec(region) ?? [];
    if (to === undefined) continue;
    yield* presentRuns(memory, pagemap, parseInt(from, 16) / PAGE, parseInt(to, 16) / PAGE);
  }
}

function* presentRuns(
  memory: Deno.FsFile,
  pagemap: Deno.FsFile,
  first: number,
  end: number,
): Generator<Uint8Array> {
  for (let at = first; at < end; at += MOST_ENTRIES) {
    const bytes = new Uint8Array(ENTRY * Math.min(MOST_ENTRIES, end - at));
    pagemap.seekSync(at * ENTRY, Deno.SeekMode.Start);
    const count = Math.floor((pagemap.readSync(bytes) ?? 0) / ENTRY);
    const entries = new BigUint64Array(bytes.buffer, 0, count);
    for (let i = 0; i < count;) {
      const start = i;
      while (i < count && (entries[i] & PRESENT) !== 0n) i++;
      if (i > start) yield readAt(memory, (at + start) * PAGE, (i - start) * PAGE);
      else i++;
    }
  }
}

function readAt(memory: Deno.FsFile, address: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  memory.seekSync(address, Deno.SeekMode.Start);
  let read = 0;
  while (read < length) {
    const count = memory.readSync(bytes.subarray(read));
    if (!count) break;
    read += count;
  }
  return bytes.subarray(0, read);
}

/** The number of times that a process has a text in its memory, one or two bytes a character. */
export function copiesInMemory(pid: number, text: string): number {
  const narrow = new TextEncoder().encode(text);
  const wide = new Uint8Array(2 * narrow.length);
  narrow.forEach((byte, i) => wide[2 * i] = byte);
  let count = 0;
  for (const part of residentParts(pid)) {
    const bytes = Buffer.from(part.buffer, part.byteOffset, part.length);
    for (const form of [narrow, wide]) {
      for (let at = -1; (at = bytes.indexOf(form, at + 1)) >= 0;) count++;
    }
  }
  return count;
}
