import { assertEquals, assertThrows } from "@std/assert";
import { identitiesFile } from "@lineup/lineup/server";
import { VirtualClock } from "../../../testing/virtual_clock.ts";
import { TestServer } from "../../test_server.ts";
import { type Line, TestIdentities, tokens } from "./identities.ts";

const { acme, bolt } = tokens;
const HASH = `sha256:${"0".repeat(64)}`;

/** Lines of a file, and the error for them, without the path. */
const wrong: readonly (readonly [lines: readonly (Line | string)[], error: string])[] = [
  [['{"name":"a"'], 'line 1: it is no JSON; an identity is one line such as {"name":"acme"}'],
  [
    ["", '["a"]'],
    'line 2: it is no JSON object; an identity is one line such as {"name":"acme"}',
  ],
  [
    ["{}"],
    'line 1: it has no name: a letter or a digit, then at most 63 letters, digits, "." or "-"',
  ],
  [
    [{ name: "a_b" }],
    'line 1: name must be a letter or a digit, then at most 63 letters, digits, "." or "-", not "a_b"',
  ],
  [[{ name: "a", role: ["x"] }], 'line 1: it has an unknown member "role"; did you mean roles?'],
  [
    [{ name: "a", tokens: [acme] }],
    'line 1: tokens must be at most 2 hashes, each "sha256:" and 64 hexadecimal digits; "lineup token" writes them',
  ],
  [
    [{ name: "a", tokens: [HASH, HASH.replace("0", "1"), HASH.replace("0", "2")] }],
    'line 1: tokens must be at most 2 hashes, each "sha256:" and 64 hexadecimal digits; "lineup token" writes them',
  ],
  [
    [{ name: "a", until: "tomorrow" }],
    'line 1: until must be a time such as "2027-01-31T00:00:00Z", not "tomorrow"',
  ],
  [
    [{ name: "b", until: "2028-02-29T23:59:59+14:00" }, { name: "a", until: "2030-02-31T00:00Z" }],
    'line 2: until must be a time such as "2027-01-31T00:00:00Z", not "2030-02-31T00:00Z"',
  ],
  [
    [{ name: "a", put: "mail.*" }],
    'line 1: put must be a list of names, in which * stands for any text, such as ["mail.*"], not "mail.*"',
  ],
  [
    [{ name: "a", roles: ["two words"] }],
    'line 1: roles must be a list of words, such as ["operator"], not ["two words"]',
  ],
  [
    [{ name: "a", class: "urgent" }],
    'line 1: class must be one of interactive, normal, bulk, background, not "urgent"',
  ],
  [[{ name: "a", weight: 0 }], "line 1: weight must be a number from 0.001 to 1000, not 0"],
  [[{ name: "a", rate: "9" }], 'line 1: rate must be a number from 0.001 to 1000000, not "9"'],
  [[{ name: "a", running: 1.5 }], "line 1: running must be a whole number, not 1.5"],
  [
    [{ name: "a", certificates: ["CN=a"] }],
    'line 1: certificates must be a list of certificates, each "sha256:" and a fingerprint, or "DNS:", "URI:", "IP:" or "email:" and a name, not ["CN=a"]',
  ],
  [
    [{ name: "anonymous", tokens: [HASH] }],
    "line 1: anonymous is for clients that prove nothing: it has no tokens",
  ],
  [
    [{ name: "b", put: ["put", "put:"] }, '{"name":"a", "put":["a\\"]"],"p\\u0075t" : ["*"]}'],
    'line 2: it has the member "put" twice',
  ],
  [[{ name: "a" }, { name: "b" }, { name: "a" }], "line 3: a is in line 1 already"],
];

for (const [lines, error] of wrong) {
  Deno.test(`a file of identities is refused: ${error.slice(0, 60)}`, () => {
    const path = Deno.makeTempFileSync();
    try {
      const text = lines.map((line) => typeof line === "string" ? line : JSON.stringify(line));
      Deno.writeTextFileSync(path, text.join("\n"));
      const separator = /^line/.test(error) ? ", " : ": ";
      assertThrows(() => identitiesFile(path), Error, `${path}${separator}${error}`);
    } finally {
      Deno.removeSync(path);
    }
  });
}

