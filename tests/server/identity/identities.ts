// Identities of tests, in a file in memory of the machine.

import { hashOfToken, type IdentitiesFile, identitiesFile, newToken } from "@lineup/lineup/server";
import type { LogEntry } from "@lineup/lineup/server";
import type { VirtualClock } from "../../../testing/virtual_clock.ts";

/** A line of the file. `token` is put in as its hash. */
export interface Line {
  readonly name: string;
  readonly token?: string;
  readonly [member: string]: unknown;
}

/** A file of identities that a test changes. */
export class TestIdentities implements Disposable {
  readonly path: string = Deno.makeTempFileSync({ suffix: ".jsonl" });
  readonly log: LogEntry[] = [];
  readonly file: IdentitiesFile;

  constructor(clock: VirtualClock, lines: readonly Line[]) {
    this.write(lines);
    this.file = identitiesFile(this.path, { clock, log: (entry) => void this.log.push(entry) });
  }

  /** Replaces all lines. */
  write(lines: readonly Line[]): void {
    const text = lines.map(({ token, ...line }) => {
      const tokens = token === undefined ? undefined : [hashOfToken(token)];
      return JSON.stringify({ tokens, ...line }) + "\n";
    });
    Deno.writeTextFileSync(this.path, text.join("") || "\n");
  }

  /** Replaces all lines and reads them. */
  change(lines: readonly Line[]): void {
    this.write(lines);
    this.file.reload();
  }

  [Symbol.dispose](): void {
    this.file[Symbol.dispose]();
    Deno.removeSync(this.path);
  }
}

/** Tokens by the name of their identity. */
export const tokens: Readonly<Record<string, string>> = Object.fromEntries(
  ["acme", "bolt", "root"].map((name) => [name, newToken(name)]),
);
