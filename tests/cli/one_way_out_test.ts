// All output goes through few files. They escape the characters that a terminal would act upon, and wait for no reader.

import { assertEquals } from "@std/assert";

const ROOT = new URL("../../", import.meta.url);
const ROOMS = ["cli", "client", "dialects", "net", "protocol", "queue", "scheduling", "server"];

/** The files that may write to standard output or standard error, with the reason. */
const ALLOWED: Readonly<Record<string, string>> = {
  "net/standard_error.ts": "the way out of logs and messages",
  "net/standard_output.ts": "the way out of the commands",
  "server/workers/host.ts": "runs in a process of handlers, whose output the server passes on",
};

/** The files that draw on a terminal, with `printable` text. */
const DRAWING = ["cli/output.ts", "cli/raw_terminal.ts"];

const WRITES =
  /\bconsole\.|\bDeno\.(stdout|stderr)\b(?!\.isTerminal)|\bprocess\.std(out|err)|\/dev\/std(out|err)["']/;

Deno.test("few files only write to standard output and standard error", async () => {
  const found = new Set<string>();
  const draws = new Set<string>();
  for (const room of ROOMS) {
    for await (const path of sources(room)) {
      const code = withoutComments(await Deno.readTextFile(new URL(path, ROOT)));
      if (WRITES.test(code)) found.add(path);
      if (/import \{[^}]*\bdraw\b[^}]*\} from "[^"]*\/output\.ts"/.test(code)) draws.add(path);
      if (room === "cli" && /export function draw\b/.test(code)) draws.add(path);
    }
  }
  assertEquals([...found].sort(), Object.keys(ALLOWED).sort());
  assertEquals([...draws].sort(), DRAWING);
});

async function* sources(folder: string): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(new URL(folder, ROOT))) {
    const path = `${folder}/${name}`;
    if (isDirectory) yield* sources(path);
    else if (name.endsWith(".ts")) yield path;
  }
}

function withoutComments(code: string): string {
  return code.replace(/^\s*(\/\*\*|\*|\/\/).*$/gm, "");
}
