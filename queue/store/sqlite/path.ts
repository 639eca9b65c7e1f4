// The path of a queue's file. SQLite finds the `-wal` of a file by the name with which the file was opened, and gives some
// names another meaning. So each file has one name, and that names a file.

import { Buffer } from "node:buffer";
import { closeSync, existsSync, lstatSync, openSync, realpathSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";

/** SQLite and this program add these to the name of a file. */
const BESIDE = ["-wal", "-shm", "-journal", "-reserve"];
/** The longest name of a file that leaves room for these, in bytes. */
const LONGEST = 255 - 8;

/**
 * The one path of a queue's file: absolute and without links. Throws an `Error` that says what is wrong: the path is not that
 * of a file, its directory does not exist, or the file has other names.
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

/** Makes an empty file that only its owner may read, unless it exists. SQLite gives the same mode to the files beside it. */
export function makePrivate(file: string): void {
  try {
    closeSync(openSync(file, "wx", 0o600));
  } catch (error) {
    if ((error as { code?: string }).code !== "EEXIST") throw error;
  }
}

/** The file and its `-wal`: finds out whether another program removes, replaces or cuts them. */
export class WatchedFile {
  readonly #file: string;
  readonly #identities = new Map<string, string>();
  #wasCut = false;
  /** The size of the file at the last look, in bytes. */
  size = 0;
  /** The size of the `-wal`, in bytes. */
  walSize = 0;

  constructor(file: string) {
    this.#file = file;
    this.isThere();
  }

  /** Whether one of them was ever smaller than at the look before. Only the server of a file may cut it. */
  wasCut(): boolean {
    const { size, walSize } = this;
    // A file that is not there has no size.
    if (this.isThere()) this.#wasCut ||= this.size < size || this.walSize < walSize;
    return this.#wasCut;
  }

  /** Whether the file is the one that was opened, and the `-wal` the first one that there was. */
  isThere(): boolean {
    return this.#isSame("") && this.#isSame("-wal");
  }

  // Each commit does this: Deno's own call takes 2 µs, that of node:fs 40.
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

// Another user may have put links there, for SQLite to write through.
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

/** The result of `find`; `undefined` if there is no such file. */
function nothingOr<T>(find: () => T): T | undefined {
  try {
    return find();
  } catch (error) {
    const { code } = error as { code?: string };
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw error;
  }
}
