// deno-lint-ignore-file no-control-regex
// The lines of earlier runs, in a file that only its owner may read.

import { closeSync, fchmodSync, fstatSync, readSync } from "node:fs";
import { dirname } from "node:path";
import { reason } from "../reason.ts";
import { append, newFile, openOwn } from "../private_file.ts";

/** The most lines that are kept. */
const MOST = 1000;
/** Each line is appended, so that terminals that run at the same time keep all their lines. A file that is too long is rewritten. */
const REWRITE = 2 * MOST;
const LONGEST_LINE = 8192;
const MOST_BYTES = 4 << 20;

/** Whether a line is kept. A line that begins with a space or holds a secret is not. */
export function isKept(line: string): boolean {
  return line.trim() !== "" && !/^\s/.test(line) && !/^!?\s*(?:#\S+\s+)?AUTH(?:\s|$)/i.test(line) &&
    line.length <= LONGEST_LINE;
}

/** The lines that were entered, at most 1,000, oldest first. */
export class History {
  readonly #path: string | undefined;
  #lines: string[] = [];
  #onTrouble: (reason: string) => void;

  /** Reads the file. Without a path no lines are kept. `onTrouble` gets the first failure of the file. */
  constructor(path?: string, onTrouble: (reason: string) => void = () => {}) {
    this.#path = path;
    this.#onTrouble = onTrouble;
    this.#attempt((path) => this.#read(path));
  }

  /** The lines. */
  get lines(): readonly string[] {
    return this.#lines;
  }

  /** Adds a line, unless it is the same as the last one or must not be kept. */
  add(line: string): void {
    if (!isKept(line) || line === this.#lines.at(-1)) return;
    this.#lines.push(line);
    if (this.#lines.length > MOST) this.#lines.shift();
    this.#attempt((path) => append(path, line + "\n"));
  }

  #attempt(act: (path: string) => void): void {
    if (this.#path === undefined) return;
    try {
      act(this.#path);
    } catch (error) {
      const tell = this.#onTrouble;
      this.#onTrouble = () => {};
      tell(`history is not kept: ${reason(error)}`);
    }
  }

  #read(path: string): void {
    Deno.mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    const file = openOwn(path);
    let size: number;
    let bytes: Uint8Array;
    let read = 0;
    try {
      const found = fstatSync(file);
      size = found.size;
      if ((found.mode & 0o077) !== 0) fchmodSync(file, 0o600);
      bytes = new Uint8Array(Math.min(size, MOST_BYTES));
      while (read < bytes.length) {
        const at = size - bytes.length + read;
        const count = readSync(file, bytes, read, bytes.length - read, at);
        if (count === 0) break;
        read += count;
      }
    } finally {
      closeSync(file);
    }
    const all = new TextDecoder().decode(bytes.subarray(0, read)).split("\n").slice(0, -1);
    if (size > bytes.length) all.shift();
    this.#lines = all.filter((line) => isKept(line) && !/[\x00-\x1f\x7f-\x9f]/.test(line)).slice(
      -MOST,
    );
    if (all.length > REWRITE || size > bytes.length) rewrite(path, this.#lines);
  }
}

function rewrite(path: string, lines: readonly string[]): void {
  using file = newFile(path, true);
  file.write(new TextEncoder().encode(lines.map((line) => line + "\n").join("")));
  file.finish();
}
