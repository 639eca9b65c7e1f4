// Files that only their owner can read. No file is written through a link, and a new file gets its name once it is whole.

import { closeSync, constants, fstatSync, openSync, writeSync } from "node:fs";
import { writeAllSync } from "./output.ts";
import { reason } from "./reason.ts";

/** A file that is being written. Disposing closes it, and removes it if it is not finished. */
export interface NewFile extends Disposable {
  /** Writes all bytes. */
  write(bytes: Uint8Array): void;
  /** Gives the file its name. */
  finish(): void;
}

/**
 * Begins a new file. It has another name until it is finished. With `replaces` it takes the place of an existing file and
 * keeps its mode. A stream such as /dev/stdout is written directly. Throws an `Error` with the reason.
 */
export function newFile(path: string, replaces: boolean): NewFile {
  const { link, file, directory, mode } = look(path);
  if (link || file) {
    if (!replaces) throw new Error(`${path} exists already`);
    if (directory) throw new Error(`${path} is a directory`);
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

/** Adds text to the end of a private file, which is made if it does not exist. */
export function append(path: string, text: string): void {
  const file = openOwn(path);
  try {
    const bytes = new TextEncoder().encode(text);
    for (let at = 0; at < bytes.length;) at += writeSync(file, bytes, at);
  } finally {
    closeSync(file);
  }
}

/** Opens a private file for reading and appending; it is made if it does not exist. Throws for a link or another non-file. */
export function openOwn(path: string): number {
  // Without O_NONBLOCK, opening a pipe that has no reader blocks forever.
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

/**
 * Throws an `Error` for a file that every user can read or write, or that its group can write. The group may read: a
 * service manager hands secrets to its services so.
 */
export function needPrivate(path: string): void {
  const { mode, isFile } = statOf(path);
  if (!isFile || mode === null || (mode & 0o027) === 0) return;
  throw new Error(
    `other users can ${(mode & 0o004) === 0 ? "write" : "read"} ${path}; chmod 600 it`,
  );
}

/** Deno's message names no file. */
function statOf(path: string): Deno.FileInfo {
  try {
    return Deno.statSync(path);
  } catch (error) {
    throw new Error(`cannot read ${path}: ${reason(error)}`, { cause: error });
  }
}

/** The mode of a file that other users may read or write; `undefined` for a private file or none. */
export function openToOthers(path: string): string | undefined {
  const { mode = 0 } = look(path);
  return (mode & 0o077) === 0 ? undefined : mode.toString(8);
}

function look(
  path: string,
): { link?: boolean; file?: boolean; directory?: boolean; mode?: number } {
  try {
    const found = Deno.lstatSync(path);
    const mode = found.isFile && found.mode !== null ? found.mode & 0o777 : undefined;
    const { isSymlink: link, isDirectory: directory } = found;
    return { link, file: !link, directory, mode };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return {};
    throw error;
  }
}

// /dev/stdout is a link, perhaps to a file.
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

/** Gives a file a name that must be free, also if another process takes the name at the same time. */
function nameNew(part: string, path: string): void {
  try {
    Deno.linkSync(part, path);
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) throw new Error(`${path} exists already`);
    // The file system has no hard links.
    Deno.renameSync(part, path);
    return;
  }
  Deno.removeSync(part);
}
