import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { connectStream, listen, parseAddress, writeAll } from "../../net/mod.ts";
import { serve } from "@lineup/lineup";
import calc from "../../examples/calc.ts";
import { lineServer } from "./line_server.ts";
import { lineup } from "./lineup_here.ts";
import { startLineup } from "./lineup_process.ts";

interface Failure {
  readonly name: string;
  readonly why: string;
  readonly came: string;
}

async function check(address: string, ...flags: string[]) {
  const { code, out } = await lineup(["check", "--json", ...flags, address]);
  const results = out.trim().split("\n").map((line) => JSON.parse(line));
  const failures: Failure[] = results.filter(({ status }) => status === "failed");
  return { code, results, failures };
}

Deno.test("lineup check passes for our own servers, their examples included", async () => {
  await using queue = await startLineup(["queue", "--port", "0", "--data", ":memory:"]);
  const { code, out, err } = await lineup(["check", `127.0.0.1:${queue.port}`]);
  assertEquals([code, err, out.match(/^FAILED.*/gm)], [0, "", null]);
  assertMatch(out, /^ok {6}example of PUT: PUT mail "hello world" key=acme$/m);
  assertMatch(out, /\n[0-9]{3} ok, 0 failed\n$/);
  // The queue has had jobs, so the job of the example has another number.
  const again = await check(`127.0.0.1:${queue.port}`, "--only", "example of PUT");
  assertEquals(again.code, 1);
  assertEquals(again.failures[0].why, "the answer is not the expected one");
});

/** The server calc behind a relay that changes the bytes. Each character is a byte. */
async function spoiled(
  { request = (text) => text, reply = (text) => text }: {
    request?: (text: string) => string;
    reply?: (text: string) => string;
  },
) {
  const server = await serve(calc.protocol, calc.handlers, { port: 0, log: () => {} });
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

/** Servers with one error each, and the cases that find it. */
const WRONG: readonly {
  readonly title: string;
  readonly request?: (text: string) => string;
  readonly reply?: (text: string) => string;
  readonly shownBy: readonly string[];
  readonly why: string;
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
  },
];

for (const { title, request, reply, shownBy, why } of WRONG) {
  Deno.test(`lineup check finds a server that ${title}`, async () => {
    await using server = await spoiled({ request, reply });
    for (const name of shownBy) {
      const { code, failures } = await check(server.address, "--timeout", "2s", "--only", name);
      assertEquals(code, 1, name);
      const failure = failures.find((each) => each.name === name);
      assert(failure !== undefined, `${name} must fail`);
      assertStringIncludes(failure.why, why);
    }
  });
}

Deno.test("lineup check finds a server that never answers, or ends the connection", async () => {
  await using silent = await lineServer(() => {});
  const only = ["--only", "a word beyond ASCII", "--no-examples", "--timeout"];
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
  const [title, why, sent, expected, came] = out.split("\n");
  assertMatch(title, /^FAILED {2}escapes: PING "/);
  assertMatch(why, /^ +why +the answer is not a reply/);
  assertStringIncludes(sent, String.raw`"PING \"\\\" \\\\ \\x41`);
  assertStringIncludes(expected, "OK");
  assertMatch(came, /^ +came +nothing$/);
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
  const none = await lineup(["check", "--no-examples", "--only", "nonsense", server.address]);
  assertEquals(none.code, 64);
  assertStringIncludes(none.err, "No case has nonsense in its name");
});
