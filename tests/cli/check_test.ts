import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { connectStream, listen, parseAddress, writeAll } from "../../net/mod.ts";
import { serve } from "@lineup/lineup";
import calc from "../../examples/calc.ts";
import type { CheckResult } from "../../cli/check/result.ts";
import { Tally } from "../../cli/check/tally.ts";
import { lineServer } from "./line_server.ts";
import { lineup } from "./lineup_here.ts";
import { startLineup } from "./lineup_process.ts";
import { unhurried } from "../unhurried.ts";

interface Failure {
  readonly name: string;
  readonly why: string;
  readonly came: string;
}

async function check(address: string, ...flags: readonly string[]) {
  const { code, out } = await lineup(["check", "--json", ...flags, address]);
  const results = out.trim().split("\n").map((line) => JSON.parse(line));
  const failures: Failure[] = results.filter(({ status }) => status === "failed");
  return { code, results, failures };
}

/** The queues, limits and schedules of a queue, and the number of its requests. */
async function contents(address: string): Promise<string> {
  const all: string[] = [];
  for (const verb of ["QUEUES", "LIMITS", "SCHEDULES"]) {
    all.push((await lineup(["call", address, verb])).out);
  }
  return all.join("").replaceAll(/ oldest=\w+/g, "");
}

Deno.test("lineup check changes nothing, and says which levels a server passes", async () => {
  await using queue = await startLineup(["queue", "--port", "0", "--data", ":memory:"]);
  const address = `127.0.0.1:${queue.port}`;
  await lineup(["call", address, "PUT", "mail", "hello"]);
  const before = await contents(address);
  const { code, out, err } = await lineup(["check", "--slow", "TAKE none wait=60s", address]);
  assertEquals([code, err, out.match(/^FAILED.*/gm)], [0, "", null]);
  assertEquals(await contents(address), before);
  for (const level of ["core", "cancel", "deadlines", "timing", "telnet"]) {
    assertMatch(out, new RegExp(`^${level} +passed$`, "m"));
  }
  assertMatch(out, /^events +not checked: 4 cases skipped$/m);
  assertMatch(out, /\nThe cases about shutdown need MODULE\.\n[0-9]{3} ok, 0 failed, 4 skipped\n$/);
  const core = await lineup(["check", "--level", "core", "--json", address]);
  const results = core.out.trim().split("\n").map((line) => JSON.parse(line));
  assertEquals(new Set(results.map(({ level }) => level)), new Set(["core"]));
  assertEquals(
    new Set(results.map(({ status, why = "" }) => status + why)),
    new Set(["ok", "skippedit needs --slow REQUEST"]),
  );
});

Deno.test("lineup check is content with a server without an optional level, unless it is asked for", () => {
  const exit = (mayLack: boolean, statuses: readonly string[], level = "telnet") => {
    const tally = new Tally({ mayLack });
    for (const status of statuses) tally.add({ level, status } as CheckResult);
    return [tally.isFailure, tally.levels().trimEnd().replace(/ +/, " ")];
  };
  const all = ["failed", "failed", "skipped"], some = ["failed", "ok"];
  assertEquals(exit(true, all), [false, "telnet not offered: all 2 cases failed"]);
  assertEquals(exit(false, all), [true, "telnet FAILED: 2 of 2 cases"]);
  assertEquals(exit(true, some), [true, "telnet FAILED: 1 of 2 cases"]);
  assertEquals(exit(true, all, "core"), [true, "core FAILED: 2 of 2 cases"]);
  assertEquals(exit(true, all, "examples"), [true, "examples FAILED: 2 of 2 cases"]);
});

