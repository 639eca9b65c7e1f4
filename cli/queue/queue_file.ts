// `lineup queue --check`, `--export` and `--import`, of a file or a database, and what `lineup queue` says of its file at
// the start.

import { Buffer } from "node:buffer";
import { printable } from "../../protocol/printable.ts";
import {
  checkPostgres,
  checkSqliteFile,
  exportPostgres,
  exportSqliteFile,
  importPostgres,
  importSqliteFile,
  type Store,
} from "../../queue/mod.ts";
import { counted, whole } from "../figures.ts";
import { readInputSync } from "../input.ts";
import { note, noteNow, print } from "../output.ts";
import { reason } from "../reason.ts";
import { type NewFile, newFile, openToOthers } from "../private_file.ts";
import { databaseOptions, type DataPlace, placeName } from "./queue_data.ts";

const CHUNK = 1 << 16;
const PROGRESS_MS = 1000;
const LF = 10;
/** The longest line of an import, in bytes. */
const LONGEST = 1 << 27;

/** A function that reports a count, at most once a second. */
function reporter(what: string, report: (text: string) => void): (count: number) => void {
  let next = performance.now() + PROGRESS_MS;
  return (count) => {
    const now = performance.now();
    if (now < next) return;
    next = now + PROGRESS_MS;
    report(`${what} ${whole(count)} so far`);
  };
}

/** Makes stores that report the progress of loading, all together. */
export function reportingStore(): (store: Store) => Store {
  let report: ((count: number) => void) | undefined;
  let count = 0;
  return (store) => ({
    ...store,
    async *load() {
      report ??= reporter("jobs loaded:", note);
      for await (const job of store.load()) {
        report(++count);
        yield job;
      }
    },
  });
}

/** Warns if other users may read a queue's file. */
export function warnOfReaders(path: string, tell: (text: string) => void = note): void {
  const mode = openToOthers(path);
  if (mode === undefined) return;
  tell(`${path} is open to other users (mode ${mode}); \`chmod 600\` shuts them out`);
}

/** Checks a file or database. Resolves with the exit code: 1 if it is not sound. */
export async function check(place: DataPlace): Promise<number> {
  const { jobs, problems, older } = place.database
    ? await checkPostgres(place.name, databaseOptions(place))
    : checkSqliteFile(place.name);
  for (const problem of problems) print(printable(problem) + "\n");
  if (problems.length > 0) return 1;
  const more = older ? "; the next start brings it up to date" : "";
  print(`${printable(placeName(place.name))} is sound: ${counted(jobs!, "job")}${more}\n`);
  return 0;
}

/** Writes a queue as lines of JSON to a file, or to standard output for `-`. Resolves with the exit code. */
export async function exportTo(target: string, place: DataPlace): Promise<number> {
  const lines = place.database
    ? exportPostgres(place.name, databaseOptions(place))
    : exportSqliteFile(place.name);
  const path = placeName(place.name);
  if (target === "-") {
    const count = await writeLines(lines, print);
    note(`${counted(count, "line")} exported from ${path}`);
    return 0;
  }
  using out = newExport(target);
  const count = await writeLines(lines, (bytes) => out.write(bytes));
  out.finish();
  note(`${counted(count, "line")} exported from ${path} to ${target}`);
  return 0;
}

function newExport(target: string): NewFile {
  try {
    return newFile(target, false);
  } catch (error) {
    throw new Error(`${reason(error)}; --export writes a new file`);
  }
}

async function writeLines(
  lines: Iterable<string> | AsyncIterable<string>,
  write: (bytes: Uint8Array) => void,
): Promise<number> {
  const report = reporter("lines written:", noteNow);
  const encoder = new TextEncoder();
  let count = 0;
  let text = "";
  const flush = (): void => {
    write(encoder.encode(text));
    text = "";
  };
  for await (const line of lines) {
    text += `${line}\n`;
    if (text.length > CHUNK) flush();
    report(++count);
  }
  flush();
  return count;
}

/**
 * Adds the lines of a file, or of standard input for `-`, to a queue. With `again` it also adds lines that were imported
 * before. Resolves with the exit code.
 */
export async function importFrom(
  source: string,
  place: DataPlace,
  again: boolean,
): Promise<number> {
  const input = openImport(source);
  const path = placeName(place.name);
  try {
    const imported = place.database
      ? await importPostgres(place.name, linesOf(input), { ...databaseOptions(place), again })
      : importSqliteFile(place.name, linesOf(input), { again });
    const { jobs, duplicates, renumbered, before } = imported;
    // In a database they may also tell shards that other queues have not.
    const whyNew = place.database ? "" : " because the queue has given numbers before";
    if (before !== undefined) {
      const when = new Date(before).toISOString();
      note(
        `these lines were imported into ${path} already, at ${when}: nothing was added; ` +
          "--again adds them once more",
      );
      return 0;
    }
    note(
      `${counted(jobs, "job")} imported into ${path}` +
        (renumbered ? `, with new numbers${whyNew}` : "") +
        (duplicates > 0 ? `; ${counted(duplicates, "job")} left out by id= name` : ""),
    );
  } finally {
    input.close();
  }
  return 0;
}

/** Opens the lines to import. Throws an `Error` that names them. */
function openImport(source: string): Pick<Deno.FsFile, "readSync" | "close"> {
  if (source === "-") return { readSync: readInputSync, close: () => {} };
  try {
    if (Deno.statSync(source).isDirectory) throw new Error("it is a directory");
    return Deno.openSync(source);
  } catch (error) {
    throw new Error(`cannot import ${source}: ${reason(error)}`, { cause: error });
  }
}

function* linesOf(input: Pick<Deno.FsFile, "readSync">): Generator<string, void, void> {
  const report = reporter("lines read:", noteNow);
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  const buffer = new Uint8Array(CHUNK);
  const pieces: Uint8Array[] = [];
  let length = 0;
  let count = 0;
  const line = (): string => {
    const bytes = pieces.length === 1 ? pieces[0] : Buffer.concat(pieces);
    pieces.length = length = 0;
    report(++count);
    try {
      const text = decoder.decode(bytes);
      return count === 1 ? text.replace(/^\ufeff/, "") : text;
    } catch {
      throw new Error(`line ${count} is wrong: it is not UTF-8`);
    }
  };
  for (let read; (read = input.readSync(buffer)) !== null;) {
    const chunk = buffer.subarray(0, read);
    let start = 0;
    for (let end; (end = chunk.indexOf(LF, start)) !== -1; start = end + 1) {
      pieces.push(chunk.subarray(start, end));
      yield line();
    }
    pieces.push(chunk.slice(start));
    length += read - start;
    if (length > LONGEST) {
      throw new Error(`line ${count + 1} is wrong: it has more than ${LONGEST} bytes`);
    }
  }
  if (length > 0) yield line();
}
