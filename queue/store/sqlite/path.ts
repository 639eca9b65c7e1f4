// Where a queue's file is. SQLite goes by names: it finds the `-wal` of a file beside the name by which it was opened, and
// takes some names for something else. So there is one name for each file, and it is that of a file.

import { Buffer } from "node:buffer";
import { closeSync, existsSync, lstatSync, openSync, realpathSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";

/** What SQLite and this program add to the name of a file. */
const BESIDE = ["-wal", "-shm", "-journal", "-reserve"];
/** The longest name of a file, in bytes, that leaves room for these. */
const LONGEST = 255 - 8;

/**
 * The one path of a queue's file: absolute, no part of it a link. Throws an `Error` that says what is wrong with it: it
 * is none of a file, its directory is not there, or the file has other names beside it.
 *
 * @param path as somebody said it
 * @param there whether the file must be there (default: it may be made)
 */
export function locateFile(path: string, there = false): string {
  const name = checkedName(path);
  const found = nothingOr(() => lstatSync(path));
  if (found === undefined) {
    if (there) throw new Error(`there is no file ${path}`);
    const directory = dirname(resolve(path));
    if (!isDirectory(directory)) {
      throw new Error(`${path}: unable to open database file: there is no directory ${directory}`);
    }
    const file = join(realpathSync(directory), name);
    if ((nothingOr(() => lstatSync(`${file}-wal`))?.size ?? 0) > 0) {
      throw new Error(`${path} is not there, but its ${name}-wal is: they belong together`);
    }
    return checkedNeighbours(file);
  }
  if (found.isSymbolicLink() && !existsSync(path)) throw new Error(`${path} is a link to nothing`);
  const file = realpathSync(path);
  checkedName(file);
  const { nlink } = fileStatus(file, path);
  if (nlink > 1) {
    throw new Error(`${path} has ${nlink} names (hard links): a queue's file must have one`);
  }
  return checkedNeighbours(file);
}

/** Makes an empty file that only its owner may read, unless there is one; what SQLite puts beside it is alike. */
export function makePrivate(file: string): void {
  try {
    closeSync(openSync(file, "wx", 0o600));
  } catch (error) {
    if ((error as { code?: string }).code !== "EEXIST") throw error;
  }
}

/** The files of a path, to see whether they are there still. */
export class WatchedFile {
  readonly #file: string;
  readonly #identities = new Map<string, string>();
  #wasCut = false;
  /** How many bytes the file had when it was looked at last. */
  size = 0;
  /** How many bytes the `-wal` had. */
  walSize = 0;

  constructor(file: string) {
    this.#file = file;
    this.isThere();
  }

  /** Whether one of them has become smaller since it was looked at, and for good: but its server nobody cuts it. */
  wasCut(): boolean {
    const { size, walSize } = this;
    // One that is not there says nothing of its size.
    if (this.isThere()) this.#wasCut ||= this.size < size || this.walSize < walSize;
    return this.#wasCut;
  }

  /** Whether the file, and its `-wal` once there was one, are those that were there first. */
  isThere(): boolean {
    return this.#isSame("") && this.#isSame("-wal");
  }

  // With Deno's own call, which takes 2 µs where node:fs takes 40: this is done with each commit.
  #isSame(end: string): boolean {
    const known = this.#identities.get(end);
    let identity: string | undefined;
    try {
      const { dev, ino, size } = Deno.lstatSync(this.#file + end);
      if (end === "") this.size = size;
      else this.walSize = size;
      identity = `${dev}:${ino}`;
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
    if (known !== undefined) return identity === known;
    if (identity !== undefined) this.#identities.set(end, identity);
    return true;
  }
}

function checkedName(path: string): string {
  const name = basename(path);
  if (path === "") throw new Error("the name of the file is empty");
  if (path.includes("\0")) throw new Error("the name of a file has no NUL in it");
  if (path.endsWith("/")) throw new Error(`${path} is the name of a directory, not of a file`);
  if (/^file:/i.test(path)) {
    throw new Error(
      `${path} is a URI, and a file has a path, such as ./${path.slice(5) || "queue.db"}`,
    );
  }
  if (path.startsWith(":")) {
    throw new Error(
      `${path} is no file; :memory: keeps jobs in memory, and ./${path} names a file`,
    );
  }
  if (Buffer.byteLength(name) > LONGEST) {
    throw new Error(
      `the name of a queue's file has at most ${LONGEST} bytes, not ${Buffer.byteLength(name)}`,
    );
  }
  return name;
}

function fileStatus(file: string, path: string) {
  const found = statSync(file);
  if (!found.isFile()) throw new Error(`${path} is no file`);
  return found;
}

// Somebody else may have put links there, for SQLite to write through.
function checkedNeighbours(file: string): string {
  for (const end of BESIDE) {
    const found = nothingOr(() => lstatSync(file + end));
    if (found === undefined || (found.isFile() && found.nlink === 1)) continue;
    throw new Error(`${file}${end} is no file of its own: remove it`);
  }
  return file;
}

function isDirectory(path: string): boolean {
  return nothingOr(() => statSync(path))?.isDirectory() ?? false;
}

/** What is found; `undefined` where nothing is. */
function nothingOr<T>(find: () => T): T | undefined {
  try {
    return find();
  } catch (error) {
    const { code } = error as { code?: string };
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw error;
  }
}
