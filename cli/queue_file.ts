// `lineup queue --check`, `--export` and `--import`: what is done to a queue's file while no server uses it.

import { checkSqliteFile, exportSqliteFile, importSqliteFile, type Store } from "../queue/mod.ts";

const CHUNK = 1 << 16;
const PROGRESS_MS = 1000;

/** Tells of a count now and then, on standard error. */
function telling(what: string): (count: number) => void {
  let next = performance.now() + PROGRESS_MS;
  return (count) => {
    const now = performance.now();
    if (now < next) return;
    next = now + PROGRESS_MS;
    console.error(`${what} ${count.toLocaleString("en")} so far`);
  };
}

/** A store that tells how far its loading is. */
export function tellingStore(store: Store): Store {
  return {
    ...store,
    async *load() {
      const tell = telling("jobs loaded:");
      let count = 0;
      for await (const job of store.load()) {
        tell(++count);
        yield job;
      }
    },
  };
}

/** Checks a file; the exit code is 1 where it is not sound. */
export function check(path: string): number {
  const { jobs, problems } = checkSqliteFile(path);
  for (const problem of problems) console.log(problem);
  if (problems.length > 0) return 1;
  console.log(`${path} is sound: ${jobs} jobs`);
  return 0;
}

/** Writes a queue's file as lines of JSON, `-` to standard output. */
export function exportTo(target: string, path: string): number {
  const lines = exportSqliteFile(path);
  // Before anything is written over.
  const first = lines.next();
  const out = target === "-"
    ? Deno.stdout
    : Deno.openSync(target, { write: true, createNew: true });
  const tell = telling("lines written:");
  const encoder = new TextEncoder();
  let count = 0;
  let text = "";
  const flush = (): void => {
    for (let bytes = encoder.encode(text); bytes.length > 0;) {
      bytes = bytes.subarray(out.writeSync(bytes));
    }
    text = "";
  };
  try {
    if (!first.done) text = `${first.value}\n`;
    for (const line of lines) {
      text += `${line}\n`;
      if (text.length > CHUNK) flush();
      tell(++count);
    }
    flush();
    if (out instanceof Deno.FsFile) out.syncSync();
  } finally {
    if (target !== "-") out.close();
  }
  console.error(`${count} jobs, limits and schedules exported from ${path}`);
  return 0;
}

/** Adds lines of JSON to a queue's file, `-` from standard input. */
export function importFrom(source: string, path: string): number {
  const input = source === "-" ? Deno.stdin : Deno.openSync(source);
  try {
    const { jobs, duplicates, renumbered } = importSqliteFile(path, linesOf(input));
    console.error(
      `${jobs} jobs imported into ${path}` +
        (renumbered ? ", with new numbers because it has given some before" : "") +
        (duplicates > 0 ? `; ${duplicates} left out, whose id= names are there` : ""),
    );
  } finally {
    if (source !== "-") input.close();
  }
  return 0;
}

function* linesOf(input: typeof Deno.stdin | Deno.FsFile): Generator<string, void, void> {
  const tell = telling("lines read:");
  const decoder = new TextDecoder("utf-8", { fatal: true });
  const buffer = new Uint8Array(CHUNK);
  let held = "";
  let count = 0;
  for (let read; (read = input.readSync(buffer)) !== null;) {
    const lines = (held + decoder.decode(buffer.subarray(0, read), { stream: true })).split("\n");
    held = lines.pop()!;
    for (const line of lines) {
      tell(++count);
      yield line;
    }
  }
  held += decoder.decode();
  if (held !== "") yield held;
}
