// A file of identities for a program that a test runs.

import { hashOfToken, newToken } from "@lineup/lineup/server";

/** A file with one identity. Disposing removes it. */
export interface IdentityFile extends Disposable {
  readonly path: string;
  readonly token: string;
}

/** Writes a file with one identity and its token. */
export function identityFile(
  name: string,
  rights: Readonly<Record<string, unknown>> = {},
): IdentityFile {
  const path = Deno.makeTempFileSync({ suffix: ".jsonl" });
  const token = newToken(name);
  Deno.writeTextFileSync(
    path,
    JSON.stringify({ name, tokens: [hashOfToken(token)], ...rights }) + "\n",
  );
  return { path, token, [Symbol.dispose]: () => Deno.removeSync(path) };
}
