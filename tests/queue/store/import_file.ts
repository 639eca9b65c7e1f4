// A program that imports and kills itself at a moment: `import_file.ts FILE JOBS MOMENT`. It prints "imported" when an
// import would tell its user.

import { importSqliteFile } from "@lineup/lineup/queue";
import { DatabaseSync, StatementSync } from "node:sqlite";

type Die = (at: string) => void;

/** The lines of `jobs` jobs without ids. */
export function* lines(jobs: number, die: Die = () => {}): Generator<string, void, void> {
  for (let at = 1; at <= jobs; at++) {
    die(`line ${at}`);
    yield JSON.stringify({ queue: "mail", body: `${at}-${"x".repeat(500)}` });
  }
  die("the end");
}

/** Wraps a method with a moment before it and one after it. */
function around<T, K extends keyof T>(
  proto: T,
  name: K,
  die: Die,
  what: (self: T) => string | undefined,
): void {
  const act = proto[name] as (...args: unknown[]) => unknown;
  proto[name] = function (this: T, ...args: unknown[]) {
    const at = what(this);
    die(`before ${at}`);
    const result = act.apply(this, args);
    die(`behind ${at}`);
    return result;
  } as T[K];
}

function main([path, jobs, moment]: readonly string[]): void {
  const die: Die = (at) => {
    if (at === moment) Deno.kill(Deno.pid, "SIGKILL");
  };
  around(StatementSync.prototype, "run", die, (self) => {
    const { sourceSQL } = self as unknown as { sourceSQL: string };
    return sourceSQL === "BEGIN" || sourceSQL === "COMMIT" ? sourceSQL : undefined;
  });
  around(DatabaseSync.prototype, "close", die, () => "close");
  const { jobs: added, before } = importSqliteFile(path, lines(Number(jobs), die));
  die("behind all");
  console.log(before === undefined ? `added ${added}` : "made before");
}

if (import.meta.main) main(Deno.args);
