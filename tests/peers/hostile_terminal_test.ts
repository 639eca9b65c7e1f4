// A real terminal, by script(1), with servers and files that try to act upon it.

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { specDocument } from "../../protocol/document.ts";
import { compile } from "@lineup/lineup/protocol";
import type { Protocol } from "../../protocol/spec.ts";
import { type LineServer, lineServer } from "../cli/line_server.ts";
import { command, MAIN } from "../cli/lineup_process.ts";
import { find } from "./program.ts";

/** Characters that set the title of the window, colour, turn text around, hide, and move the cursor back. */
const EVIL = "e\x1b]0;owned\x07\x9b31m\u202evil\u2066\u200b\xad\x08\x7f\rX";
/** EVIL as a word of a line: with the escapes of Lineup/1, and as it is where a line may hold the character. */
const WORD = '"e\\x1b]0;owned\\x07\\x9b31m\u202evil\u2066\u200b\xad\\x08\\x7f\\rX"';
const BODY = `{${new TextEncoder().encode(EVIL).length}}\r\n${EVIL}\r\n`;

const evil: Protocol = {
  name: "evil",
  version: "1.0",
  summary: EVIL,
  description: EVIL,
  commands: {
    ACT: {
      summary: EVIL,
      description: EVIL,
      args: { what: { type: "enum", values: [EVIL], summary: EVIL } },
      options: { how: { type: "text", default: EVIL, summary: EVIL } },
      reply: { body: { type: "text", summary: EVIL } },
      errors: { bad: { summary: EVIL } },
      examples: [{ request: `ACT ${WORD}`, reply: `OK ${EVIL}`, summary: EVIL }],
    },
    TELL: { summary: EVIL, reply: { body: { type: "text", summary: EVIL } } },
    PUT: { summary: EVIL, args: { queue: "word", body: "bytes" }, reply: { id: "integer" } },
    TAKE: { summary: EVIL, args: { queues: "word..." }, items: { body: "bytes" } },
  },
};

