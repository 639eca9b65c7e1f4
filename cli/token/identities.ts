// The file of identities, read and written as a whole.

import { dirname } from "node:path";
import { readIdentities } from "../../server/identity/identities_file.ts";
import { type IdentityRecord, writeIdentity } from "../../server/identity/identity_line.ts";
import { newFile, openToOthers } from "../private_file.ts";

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

/** Writes all identities; a server reads the old file or the new one, never a part. Throws an `Error`. */
export function writeFile(path: string, records: readonly IdentityRecord[]): void {
  Deno.mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  using file = newFile(path, true);
  file.write(new TextEncoder().encode(records.map((each) => writeIdentity(each) + "\n").join("")));
  file.finish();
}

/** A sentence about a file that others may read; `undefined` if none may. */
export function openness(path: string): string | undefined {
  const mode = openToOthers(path);
  return mode === undefined ? undefined : `Other users can read ${path} (${mode}); chmod 600 it.`;
}