Deno.test("lineup check --examples says what it will do, does it, and undoes it", async () => {
  await using queue = await startLineup(["queue", "--port", "0", "--data", ":memory:"]);
  const address = `127.0.0.1:${queue.port}`;
  const empty = await contents(address);
  const args = ["check", "--examples", "--only", "example of"];
  const first = await lineup([...args, address]);
  assertEquals([first.code, first.out.match(/^FAILED.*/gm)], [0, null]);
  assertMatch(first.out, /^ok {6}example of PUT: PUT mail "hello world" key=acme$/m);
  assertMatch(
    first.err,
    /^The examples of its SPEC send [0-9]+ requests to 127\.0\.0\.1:[0-9]+: PUT \([0-9]+\), .*\. They may change its data\. At the end [0-9]+ requests of SPEC undo them\.\n$/,
  );
  assertEquals(await contents(address), empty);
  // The queue has had jobs, so the job of the first example has another number. No example behind it is sent.
  const again = await lineup([...args, address]);
  assertEquals([again.code, again.out.match(/^FAILED.*/gm)?.length], [1, 1]);
  assertMatch(
    again.out,
    /expected +OK id=1\n +came +OK id=[0-9]+\n0 ok, 1 failed; [0-9]+ examples were not run, because they may build on the failed one\n$/,
  );
  assertEquals(await contents(address), empty);
});

Deno.test("lineup check MODULE starts a server of its own, and runs everything", async () => {
  const { code, out } = await lineup(["check", "./examples/calc.ts"]);
  assertEquals([code, out.match(/^FAILED.*/gm)], [0, null]);
  for (const level of ["core", "cancel", "deadlines", "timing", "events", "telnet", "examples"]) {
    assertMatch(out, new RegExp(`^${level} +passed$`, "m"));
  }
  assertMatch(out, /\n[0-9]{3} ok, 0 failed\n$/);
});

/** A service whose handlers need the state of their connection, and whose middleware lets one command through. */
const COUNTER = `
import { Refusal, service } from "${new URL("../../mod.ts", import.meta.url)}";

const COUNT = {
  summary: "Count.",
  reply: { count: "integer" },
  examples: [{ request: "COUNT", reply: "OK count=1" }],
} as const;

const counter = { name: "counter", version: "1.0", summary: "Counts.", commands: { COUNT } } as const;

export default service(counter)({
  state: () => ({ count: 0 }),
  around: [(_args, { verb }, next) => {
    if (verb !== "COUNT") throw new Refusal("forbidden", "Only COUNT.");
    return next();
  }],
  handlers: { COUNT: (_args, { state }) => ({ count: ++state.count }) },
});
`;

Deno.test("lineup check MODULE serves the state and the middleware of a service", async () => {
  const file = await Deno.makeTempFile({ suffix: ".ts" });
  try {
    await Deno.writeTextFile(file, COUNTER);
    const args = ["--level", "cancel", "--examples", "--json", file];
    const { code, out } = await lineup(["check", ...args]);
    const results = out.trim().split("\n").map((line) => JSON.parse(line));
    assertEquals([code, results.map(({ status }) => status)], [0, Array(7).fill("ok")]);
  } finally {
    await Deno.remove(file);
  }
});

/** The server calc behind a relay that changes the bytes. Each character is a byte. */
async function spoiled(
  { request = (text) => text, reply = (text) => text }: {
    request?: (text: string) => string;
    reply?: (text: string) => string;
  },
) {
  const server = await serve(calc.protocol, calc.handlers, {
    ...unhurried,
    port: 0,
    log: () => {},
  });
  const listener = await listen({ transport: "tcp", hostname: "127.0.0.1", port: 0 });
  const pipes: Promise<void>[] = [];
  const streams: { close(): void }[] = [];
  const accepting = (async () => {
    for (let near; (near = await listener.accept()) !== undefined;) {
      const far = await connectStream(parseAddress(server.address));
      streams.push(near, far);
      pipes.push(pipe(near, far, request), pipe(far, near, reply));
    }
  })();
  return {
    address: listener.address,
    async [Symbol.asyncDispose]() {
      listener.close();
      await accepting;
      for (const stream of streams) stream.close();
      await Promise.all(pipes);
      await server.shutdown();
    },
  };
}

async function pipe(
  from: Awaited<ReturnType<typeof connectStream>>,
  to: Awaited<ReturnType<typeof connectStream>>,
  spoil: (text: string) => string,
): Promise<void> {
  const buffer = new Uint8Array(65_536);
  try {
    for (let read; (read = await from.read(buffer)) !== null;) {
      const text = spoil(String.fromCharCode(...buffer.subarray(0, read)));
      await writeAll(to, Uint8Array.from(text, (character) => character.charCodeAt(0)));
    }
    await to.closeWrite();
  } catch {
    // One of the two connections is lost.
    from.close();
    to.close();
  }
}