function evilServer(): Promise<LineServer> {
  const spec = JSON.stringify(specDocument(compile(evil)));
  return lineServer((line) => {
    const [, tag = "", verb] = /^(#\S+ )?(\S*)/.exec(line)!;
    switch (verb) {
      case "SPEC":
        return `${tag}OK {${new TextEncoder().encode(spec).length}}\r\n${spec}\r\n`;
      case "HELLO":
        return `${tag}OK lineup/1 evil/1.0 max-line=8192 max-body=100 auth=none\r\n`;
      case "STATS":
        return `${tag}* ${WORD} ${WORD}\r\n${tag}OK count=1\r\n`;
      case "ACT":
        return `${tag}* evil=${WORD} ${BODY}${tag}OK ${WORD} evil=${WORD} ${BODY}`;
      case "TELL":
        return `${tag}OK ${BODY}`;
      case "PING":
        return `${tag}OK ${WORD}\r\n`;
      default:
        return `${tag}ERR evil ${WORD} detail=${WORD}\r\n`;
    }
  });
}

/** Runs `lineup` at a terminal. Resolves with all bytes that the terminal got. */
async function atTerminal(args: readonly string[], input = ""): Promise<string> {
  await find("script");
  const quoted = [Deno.execPath(), "run", "--quiet", "--allow-all", MAIN, ...args]
    .map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(" ");
  const child = new Deno.Command("timeout", {
    args: [
      "60",
      "script",
      "-qec",
      input === "" ? quoted : `printf '${input}' | ${quoted}`,
      "/dev/null",
    ],
    stdin: "null",
    stdout: "piped",
    stderr: "null",
    env: { NO_COLOR: "1", TERM: "xterm" },
  });
  const { stdout } = await child.output();
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(stdout);
}

/** The characters that act upon a terminal, except its own line ends. */
function acting(text: string): string[] {
  return text.replaceAll("\r\n", "\n").match(/(?![\n\t])[\p{Cc}\p{Zl}\p{Zp}\p{Cf}]/gu) ?? [];
}

for (
  const [what, args, input] of [
    ["spec", ["spec", "ADDRESS"]],
    ["spec as types", ["spec", "--format", "types", "ADDRESS"]],
    ["spec as JSON", ["spec", "--format", "json", "ADDRESS"]],
    ["call", ["call", "ADDRESS", "ACT", "x"]],
    ["call --json", ["call", "--json", "ADDRESS", "TELL"]],
    ["call of a wrong answer", ["call", "--json", "ADDRESS", "ACT", "x"]],
    ["call that is refused", ["call", "ADDRESS", "NOPE"]],
    ["connect", ["connect", "ADDRESS"], "ACT x\\nNOPE\\n"],
    ["connect --raw", ["connect", "--raw", "ADDRESS"], "ACT x\\nNOPE\\n"],
    ["check", ["check", "--examples", "--only", "example", "--timeout", "1s", "ADDRESS"]],
    ["check --json", [
      "check",
      "--examples",
      "--json",
      "--only",
      "example",
      "--timeout",
      "1s",
      "ADDRESS",
    ]],
    ["put", ["put", "ADDRESS", "mail", "x"]],
    ["put --json", ["put", "--json", "ADDRESS", "mail", "x"]],
    ["load", ["load", "--quiet", "--requests", "3", "ADDRESS", "PUT", "mail", "{1}"]],
    ["load of a wrong command", ["load", "ADDRESS", "ACT", "y"]],
    ["load --json", [
      "load",
      "--quiet",
      "--json",
      "--requests",
      "3",
      "ADDRESS",
      "PUT",
      "mail",
      "{1}",
    ]],
    ["top", ["top", "--count", "1", "--interval", "100ms", "ADDRESS"]],
    ["top --json", ["top", "--json", "--count", "1", "--interval", "100ms", "ADDRESS"]],
    ["work", ["work", "--until-empty", "ADDRESS", "mail", "--", "true"]],
    ["an address", ["call", EVIL.replaceAll(/[\r\n]/g, ""), "PING"]],
    ["a flag", ["call", `--${EVIL.replaceAll(/[\r\n]/g, "")}`, "PING"]],
    ["a command", [EVIL.replaceAll(/[\r\n]/g, "")]],
    ["a file to check", ["queue", "--check", `/nowhere/${EVIL.replaceAll(/[\r\n]/g, "")}`]],
    ["a module", ["serve", `/nowhere/${EVIL.replaceAll(/[\r\n]/g, "")}.ts`]],
    ["a file for a body", ["put", "ADDRESS", "q", `@/nowhere/${EVIL.replaceAll(/[\r\n]/g, "")}`]],
  ] as const satisfies readonly (readonly [string, readonly string[], string?])[]
) {
  Deno.test(`no foreign text acts upon the terminal: ${what}`, async () => {
    await using server = await evilServer();
    const seen = await atTerminal(
      args.map((each) => each === "ADDRESS" ? server.address : each),
      input,
    );
    assertEquals(acting(seen), [], seen);
    assert(seen.trim() !== "", "nothing was printed");
    if (/^(spec|call$|call --json$|connect|check)/.test(what)) assertStringIncludes(seen, "owned");
  });
}

Deno.test("no text of a queue's file acts upon the terminal", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const path = `${folder}/evil.db`;
    const { DatabaseSync } = await import("node:sqlite");
    const exported = `${folder}/lines.json`;
    await Deno.writeTextFile(exported, `{"id":1,"queue":${JSON.stringify(EVIL)},"x":1}\n`);
    const imported = await atTerminal(["queue", "--data", path, "--import", exported]);
    assertEquals(acting(imported), [], imported);
    const made = command(["queue", "--port", "0", "--data", path], { stdin: "null" }).spawn();
    const reader = made.stdout.getReader();
    await reader.read();
    made.kill("SIGTERM");
    await Promise.all([made.status, reader.cancel(), made.stderr.cancel()]);
    const database = new DatabaseSync(path);
    database.exec(`CREATE TABLE "${EVIL}" (x); CREATE VIEW "${EVIL}2" AS SELECT 1`);
    database.close();
    for (const args of [["--check", path], ["--data", path, "--export", "-"]]) {
      const seen = await atTerminal(["queue", ...args]);
      assertEquals(acting(seen), [], seen);
    }
    await Deno.writeTextFile(`${folder}/bad.db`, `${EVIL.repeat(1000)}`);
    const seen = await atTerminal(["queue", "--check", `${folder}/bad.db`]);
    assertEquals(acting(seen), [], seen);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("into a pipe, call and spec print the received bytes as they are", async () => {
  await using server = await evilServer();
  const { stdout } = await command(["call", server.address, "ACT", "x"], { stdin: "null" })
    .output();
  assertStringIncludes(new TextDecoder().decode(stdout), EVIL);
});

Deno.test("messages on standard error are escaped into a pipe too, and have one line", async () => {
  await using server = await lineServer(
    () => "",
    'ERR evil "x\\nlineup: forged\\x1b[2J\u202e" detail="\\n"\r\n',
  );
  for (
    const [name, ...more] of [["spec"], ["put", "q", "x"], ["load", "PING"], ["top"], ["check"]]
  ) {
    const { stderr } = await command([name, server.address, ...more], { stdin: "null" }).output();
    const err = new TextDecoder().decode(stderr);
    assertEquals(acting(err), [], err);
    assertEquals(/^lineup: forged/m.test(err), false, err);
    if (name !== "check") assertEquals(err.match(/^\S/gm)?.length, 1, err);
  }
});