Deno.test("no two identities have the same token or certificate", () => {
  const path = Deno.makeTempFileSync();
  try {
    const refuse = (lines: readonly Line[], why: string): void => {
      Deno.writeTextFileSync(path, lines.map((line) => JSON.stringify(line)).join("\n"));
      assertThrows(() => identitiesFile(path), Error, `${path}: ${why}`);
    };
    refuse(
      [{ name: "a", tokens: [HASH] }, { name: "b", tokens: [HASH] }],
      "a and b have the same token",
    );
    refuse([{ name: "a", tokens: [HASH, HASH] }], "a has a token twice");
    refuse([
      { name: "a", certificates: ["DNS:Worker.example"] },
      { name: "b", certificates: ["DNS:worker.example"] },
    ], "a and b have the same certificate");
  } finally {
    Deno.removeSync(path);
  }
});

Deno.test({
  name: "a file of identities that others may write, or that is none, is refused",
  ignore: Deno.build.os === "windows",
  fn() {
    const path = Deno.makeTempFileSync();
    Deno.chmodSync(path, 0o622);
    const why = (reason: string): string => `the identities in ${path} cannot be read: ${reason}`;
    assertThrows(() => identitiesFile(path), Error, why("other users may write it; chmod 600 it"));
    Deno.removeSync(path);
    assertThrows(() => identitiesFile(path), Error, why("there is no such file"));
    Deno.mkdirSync(path);
    assertThrows(() => identitiesFile(path), Error, why("it is not a file"));
    Deno.removeSync(path);
  },
});

/** What happens to a connection of acme when the file changes. */
const changes: readonly {
  readonly title: string;
  readonly before: Omit<Line, "name">;
  readonly after: Omit<Line, "name"> | undefined;
  readonly end?: string;
}[] = [
  {
    title: "it is gone",
    before: {},
    after: undefined,
    end: 'ERR unauthenticated "The proof of acme is worth nothing any more."',
  },
  {
    title: "it has another token",
    before: {},
    after: { token: bolt },
    end: 'ERR unauthenticated "The proof of acme is worth nothing any more."',
  },
  {
    title: "its time is over",
    before: {},
    after: { until: "2020-01-01T00:00:00Z" },
    end: 'ERR unauthenticated "The proof of acme is worth nothing any more."',
  },
  ...[
    ["a role is gone", { roles: ["admin", "x"] }, { roles: ["x"] }],
    ["a pattern is gone", { put: ["mail.*", "video"] }, { put: ["video"] }],
    ["it is limited to keys", { put: ["*"] }, { put: ["*"], keys: ["acme"] }],
    ["a key is gone", { keys: ["acme", "b"] }, { keys: ["b"] }],
  ].map(([title, before, after]) => ({
    title: title as string,
    before: before as Omit<Line, "name">,
    after: after as Omit<Line, "name">,
    end: 'ERR forbidden "acme has lost a right; connect again for the others."',
  })),
  { title: "it has more roles", before: { roles: ["x"] }, after: { roles: ["x", "admin"] } },
  { title: "its lists are wider", before: { put: ["mail"], keys: ["a"] }, after: { put: ["*"] } },
  { title: "its weight is another", before: { weight: 1 }, after: { weight: 2, rate: 100 } },
];

for (const { title, before, after, end } of changes) {
  Deno.test(`a connection ${end ? "ends" : "stays"} when its identity changes: ${title}`, async () => {
    const clock = new VirtualClock();
    using identities = new TestIdentities(clock, [{ name: "acme", token: acme, ...before }]);
    await using server = await TestServer.open({ clock, identities: identities.file });
    using wire = await server.client();
    await wire.ask(`AUTH ${acme}`);
    await wire.send("#w WAIT w\n#h HOLD h\n");
    const waiting = await server.held("w");
    await server.held("h");
    const lines = after === undefined ? [] : [{ name: "acme", token: acme, ...after }];
    // The file is looked at every second.
    identities.write(lines);
    await clock.advance(1000);
    assertEquals(waiting.signal.aborted, end !== undefined);
    if (end === undefined) {
      const isAdmin = (after?.roles as string[] | undefined)?.includes("admin");
      assertEquals((await wire.ask("SECRET")).split(" ")[0], isAdmin ? "OK" : "ERR");
      return;
    }
    const maybe = `${end} executed=maybe`;
    const rest = (await wire.rest()).trim().split("\n").sort();
    assertEquals(rest, [`#h ${maybe}`, `#w ${maybe}`, end]);
    const ended = server.log.find(({ message }) => /its identity has changed/.test(message));
    assertEquals(ended?.identity, "acme");
  });
}