const SLOW = ["--slow", "SLEEP 60000", "--timeout", "500ms"];

/** Servers with one error each, and the cases that find it. */
const WRONG: readonly {
  readonly title: string;
  readonly request?: (text: string) => string;
  readonly reply?: (text: string) => string;
  readonly shownBy: readonly string[];
  readonly why: string;
  readonly flags?: readonly string[];
}[] = [
  {
    title: "answers with another tag",
    reply: (text) => text.replaceAll("#a ", "#b "),
    shownBy: ["a tag is repeated: #a PING", "a tag before an error: #a NO-SUCH-COMMAND"],
    why: "the answer is not the expected one",
  },
  {
    title: "forgets the tag",
    reply: (text) => text.replaceAll("#a ", ""),
    shownBy: ["a tag is repeated: #a PING", "a tag before an error: #a NO-SUCH-COMMAND"],
    why: "the answer is not the expected one",
  },
  {
    title: "takes CR for a part of the line",
    request: (text) => text.replaceAll("\r", "\\r"),
    shownBy: ["line end: CRLF, and so ends the answer"],
    why: "the answer is not the expected one",
  },
  {
    title: "ends every line in LF",
    reply: (text) => text.replaceAll("\r\n", "\n"),
    shownBy: ["line end: CRLF, and so ends the answer"],
    why: 'a line must end in "\\r\\n", but it ended in "\\n"',
  },
  {
    title: "answers a line too many",
    reply: (text) => text.replace(/OK pong\r?\n/, "OK pong\nOK pong\n"),
    shownBy: ["line end: LF, and so ends the answer", "a verb in any case: pInG"],
    why: "the server must answer the next PING with OK lineup-check-alive",
  },
  {
    title: "runs the body of a refused request",
    request: (text) => text.replace(/ \{[0-9]+\}/, ""),
    shownBy: ["body: behind an unknown command, its bytes are no request"],
    why: "",
  },
  {
    title: "says something in the middle of telnet",
    reply: (text) => text.replaceAll("\xff\xfb\x06", ""),
    shownBy: ["telnet: DO TIMING-MARK is answered"],
    why: "the telnet commands must be [255,251,6], but they were []",
  },
  {
    title: "answers no error with its code",
    reply: (text) => text.replaceAll("unknown-command", "bad-arguments"),
    shownBy: ["an unknown command: NO-SUCH-COMMAND"],
    why: "the answer is not the expected one",
  },
  {
    title: "answers what is no reply",
    reply: (text) => text.replaceAll("OK pong", "PONG"),
    shownBy: ["a verb in any case: pInG"],
    why: 'the answer is not a reply of Lineup/1: A reply begins with OK, ERR, * or !, not "PONG".',
  },
  {
    title: "answers examples otherwise",
    reply: (text) => text.replace(/^OK sum=3/m, "OK sum=4"),
    shownBy: ["example of ADD: ADD 1 2"],
    why: "the answer is not the expected one",
    flags: ["--examples"],
  },
  {
    title: "answers with a value of another type",
    reply: (text) =>
      text.replace(/^(OK lineup.*) max-body=[0-9]+(.* auth=none\r?\n)/, "$1 max-body=much$2"),
    shownBy: ["HELLO: HELLO lineup/1 agent=check"],
    why: "in the reply of HELLO, max-body must be a size in bytes",
  },
  {
    title: "answers with a field that its SPEC does not have",
    reply: (text) => text.replace(/^(\* n=.*)/gm, "$1 more=1"),
    shownBy: ["example of COUNT: COUNT 1 3"],
    why: "the answer is not the expected one",
    flags: ["--examples"],
  },
  {
    title: "does not cancel",
    request: (text) => text.replace("CANCEL a", "CANCEL z"),
    shownBy: ["CANCEL without a tag of its own"],
    why: "nothing more came within 500 ms",
    flags: SLOW,
  },
  {
    title: "forgets deadlines",
    request: (text) => text.replace(" within=50ms", ""),
    shownBy: ["within= expires"],
    why: "nothing more came within 500 ms",
    flags: SLOW,
  },
  {
    title: "answers two requests with one tag",
    request: (text) => text.replace("#a PING", "#b PING"),
    shownBy: ["a tag in use: an answer without a tag, and the end of the connection"],
    why: "nothing more came within 500 ms",
    flags: SLOW,
  },
  {
    title: "takes more requests than it says",
    reply: (text) => text.replace("max-in-flight=256", "max-in-flight=200"),
    shownBy: ["limit: one tagged request more than max-in-flight"],
    why: "the answer is not the expected one",
    flags: SLOW,
  },
];

