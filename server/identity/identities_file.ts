// Identities in a file: read and checked as a whole, and read again when it changes.

import type { Clock } from "../../scheduling/clock.ts";
import { systemClock } from "../../net/clock.ts";
import { type LogEntry, logToConsole } from "../log.ts";
import type { Reloadable } from "../reloads.ts";
import type { Identities } from "./identity.ts";
import { IdentityError, type IdentityRecord, readIdentity } from "./identity_line.ts";
import { IdentityTable } from "./identity_table.ts";

const MOST_BYTES = 64 << 20, MOST_IDENTITIES = 100_000;
const POLL_MS = 1000;
/** The longest timer: further times are waited for in several. */
const LONGEST_MS = 3_600_000;

/** The options of `identitiesFile`; each has a default. */
export interface IdentitiesFileOptions {
  /** Time. Default: this machine's. */
  clock?: Clock;
  /** Where a change that cannot be used, and one that is used, are told. Default: standard error. */
  log?: (entry: LogEntry) => void;
  /** The time in ms between two looks at the file. Default 1000. */
  poll?: number;
}

/** Identities from a file. Closing it ends the looks at the file. */
export interface IdentitiesFile extends Identities, Reloadable, Disposable {
  /** The number of identities. */
  readonly size: number;
  /** Reads the file now. Returns the number of identities in words. Throws for a wrong file, which changes nothing. */
  readonly reload: () => string;
}

/**
 * Reads identities from a file of JSON lines, one object a line, as `lineup token` writes it; and again when it has
 * changed. A file with a wrong line changes nothing, nor does one of no bytes; an empty line is for no identities.
 *
 * Throws an `Error` that names the line, what is wrong with it and what would be right; also for a file that other users
 * may write.
 *
 * @example
 * ```ts
 * import { connect } from "@lineup/lineup/client";
 * import { hashOfToken, identitiesFile, newToken, serve } from "@lineup/lineup/server";
 * import { assertEquals } from "@std/assert";
 *
 * const notes = {
 *   name: "notes",
 *   version: "1.0",
 *   summary: "Notes.",
 *   commands: { WHO: { summary: "Tell my name.", reply: { name: "text" } } },
 * } as const;
 *
 * const token = newToken("ada");
 * const path = await Deno.makeTempFile();
 * await Deno.writeTextFile(path, JSON.stringify({ name: "ada", tokens: [hashOfToken(token)] }) + "\n");
 *
 * using identities = identitiesFile(path);
 * await using server = await serve(notes, {
 *   WHO: (_, { identity }) => ({ name: identity!.name }),
 * }, { port: 0, identities });
 * await using client = await connect(notes, server.address, { token });
 * assertEquals(await client.WHO(), { name: "ada" });
 * await Deno.remove(path);
 * ```
 */
export function identitiesFile(path: string, options: IdentitiesFileOptions = {}): IdentitiesFile {
  const { clock = systemClock, log = logToConsole, poll = POLL_MS } = options;
  const table = new IdentityTable(() => clock.now());
  let seen = "";
  let stopPoll = (): void => {};
  let stopExpiry = (): void => {};

  const read = (): void => {
    seen = stampOf(path);
    const records = readIdentities(path);
    // Someone may have emptied it in order to write it: nobody is shut out for that.
    if (table.records.size > 0 && records.length === 0 && Deno.statSync(path).size === 0) {
      throw new Error(`${path} is empty; to have no identities, write an empty line`);
    }
    table.replace(records);
    expireNext();
  };

  /** Tells the watchers when the time of the next identity is over. */
  const expireNext = (): void => {
    stopExpiry();
    const now = clock.now();
    const times = table.records.values().map(({ identity: { until = Infinity } }) => until);
    const next = times.reduce(
      (least, time) => time > now ? Math.min(least, time) : least,
      Infinity,
    );
    if (next === Infinity) return;
    stopExpiry = clock.after(Math.min(next - now, LONGEST_MS), () => {
      if (clock.now() >= next) table.tell();
      expireNext();
    });
  };

  const look = (): void => {
    if (stampOf(path) !== seen) {
      try {
        read();
        log({ level: "info", message: "identities read again", identities: file.size });
      } catch (error) {
        const { message: why } = error as Error;
        log({ level: "error", message: "identities stay as they were", why });
      }
    }
    stopPoll = clock.after(poll, look);
  };

  read();
  stopPoll = clock.after(poll, look);
  const file: IdentitiesFile = {
    get size() {
      return table.records.size;
    },
    name: "identities",
    reload() {
      read();
      return file.size === 1 ? "1 identity" : `${file.size} identities`;
    },
    authenticate: (token) => table.authenticate(token),
    forCertificate: (certificate) => table.forCertificate(certificate),
    named: (name) => table.named(name),
    watch: (action) => table.watch(action),
    [Symbol.dispose](): void {
      stopPoll();
      stopExpiry();
    },
  };
  return file;
}

/** Reads all identities of a file. Throws an `Error` that names the line that is wrong. */
export function readIdentities(path: string): IdentityRecord[] {
  return checkedIdentities(readWhole(path), path);
}

/** Reads all identities of the text of a file. Throws an `Error` that begins with `place` and names the line that is wrong. */
export function checkedIdentities(text: string, place: string): IdentityRecord[] {
  const records: IdentityRecord[] = [];
  const lines = new Map<string, number>();
  for (const [at, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === "") continue;
    try {
      const record = readIdentity(line);
      const { name } = record.identity;
      const other = lines.get(name);
      if (other !== undefined) throw new IdentityError(`${name} is in line ${other} already`);
      lines.set(name, at + 1);
      records.push(record);
    } catch (error) {
      throw new Error(`${place}, line ${at + 1}: ${(error as Error).message}`, { cause: error });
    }
  }
  if (records.length > MOST_IDENTITIES) {
    throw new Error(`${place} has ${records.length} identities; the most is ${MOST_IDENTITIES}`);
  }
  try {
    new IdentityTable(() => 0).replace(records);
  } catch (error) {
    throw new Error(`${place}: ${(error as Error).message}`, { cause: error });
  }
  return records;
}

function readWhole(path: string): string {
  try {
    const { isFile, size, mode } = Deno.statSync(path);
    if (!isFile) throw new Error("it is not a file");
    if (size > MOST_BYTES) throw new Error(`it has more than ${MOST_BYTES} bytes`);
    // Another user could give himself rights.
    if (((mode ?? 0) & 0o022) !== 0) throw new Error("other users may write it; chmod 600 it");
    return new TextDecoder("utf-8", { fatal: true }).decode(Deno.readFileSync(path));
  } catch (error) {
    // The message of a missing permission must stay as it is.
    if (error instanceof Deno.errors.NotCapable) throw error;
    const why = error instanceof Deno.errors.NotFound
      ? "there is no such file"
      : (error as Error).message;
    throw new Error(`the identities in ${path} cannot be read: ${why}`, { cause: error });
  }
}

/** Changes when the file does. */
function stampOf(path: string): string {
  try {
    const { mtime, size, ino, ctime, mode } = Deno.statSync(path);
    return [mtime?.getTime(), ctime?.getTime(), size, ino, mode].join(" ");
  } catch (error) {
    return String((error as Error).name);
  }
}