Deno.test("requests in flight go on to count when the rate of their identity changes", async () => {
  const clock = new VirtualClock();
  const acmeWith = (rate: number): Line[] => [{ name: "acme", token: acme, running: 1, rate }];
  using identities = new TestIdentities(clock, acmeWith(100));
  await using server = await TestServer.open({ clock, identities: identities.file });
  using wire = await server.client();
  await wire.ask(`AUTH ${acme}`);
  await wire.send("#h HOLD h\n");
  const held = await server.held("h");
  identities.change(acmeWith(200));
  assertEquals((await wire.ask("SAY x")).split(" ")[1], "quota");
  held.go("gone");
  assertEquals(await wire.reply(), "#h OK gone");
  assertEquals(await wire.ask("SAY x"), "OK x");
});

Deno.test("a wrong file changes nothing, is logged once, and is used once it is right", async () => {
  const clock = new VirtualClock();
  using identities = new TestIdentities(clock, [{ name: "acme", token: acme }]);
  await using server = await TestServer.open({ clock, identities: identities.file });
  using wire = await server.client();
  await wire.ask(`AUTH ${acme}`);
  identities.write([{ name: "bolt", token: bolt }, { name: "acme", rol: [] }]);
  await clock.advance(5000);
  assertEquals(identities.log, [{
    level: "error",
    message: "identities stay as they were",
    why: `${identities.path}, line 2: it has an unknown member "rol"; did you mean roles?`,
  }]);
  assertEquals(await wire.ask("SAY x"), "OK x");
  using other = await server.client();
  assertEquals((await other.ask(`AUTH ${bolt}`)).split(" ")[0], "ERR");
  identities.write([{ name: "bolt", token: bolt }, { name: "acme", token: acme }]);
  await clock.advance(1000);
  assertEquals(await other.ask(`AUTH ${bolt}`), "OK identity=bolt");
  assertEquals(await wire.ask("SAY x"), "OK x");
});

Deno.test("a file that is emptied or cut changes nothing; one with an empty line has no identities", async () => {
  const clock = new VirtualClock();
  using identities = new TestIdentities(clock, [{ name: "acme", token: acme }]);
  const { path, file, log } = identities;
  const text = Deno.readTextFileSync(path);
  for (const part of ["", text.slice(0, -10)]) {
    Deno.writeTextFileSync(path, part);
    await clock.advance(1000);
    assertEquals("identity" in file.authenticate(acme), true);
    assertThrows(() => file.reload());
  }
  assertEquals(log.map(({ why }) => why), [
    `${path} is empty; to have no identities, write an empty line`,
    `${path}, line 1: it is no JSON; an identity is one line such as {"name":"acme"}`,
  ]);
  Deno.writeTextFileSync(path, "\n");
  await clock.advance(1000);
  assertEquals(file.authenticate(acme), { why: "no identity has this token" });
});

Deno.test("a connection ends when the time of its identity is over", async () => {
  const clock = new VirtualClock();
  const until = new Date(clock.now() + 90_000_000).toISOString();
  using identities = new TestIdentities(clock, [{ name: "acme", token: acme, until }]);
  await using server = await TestServer.open({
    clock,
    identities: identities.file,
    timeouts: { idle: Infinity },
  });
  using wire = await server.client();
  assertEquals(await wire.ask(`AUTH ${acme}`), "OK identity=acme");
  await clock.advance(89_999_000);
  assertEquals(await wire.ask("SAY x"), "OK x");
  await clock.advance(1000);
  assertEquals(
    await wire.rest(),
    'ERR unauthenticated "The proof of acme is worth nothing any more."\n',
  );
  using late = await server.client();
  assertEquals((await late.ask(`AUTH ${acme}`)).split(" ")[1], "unauthenticated");
  const why = server.log.find(({ message }) => message === "authentication failed")?.why;
  assertEquals(why, "the time of acme is over");
});
