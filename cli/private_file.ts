// Files that this program writes are their owner's alone. None is written through a link, and one that is written anew
// bears its name once it is whole.

import { closeSync, constants, fstatSync, openSync, writeSync } from "node:fs";
import { writeAllSync } from "./output.ts";

/** A file that is written from its beginning. Disposing closes it, and removes what is not finished. */
export interface NewFile extends Disposable {
  /** Writes all of it. */
  write(bytes: Uint8Array): void;
  /** All is written: the file gets its name. */
  finish(): void;
}

/**
 * A new file, which has another name until it is finished; it takes the place of one that is there only where it may, and
 * has the mode of that. What is no file, such as /dev/stdout, is written as it is. Throws an `Error` that says why where
 * that cannot be.
 */
export function newFile(path: string, replaces: boolean): NewFile {
  const { link, file, mode } = look(path);
  if (link || file) {
    if (!replaces) throw new Error(`${path} is there already`);
    if (isStream(path)) return streamed(path);
    if (link) throw new Error(`${path} is a link: name the file itself`);
  }
  const part = `${path}.${crypto.randomUUID().slice(0, 8)}.part`;
  const out = Deno.openSync(part, { write: true, createNew: true, mode: 0o600 });
  let name = part;
  return {
    write: (bytes) => writeAllSync(out, bytes),
    finish(): void {
      if (mode !== undefined) Deno.chmodSync(part, mode);
      out.syncSync();
      if (replaces) Deno.renameSync(part, path);
      else nameNew(part, path);
      name = "";
    },
    [Symbol.dispose](): void {
      out.close();
      if (name !== "") Deno.removeSync(name);
    },
  };
}

/** Adds to the end of a file of one's own, which is made where there is none. */
export function append(path: string, text: string): void {
  const file = openOwn(path);
  try {
    const bytes = new TextEncoder().encode(text);
    for (let at = 0; at < bytes.length;) at += writeSync(file, bytes, at);
  } finally {
    closeSync(file);
  }
}

/** Opens a file to read it and to add to it; it is made where there is none. Throws where the name is not that of a file. */
export function openOwn(path: string): number {
  // Not blocking, or a pipe without a reader would hold the program for ever.
  const { O_RDWR, O_APPEND, O_CREAT, O_NOFOLLOW, O_NONBLOCK } = constants;
  let file: number;
  try {
    file = openSync(path, O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0o600);
  } catch (error) {
    if ((error as { code?: string }).code === "ELOOP") throw new Error(`${path} is a link`);
    throw error;
  }
  const found = fstatSync(file);
  if (found.isFile() && found.nlink === 1) return file;
  closeSync(file);
  throw new Error(found.isFile() ? `${path} has other names` : `${path} is not a file`);
}

/** The mode of a file that others than its owner may read; `undefined` where there is none such. */
export function openToOthers(path: string): string | undefined {
  const { mode = 0 } = look(path);
  return (mode & 0o077) === 0 ? undefined : mode.toString(8);
}

function look(path: string): { link?: boolean; file?: boolean; mode?: number } {
  try {
    const found = Deno.lstatSync(path);
    const mode = found.isFile && found.mode !== null ? found.mode & 0o777 : undefined;
    return { link: found.isSymlink, file: !found.isSymlink, mode };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return {};
    throw error;
  }
}

// /dev/stdout is a link to whatever that is, a file perhaps.
function isStream(path: string): boolean {
  if (/^\/(?:dev|proc\/self\/fd)\//.test(path)) return true;
  const { isFile, isDirectory } = Deno.statSync(path);
  return !isFile && !isDirectory;
}

function streamed(path: string): NewFile {
  const out = Deno.openSync(path, { write: true });
  return {
    write: (bytes) => writeAllSync(out, bytes),
    finish: () => {},
    [Symbol.dispose]: () => out.close(),
  };
}

/** Gives a file a name that is nobody's, also where another file gets it at the same time. */
function nameNew(part: string, path: string): void {
  try {
    Deno.linkSync(part, path);
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) throw new Error(`${path} is there already`);
    // A file system without hard links.
    Deno.renameSync(part, path);
    return;
  }
  Deno.removeSync(part);
}