for (const { title, request, reply, shownBy, why, flags = ["--timeout", "2s"] } of WRONG) {
  Deno.test(`lineup check finds a server that ${title}`, async () => {
    await using server = await spoiled({ request, reply });
    for (const name of shownBy) {
      const { code, failures } = await check(server.address, ...flags, "--only", name);
      assertEquals(code, 1, name);
      const failure = failures.find((each) => each.name === name);
      assert(failure !== undefined, `${name} must fail`);
      assertStringIncludes(failure.why, why);
    }
  });
}

Deno.test("lineup check finds a server that never answers, or ends the connection", async () => {
  await using silent = await lineServer(() => {});
  const only = ["--only", "a word beyond ASCII", "--timeout"];
  // The check waits for its time-out. The other checks run meanwhile.
  const checking = check(silent.address, ...only, "2s");
  const args = [...only, "100ms"];
  await using rude = await lineServer((_, connection) => connection.close());
  for (const { why } of (await check(rude.address, ...args)).failures) {
    assertMatch(why, /^(the server closed the connection, but must keep it|the connection broke)/);
  }
  await using mute = await lineServer(() => {}, "");
  const { code: unfit, failures: unmet } = await check(mute.address, ...args);
  assertEquals(unfit, 1);
  assertEquals(unmet.map(({ why }) => why), [
    "no greeting came within 100 ms",
  ]);
  assertEquals(mute.connections, 2, "nothing else is tried");
  await using foreign = await lineServer(() => "250 OK\r\n", "220 mail ESMTP\r\n");
  assertMatch((await check(foreign.address, ...args)).failures[0].why, /not a reply of Lineup\/1/);
  await using terse = await lineServer(() => "OK\n", "OK lineup/1 x/1 max-line=5\r\n");
  assertMatch((await check(terse.address, ...args)).failures[0].why, /^the greeting must be OK/);
  const { code, failures } = await checking;
  assertEquals(code, 1);
  assertEquals(failures.map(({ why, came }) => [why, came]), [
    ["nothing more came within 2000 ms", ""],
    ["nothing more came within 2000 ms", ""],
  ]);
});

Deno.test("lineup check names the failed case, and shows the bytes sent and received", async () => {
  await using server = await lineServer(() => "OK \x1b[2J\n");
  const { code, out } = await lineup(["check", "--only", "escapes", server.address]);
  assertEquals(code, 1);
  const [title, why, sent, expected, came, again] = out.split("\n");
  assertMatch(title, /^FAILED {2}escapes: PING "/);
  assertMatch(why, /^ +why +the answer is not a reply/);
  assertStringIncludes(sent, String.raw`"PING \"\\\" \\\\ \\x41`);
  assertStringIncludes(expected, "OK");
  assertMatch(came, /^ +came +nothing$/);
  assertMatch(again, /^FAILED {2}escapes: .* \(byte by byte\): as in one piece$/);
  assert(!out.includes("\x1b"), "nothing reaches the terminal as it is");
  assertMatch(out, /\n0 ok, [0-9]+ failed\n$/);
});

Deno.test("lineup check exits with 2 where no server listens, and with 64 for an unknown case", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  const { code, out, err } = await lineup(["check", `127.0.0.1:${port}`]);
  assertEquals([code, out], [2, ""]);
  assertStringIncludes(err, `cannot connect to 127.0.0.1:${port}`);
  await using server = await lineServer(() => {});
  const none = await lineup(["check", "--only", "nonsense", server.address]);
  assertEquals(none.code, 64);
  assertStringIncludes(none.err, "No case has nonsense in its name");
});

