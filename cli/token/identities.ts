// The file of identities, read and written as a whole.

import { dirname } from "node:path";
import { checkedIdentities, readIdentities } from "../../server/identity/identities_file.ts";
import { type IdentityRecord, writeIdentity } from "../../server/identity/identity_line.ts";
import { newFile, openToOthers } from "../private_file.ts";

/** How long to wait for another `lineup token` on the same file, and between two looks, in ms. */
const LONGEST_WAIT_MS = 10_000, RETRY_MS = 20;

/** The identities of a file, in its order; none if there is no file. Throws an `Error` that names what is wrong. */
export function readFile(path: string): IdentityRecord[] {
  try {
    Deno.lstatSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
  return readIdentities(path);
}

/**
 * Calls `change` while no other `lineup token` changes the file. Throws an `Error` if another does so for longer than `wait`
 * ms. The system ends the lock of a process that dies.
 */
export async function changing<T>(
  path: string,
  change: () => T | Promise<T>,
  wait = LONGEST_WAIT_MS,
): Promise<T> {
  const name = `${path}.lock`;
  Deno.mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  using lock = await locked(name, performance.now() + wait);
  if (lock === undefined) {
    const seconds = Math.ceil(wait / 1000);
    throw new Error(`another program has held ${name} for ${seconds} s; nothing was changed`);
  }
  try {
    return await change();
  } finally {
    // Windows removes no file that is open: there it stays.
    if (Deno.build.os !== "windows") Deno.removeSync(name);
  }
}

/** The locked file of this name; `undefined` if it is locked up to `end`. */
async function locked(name: string, end: number): Promise<Deno.FsFile | undefined> {
  for (;;) {
    const file = Deno.openSync(name, { read: true, write: true, create: true, mode: 0o600 });
    while (!await file.tryLock(true)) {
      if (performance.now() >= end) {
        file.close();
        return undefined;
      }
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
    if (isNamed(file, name)) return file;
    // The one before removed it.
    file.close();
  }
}

/** Whether a name is still that of this file. */
function isNamed(file: Deno.FsFile, name: string): boolean {
  try {
    return Deno.statSync(name).ino === file.statSync().ino;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** Writes all identities; a server reads the old file or the new one, never a part. Throws an `Error`. */
export function writeFile(path: string, records: readonly IdentityRecord[]): void {
  // A server does not believe a file of no bytes.
  const text = records.map((each) => writeIdentity(each) + "\n").join("") || "\n";
  // A file that a server would refuse is not written.
  checkedIdentities(text, `${path} would be wrong`);
  using file = newFile(path, true);
  file.write(new TextEncoder().encode(text));
  file.finish();
}

/** A sentence about a file that others may read; `undefined` if none may. */
export function openness(path: string): string | undefined {
  const mode = openToOthers(path);
  return mode === undefined ? undefined : `Other users can read ${path} (${mode}); chmod 600 it.`;
}
