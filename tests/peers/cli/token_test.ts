import { assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { hashOfToken, identitiesFile } from "@lineup/lineup/server";
import { changing } from "../../../cli/token/identities.ts";
import { isWholeToken } from "../../../server/identity/token.ts";
import { lineup } from "../../cli/lineup_here.ts";
import { lineupProcess, startLineup } from "../../cli/lineup_process.ts";
import { RawClient } from "../../raw_client.ts";

/** Runs `lineup token` on a file. */
const onFile = (file: string) => (...words: string[]) =>
  lineup(["token", ...words, "--file", file]);

Deno.test("lineup token adds, lists, rotates and revokes identities in a private file", async () => {
  const folder = Deno.makeTempDirSync();
  try {
    const path = `${folder}/new/identities.jsonl`;
    const token = onFile(path);
    const none = await token("list");
    assertEquals([none.code, none.out], [0, ""]);
    assertStringIncludes(none.err, "There are no identities");

    const { code, out, err } = await token(
      "add",
      "acme",
      ...["--put", "mail.*", "--put", "news", "--take", "mail.bills", "--key", "acme-*"],
      ...["--role", "operator", "--class", "bulk", "--weight", "2", "--rate", "10"],
      ...["--running", "5", "--until", "2100-01-01T00:00:00Z"],
    );
    assertEquals([code, err], [0, "This is the token of acme. It is not shown again.\n"]);
    const first = out.trim();
    assertMatch(first, /^lineup_acme_[0-9A-Za-z]{49}$/);
    assertEquals([isWholeToken(first), isWholeToken(first.replace("acme", "acmf"))], [true, false]);
    assertEquals(JSON.parse(Deno.readTextFileSync(path)), {
      name: "acme",
      tokens: [hashOfToken(first)],
      until: "2100-01-01T00:00:00.000Z",
      roles: ["operator"],
      put: ["mail.*", "news"],
      take: ["mail.bills"],
      keys: ["acme-*"],
      class: "bulk",
      weight: 2,
      rate: 10,
      running: 5,
    });
    if (Deno.build.os !== "windows") assertEquals(Deno.statSync(path).mode! & 0o777, 0o600);

    const proves = (text: string): string | undefined => {
      using file = identitiesFile(path, { log: () => {} });
      const found = file.authenticate(text);
      return "identity" in found ? found.identity.name : undefined;
    };
    const second = (await token("rotate", "acme")).out.trim();
    const third = (await token("rotate", "acme")).out.trim();
    assertEquals([first, second, third].map(proves), [undefined, "acme", "acme"]);
    assertEquals((await token("revoke", "acme", "--previous")).code, 0);
    assertEquals([second, third].map(proves), [undefined, "acme"]);

    await token("add", "anonymous", "--no-token", "--see", "*");
    assertEquals(
      (await token("list")).out,
      "acme       1 token   until 2100-01-01T00:00:00.000Z  put=mail.*,news take=mail.bills " +
        "keys=acme-* roles=operator class=bulk weight=2 rate=10 running=5\n" +
        "anonymous  0 tokens  no end                          see=*\n",
    );
    const json = (await token("list", "--json")).out;
    assertEquals(/sha256|lineup_/.test(json), false, json);
    assertEquals((await token("revoke", "acme")).code, 0);
    assertEquals(proves(third), undefined);
    // A server that had identities believes a file without any only if it has an empty line.
    await token("revoke", "anonymous");
    assertEquals(Deno.readTextFileSync(path), "\n");
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});

Deno.test("lineup token says what is wrong, and changes nothing", async () => {
  const folder = Deno.makeTempDirSync();
  try {
    const path = `${folder}/identities.jsonl`;
    const token = onFile(path);
    await token("add", "acme");
    await token("add", "web", "--certificate", "DNS:web.example");
    const before = Deno.readTextFileSync(path);
    const wrong: readonly (readonly [string[], number, string])[] = [
      [["add", "acme"], 1, "there is an identity acme already; rotate gives it another token"],
      [["add"], 64, "token add needs NAME: a letter or a digit"],
      [["add", "a_b"], 64, ", not a_b."],
      [["add", "b", "--until", "tomorrow"], 64, "--until must be a time such as"],
      [["add", "b", "--until", "2030-02-31T00:00:00Z"], 64, "--until must be a time such as"],
      [["add", "b", "--class", "urgent"], 64, "--class must be one of"],
      [["add", "b", "--put", "two words"], 64, "--put must be a list of names"],
      [["add", "anonymous"], 64, "anonymous is for clients that prove nothing"],
      [["adds", "b"], 64, "There is no action adds; did you mean add?"],
      [["list", "--put", "x"], 64, "--put needs the action add."],
      [["list", "acme"], 64, "acme is one argument too many"],
      [["rotate", "acm"], 1, "there is no identity acm; did you mean acme?"],
      [["revoke", "acme", "--previous"], 1, "acme has no token before its last"],
      [
        ["add", "b", "--certificate", "DNS:WEB.example"],
        1,
        `${path} would be wrong: web and b have the same certificate`,
      ],
    ];
    for (const [words, code, message] of wrong) {
      const result = await token(...words);
      assertEquals([result.code, result.out], [code, ""], words.join(" "));
      assertStringIncludes(result.err, message);
      assertEquals(Deno.readTextFileSync(path), before);
    }
    await token("add", "anonymous", "--no-token");
    const rotated = await token("rotate", "anonymous");
    assertEquals([rotated.code, rotated.out], [1, ""]);
    assertStringIncludes(
      rotated.err,
      `${path} would be wrong, line 3: anonymous is for clients that prove nothing`,
    );
    assertEquals((await token("list")).code, 0);
    const withoutFile = await lineup(["token", "list"]);
    assertEquals(withoutFile.code, 64);
    assertStringIncludes(withoutFile.err, "token needs --file FILE");
    if (Deno.build.os !== "windows") {
      Deno.symlinkSync(path, `${folder}/link`);
      const linked = await onFile(`${folder}/link`)("rotate", "acme");
      assertEquals(linked.code, 1);
      assertStringIncludes(linked.err, "is a link: name the file itself");
    }
    Deno.writeTextFileSync(path, before + '{"name":"b","put":"x"}\n');
    const broken = await token("list");
    assertEquals(broken.code, 1);
    assertStringIncludes(broken.err, `${path}, line 3: put must be a list of names`);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});

Deno.test("several lineup token at once lose no change, and one that must wait too long says so", async () => {
  const folder = Deno.makeTempDirSync();
  try {
    const path = `${folder}/identities.jsonl`;
    // So many that the processes certainly overlap.
    const lines = Array.from({ length: 10_000 }, (_, at) => `{"name":"old-${at}"}\n`);
    Deno.writeTextFileSync(path, lines.join(""), { mode: 0o600 });
    const runs = await Promise.all([
      ...["a", "b", "c"].map((name) => lineupProcess(["token", "add", name, "--file", path])),
      lineupProcess(["token", "revoke", "old-0", "--file", path]),
    ]);
    assertEquals(runs.map(({ code }) => code), [0, 0, 0, 0]);
    const names = Deno.readTextFileSync(path).trim().split("\n")
      .map((line) => JSON.parse(line).name);
    assertEquals([names.length, names[0], names.slice(-3).sort()], [10_002, "old-1", [
      "a",
      "b",
      "c",
    ]]);
    await changing(path, async () => {
      await assertRejects(
        () => changing(path, () => {}, 30),
        Error,
        `another program has held ${path}.lock for 1 s; nothing was changed`,
      );
    });
    if (Deno.build.os !== "windows") {
      // That of a process that died has no lock.
      Deno.writeTextFileSync(`${path}.lock`, "");
      assertEquals((await onFile(path)("revoke", "a")).code, 0);
      assertEquals([...Deno.readDirSync(folder)].map(({ name }) => name), ["identities.jsonl"]);
    }
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});

Deno.test("lineup queue with identities listens for other machines, tells no token, and follows its file", async () => {
  const folder = Deno.makeTempDirSync();
  try {
    const path = `${folder}/identities.jsonl`;
    const token = onFile(path);
    const acme = (await token("add", "acme", "--put", "mail", "--role", "operator")).out.trim();
    await token("add", "bean", "--put", "mail");
    await using server = await startLineup([
      ...["queue", "--data", ":memory:", "--host", "0.0.0.0", "--port", "0"],
      ...["--identities", path, "--insecure", "--beanstalkd", "0", "--beanstalkd-identity", "bean"],
    ]);
    const { port } = server;
    using wire = await RawClient.open(`tcp://127.0.0.1:${port}`);
    assertEquals(await wire.ask(`AUTH ${acme}`), "OK identity=acme");
    assertEquals(await wire.ask("PUT mail x"), "OK id=1");
    assertEquals((await wire.ask("TAKE mail")).split(" ")[1], "forbidden");
    using other = await RawClient.open(`tcp://127.0.0.1:${port}`);
    assertEquals((await other.ask(`AUTH ${acme}x`)).split(" ")[1], "unauthenticated");
    assertEquals((await other.ask(`AUTH x ${acme}`)).split(" ")[1], "bad-arguments");
    assertEquals((await other.ask(`AUTH "${acme}`)).split(" ")[1], "bad-syntax");

    const said = [await wire.ask("STATS"), await wire.ask("SPEC"), await wire.ask("HELP AUTH")];
    await token("revoke", "acme");
    said.push(await wire.rest());
    assertMatch(said.at(-1)!, /^ERR unauthenticated "The proof of acme/);
    server.kill("SIGTERM");
    said.push((await server.finished()).err);
    const leaks = said.filter((text) => text.includes(acme.slice(-20)));
    assertEquals(leaks, []);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});

Deno.test("a comma on the command line of lineup token is refused, or escaped", async () => {
  const folder = Deno.makeTempDirSync();
  try {
    const path = `${folder}/identities.jsonl`;
    const token = onFile(path);
    const refused = await token("add", "acme", "--put", "mail.*,news");
    assertEquals(refused.code, 64);
    assertStringIncludes(
      refused.err,
      "lineup: --put takes one value: --put mail.* --put news. A comma that is part of it is written \\,",
    );
    await token("add", "acme", "--put", "mail\\,news", "--key", "a", "--key", "b");
    assertEquals(JSON.parse(Deno.readTextFileSync(path)).put, ["mail,news"]);
    assertStringIncludes((await token("list")).out, "put=mail\\,news keys=a,b");
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});

Deno.test("lineup token list shows what a terminal would act upon as escapes, a line for each identity", async () => {
  const path = Deno.makeTempFileSync();
  try {
    const evil = "\x1b[2J\x9b\u0085\u202e";
    const line = { name: "eve", put: [evil], see: ["a"], roles: [evil] };
    Deno.writeTextFileSync(path, `${JSON.stringify(line)}\n{"name":"mallory","put":["mail"]}\n`);
    const { code, out } = await onFile(path)("list");
    assertEquals(code, 0);
    const shown = "\\x1b[2J\\x9b\\x85\\u{202e}";
    assertEquals(out.split("\n"), [
      `eve      0 tokens  no end  put=${shown} see=a roles=${shown}`,
      "mallory  0 tokens  no end  put=mail",
      "",
    ]);
    const json = (await onFile(path)("list", "--json")).out.split("\n");
    assertEquals([json.length, JSON.parse(json[0]).put], [3, [evil]]);
  } finally {
    Deno.removeSync(path);
  }
});