Deno.test("lineup check shows the part of an answer that differs", async () => {
  await using server = await spoiled({ reply: (text) => text.replace("OK 56\n", "OK 57\n") });
  const only = ["--only", "pipelining: untagged", "--timeout", "2s"];
  const { code, out } = await lineup(["check", ...only, server.address]);
  assertEquals(code, 1);
  assertEquals(out.replace(/"PING 0.*$/m, "…").split("\n").slice(0, 7), [
    "FAILED  pipelining: untagged requests are answered in order",
    "          why       the answer is not the expected one",
    "          sent      …",
    "          expected  from line 57 of the answer on:",
    "                    OK 56",
    "          came      from line 57 of the answer on:",
    "                    OK 57",
  ]);
});

Deno.test("lineup check refuses flags that make no sense", async () => {
  await using server = await spoiled({});
  const cases: [string[], string][] = [
    [["--level", "royal", "127.0.0.1:1"], "There is no level royal; choose one of core, cancel"],
    [["--slow", "SLEEP 1", "./examples/calc.ts"], "--slow needs ADDRESS, not MODULE."],
    [["./examples/none.ts"], "There is no module ./examples/none.ts."],
    [["--slow", "PING", server.address], "must be a request that takes some seconds, but PING is"],
    [["--slow", "A\nB", server.address], "--slow must be one line."],
  ];
  for (const [args, message] of cases) {
    const { code, err } = await lineup(["check", ...args]);
    assertEquals(code, 64);
    assertStringIncludes(err, message);
  }
});

/** Answers to SHOW that its SPEC does not allow, each with the reason; none for those that it allows. */
const SHOWN: Readonly<Record<string, readonly [answer: string, why?: string]>> = {
  right: ["OK n=1"],
  declared: ['ERR gone "It is gone." retry=5 executed=no since=1d'],
  standard: ['ERR busy "Not now."'],
  type: ["OK n=one", 'in the reply of SHOW, n must be an integer, not "one"'],
  missing: ["OK", "in the reply of SHOW, n must be an integer, and is missing"],
  field: ["OK n=1 more=1", "SPEC has no more= in the reply of SHOW"],
  word: ["OK one n=1", 'SPEC has no word "one" in the reply of SHOW'],
  body: ["OK n=1 {1}\nx", "SPEC has no body in the reply of SHOW"],
  item: ["* n=1\nOK n=1", "in an item of SHOW, an item came, and the command has none"],
  code: ['ERR lost "It is lost."', 'the code "lost" is not declared for SHOW'],
  bare: ["ERR gone", "an ERR line has a code and a message"],
  retry: ['ERR gone "Not now." retry=soon', "retry= must be milliseconds"],
  executed: ['ERR gone "Perhaps." executed=perhaps', "executed= must be no or maybe"],
};

Deno.test("lineup check compares the answers to examples with the types of SPEC", async () => {
  const show = {
    summary: "Show an answer.",
    args: { which: { type: "word" } },
    reply: { n: { type: "integer" } },
    errors: { gone: { summary: "It is gone." } },
    examples: Object.keys(SHOWN).map((which) => ({ request: `SHOW ${which}`, reply: "…" })),
  };
  const protocol = { name: "bare", version: "1.0", summary: "Bare.", commands: { SHOW: show } };
  const spec = JSON.stringify({ lineup: "1", protocol });
  await using server = await lineServer((line) => {
    const [, tag = "", verb, word] = /^(#\S+ )?(\S+) ?(\S*)/.exec(line)!;
    if (verb === "SPEC") {
      return `${tag}OK {${new TextEncoder().encode(spec).length}}\n${spec}\n`;
    }
    return verb === "PING" ? `${tag}OK ${word}\n` : verb === "SHOW" ? `${SHOWN[word][0]}\n` : "";
  });
  for (const [which, [, why]] of Object.entries(SHOWN)) {
    const only = ["--examples", "--only", `SHOW ${which}`, "--timeout", "2s"];
    const { results } = await check(server.address, ...only);
    assertEquals(results.map(({ status, why }) => [status, why]), [
      why === undefined ? ["ok", undefined] : ["failed", why],
    ], which);
  }
});
