import { DEFAULT_LIMITS, dialectCases, type DialectSubject } from "@lineup/lineup/dialects";
import { assertEquals } from "@std/assert";
import { dialect, handlersFor, protocol } from "../../examples/finger.ts";
import { serveInMemory, suiteOptions } from "../dialects/served.ts";
import { RawClient } from "../raw_client.ts";
import { withDirectory } from "../temporary_directory.ts";

const limits = { ...DEFAULT_LIMITS, maxLine: 512, maxBody: 0, maxDiscard: 0 };

const subject: DialectSubject = {
  dialect,
  protocol,
  limits,
  greeting: "",
  requests: [
    { send: "ada\r\nada\r\n", expect: "first\r\nada\r\n", ends: true },
    { send: "\r\n", expect: "first\r\n", ends: true },
    { send: "/W ada  lovelace\n", expect: "first\r\n/W ada  lovelace\r\n", ends: true },
    { send: "a".repeat(300) + "\r\n", expect: "query must be …\r\n", ends: true },
  ],
  invalid: [{
    send: "a\0\r\n",
    expect: "A line has no control characters but tabs.\r\n",
    ends: true,
  }],
  overlong: [{ send: "x".repeat(600), expect: "A line has at most 512 bytes.\r\n", ends: true }],
  unfinished: [{
    send: "ada",
    expect: "The input ended within a line, which was not executed.\r\n",
  }],
  slow: { send: "slow\r\n", expect: "first\r\nslow\r\n" },
  refused: "…\r\n",
  serve: (options) =>
    serveInMemory(protocol, (wait) => ({
      async FINGER({ query = "" }) {
        if (query === "slow") await wait();
        return { text: `first\n${query}` };
      },
    }), { dialect, limits, ...suiteOptions(options) }),
};

for (const { name, run } of dialectCases(subject)) Deno.test(`finger: ${name}`, run);

/** The answers of the example to some queries. Its people have their homes in `directory`. */
async function answersTo(directory: string, queries: readonly string[]): Promise<string[]> {
  const users = `${directory}/users`;
  const home = (name: string): string => `${directory}/${name}`;
  for (const name of ["ada", "grace", "eve"]) await Deno.mkdir(home(name));
  await Deno.writeTextFile(`${home("ada")}/.plan`, "To write\nnotes.\x1b[31m\n", { mode: 0o644 });
  await Deno.writeTextFile(`${home("grace")}/.plan`, "private", { mode: 0o600 });
  await Deno.writeTextFile(`${directory}/secret`, "secret", { mode: 0o644 });
  await Deno.symlink(`${directory}/secret`, `${home("eve")}/.plan`);
  const shells = {
    ada: "/bin/sh",
    grace: "/bin/bash",
    eve: "/bin/sh",
    daemon: "/usr/sbin/nologin",
  };
  const lines = Object.entries(shells).map(([name, shell]) =>
    `${name}:x:1:1:${name[0].toUpperCase()}${name.slice(1)} L.,,,:${home(name)}:${shell}\n`
  );
  await Deno.writeTextFile(users, lines.join(""));
  const options = { dialect, limits };
  await using server = await serveInMemory(protocol, () => handlersFor(users), options);
  const answers: string[] = [];
  for (const query of queries) {
    using wire = new RawClient(await server.connect());
    await wire.send(`${query}\r\n`);
    answers.push(await wire.rest());
  }
  return answers;
}

Deno.test("finger lists who can log in, and tells the plan that everybody may read", async () => {
  const [all, ada, grace, eve] = await withDirectory((directory) =>
    answersTo(directory, ["", "ADA", "/W grace", "eve"])
  );
  assertEquals(all.trim().split(/\s*\r\n/), [
    "ada              Ada L.",
    "grace            Grace L.",
    "eve              Eve L.",
  ]);
  assertEquals(ada, "Login: ada\r\nName: Ada L.\r\nPlan:\r\nTo write\r\nnotes.?[31m\r\n");
  assertEquals(grace, "Login: grace\r\nName: Grace L.\r\nNo plan.\r\n");
  assertEquals(eve, "Login: eve\r\nName: Eve L.\r\nNo plan.\r\n");
});

Deno.test("finger asks no other machine, and finds nobody by a part of a name", async () => {
  const [other, nobody, daemon] = await withDirectory((directory) =>
    answersTo(directory, ["ada@example.org", "ad", "daemon"])
  );
  assertEquals(other, "No other machine is asked.\r\n");
  assertEquals(nobody, "There is nobody named ad.\r\n");
  assertEquals(daemon, "There is nobody named daemon.\r\n");
});
