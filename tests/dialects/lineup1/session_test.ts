import {
  type BuiltinContext,
  type Control,
  type DialectSession,
  lineup1,
  NOBODY,
  type WireRequest,
} from "@lineup/lineup/dialects";
import { type CompiledCommand, type Protocol, Refusal, type Values } from "@lineup/lineup/protocol";
import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { decode, openSession, written } from "../session_input.ts";

const mail = {
  name: "mail",
  version: "1.2",
  summary: "Sends letters.",
  commands: {
    SEND: {
      summary: "Send a letter.",
      args: { to: "word", body: "text" },
      reply: { id: { type: "integer", positional: true }, copy: "text?", body: "text?" },
      items: { step: { type: "word", positional: true } },
    },
  },
} as const satisfies Protocol;

const compiled = lineup1.compile(mail);
const SEND = compiled.commands.get("SEND")!;

const IAC = 255, IP = 244, WILL = 251, WONT = 252, DO = 253, DONT = 254, TIMING_MARK = 6, ECHO = 1;

function open(): DialectSession {
  return openSession(lineup1, mail);
}

function request(session: DialectSession, line: string): WireRequest {
  const [decoded] = decode(session, line);
  if (decoded?.kind !== "request") throw new Error(`no request: ${JSON.stringify(decoded)}`);
  return decoded;
}

Deno.test("a session greets with the protocol and the limits of the server", () => {
  assertEquals(
    written((out) => open().greet(out)),
    'OK lineup/1 mail/1.2 max-line=8192 max-body=1048576 auth=none hint="Type HELP"\r\n',
  );
});

Deno.test("a session reads requests with and without a tag, in any split", () => {
  const session = open();
  assertEquals(decode(session, "#7 se"), []);
  assertEquals([session.midRequest, session.held > 0], [true, true]);
  const [tagged, plain] = decode(session, "nd ada {5}\nhello\nPING\n") as WireRequest[];
  assertEquals([tagged.verb, tagged.correlation, tagged.plain], ["SEND", "7", true]);
  assertEquals([plain.verb, plain.correlation], ["PING", undefined]);
  assertEquals(session.readArguments(tagged, SEND), { to: "ada", body: "hello" });
  assertEquals(session.midRequest, false);
});

Deno.test("the options of every command are known once the arguments are read", async () => {
  const session = open();
  const sent = request(session, "SEND ada hi within=2s class=bulk trace=00-1-2-01\n");
  assertEquals([sent.plain, sent.timeout], [false, undefined]);
  await session.readArguments(sent, SEND);
  assertEquals([sent.timeout, sent.class, sent.trace], [2000, "bulk", "00-1-2-01"]);
});

Deno.test("a request counts the memory of its raw arguments until it drops them", () => {
  const session = open();
  const small = request(session, "SEND ada hi\n");
  const large = request(session, `SEND ada {5000}\n${"x".repeat(5000)}\n`);
  assertEquals(large.bytes - small.bytes >= 4900, true);
  large.forget();
  assertEquals(large.bytes, 0);
});

Deno.test("wrong arguments are refused with the usage of the command", () => {
  const session = open();
  const sent = request(session, "SEND ada\n");
  assertThrows(() => session.readArguments(sent, SEND), Refusal, "Usage: SEND to body");
});

Deno.test("input outside the grammar is invalid, with its tag, and fatal where framing is lost", () => {
  const [first, second] = decode(open(), '#a SEND "x"y\nPING {x}\nPING\n');
  assertEquals(first.kind === "invalid" && [first.correlation, first.fatal], ["a", false]);
  assertEquals(second.kind === "invalid" && [second.failure.code, second.fatal], [
    "bad-syntax",
    true,
  ]);
});

Deno.test("input that ends within a request is invalid", () => {
  const session = open();
  decode(session, "PING\n");
  assertEquals(session.endOfInput(), undefined);
  decode(session, "PING");
  assertEquals(session.endOfInput()?.kind, "invalid");
});

Deno.test("Ctrl-C of telnet cancels once its timing mark is answered", () => {
  const session = open();
  const mark = Uint8Array.of(IAC, WILL, TIMING_MARK);
  const input = Uint8Array.of(IAC, IP, IAC, DO, TIMING_MARK);
  assertEquals(decode(session, input).filter(acts), [
    { kind: "control", write: mark, cancelOldest: "Ctrl-C ended the request." },
  ]);
});

Deno.test("Ctrl-C of telnet cancels before the next request is taken", () => {
  const kinds = decode(open(), Uint8Array.of(IAC, IP, ...new TextEncoder().encode("PING\n")))
    .filter((decoded) => decoded.kind !== "control" || acts(decoded))
    .map(({ kind }) => kind);
  assertEquals(kinds, ["control", "request"]);
});

Deno.test("Ctrl-C of telnet cancels at the end of the input, and each one cancels", () => {
  const session = open();
  assertEquals(decode(session, Uint8Array.of(IAC, IP)).filter(acts).length, 1);
  assertEquals(decode(session, Uint8Array.of(IAC, IP, IAC, IP)).filter(acts).length, 2);
});

Deno.test("every negotiation of telnet is declined", () => {
  assertEquals(decode(open(), Uint8Array.of(IAC, DO, ECHO, IAC, WILL, ECHO)), [
    { kind: "control", write: Uint8Array.of(IAC, WONT, ECHO) },
    { kind: "control", write: Uint8Array.of(IAC, DONT, ECHO) },
  ]);
});

Deno.test("items, replies and failures end as the lines of the client do", () => {
  const session = open();
  const tagged = request(session, "#1 SEND ada hi\n");
  const items = written((out) => session.writeItem(tagged, SEND, { step: "packed" }, out));
  assertEquals(items, "#1 * packed\n");
  assertEquals(written((out) => session.writeReply(tagged, SEND, { id: 4 }, out)), "#1 OK 4\n");
  const plain = request(session, "SEND ada hi\r\n");
  const reply = { id: 4, copy: "two words", body: "…" };
  assertEquals(
    written((out) => session.writeReply(plain, SEND, reply, out)),
    'OK 4 copy="two words" {3}\r\n…\r\n',
  );
  const failure = { code: "busy", message: "Later.", retry: 99.5, details: { scope: "all" } };
  assertEquals(
    written((out) => session.writeFailure(NOBODY, failure, out)),
    'ERR busy "Later." retry=100 scope=all\r\n',
  );
});

Deno.test("a reply that the command does not declare throws and writes nothing", () => {
  const session = open();
  const sent = request(session, "SEND ada hi\n");
  const wrong: Values[] = [{}, { id: "four" }, { id: 4, copy: "x".repeat(70_000) }];
  for (const reply of wrong) {
    const all = written((out) => assertThrows(() => session.writeReply(sent, SEND, reply, out)));
    assertEquals(all, "");
  }
});

Deno.test("a failure that no client could read is not carried", () => {
  const session = open();
  const carries = (message: string, details?: Record<string, string>) =>
    session.carries({ code: "full", message, details });
  assertEquals(carries("Full.", { queue: "mail" }), true);
  assertEquals(carries("Full.", { Queue: "mail" }), false);
  assertEquals(carries("Full.", { retry: "soon" }), false);
  assertEquals(carries("x".repeat(66_000)), false);
  assertEquals(carries("Full.", { queue: "€".repeat(30_000) }), false);
});

Deno.test("a refused connection gets one line", () => {
  const bytes = lineup1.refuseConnection({ code: "busy", message: "Full.", retry: 1000 });
  assertEquals(new TextDecoder().decode(bytes), 'ERR busy "Full." retry=1000\r\n');
});

const NO_CONTEXT: BuiltinContext = {
  identity: undefined,
  authenticate: () => ({ failure: { code: "unauthenticated", message: "No." }, delay: 0 }),
  pause: () => Promise.resolve(),
  introduce: () => {},
  figures: () => [["connections", 1]],
  id: 1,
  choose: () => undefined,
  cancel: () => false,
  quit: () => undefined,
};

function run(verb: string, args: Values, context: Partial<BuiltinContext>, session = open()) {
  return lineup1.builtins[verb].run(args, { ...NO_CONTEXT, ...context }, session);
}

Deno.test("HELLO introduces the client, and changes final lines and events", () => {
  const session = open();
  const told: unknown[] = [];
  const draining = (): string =>
    written((out) => session.writeNotice({ kind: "draining", within: 5000 }, out));
  assertEquals([session.timed, draining()], [false, ""]);
  const args = { version: "lineup/1", agent: "test", timing: true, events: true };
  run("HELLO", args, { introduce: (introduction) => void told.push(introduction) }, session);
  assertEquals(told, [{ agent: "test", halfCloses: undefined, heartbeat: undefined }]);
  assertEquals([session.timed, draining()], [true, "! draining within=5000ms\r\n"]);
  const sent = request(session, "SEND ada hi\n");
  assertEquals(
    written((out) => session.writeReply(sent, SEND, { id: 4 }, out, { waited: 0.12345, took: 2 })),
    "OK 4 waited=0.123 took=2\n",
  );
});

Deno.test("HELLO of another version is refused and changes nothing", () => {
  const session = open();
  const args = { version: "lineup/2", timing: true };
  assertThrows(() => run("HELLO", args, {}, session), Refusal, "This server speaks lineup/1.");
  assertEquals(session.timed, false);
});

Deno.test("HELP ends its lines as the client does", () => {
  const session = open();
  const { body } = run("HELP", { verb: "send" }, {}, session) as { body: string };
  assertStringIncludes(body, "SEND to body\r\n");
  decode(session, "PING\n");
  assertStringIncludes((run("HELP", {}, {}, session) as { body: string }).body, "1.2: Sends");
});

Deno.test("every built-in command is described, and compiled into every protocol", () => {
  const own = [...compiled.commands.values()].filter(({ builtin }: CompiledCommand) => builtin);
  assertEquals(own.map(({ verb }) => verb), Object.keys(lineup1.builtins));
  for (const { verb, command } of own) assertEquals(lineup1.builtins[verb].command, command);
});

Deno.test("CANCEL of no request in flight is refused; of one in flight it is not", () => {
  assertThrows(() => run("CANCEL", { tag: "a" }, {}), Refusal, "No request with the tag a");
  assertEquals(run("CANCEL", { tag: "a" }, { cancel: () => true }), {});
});

Deno.test("QUIT is answered once the others are", async () => {
  const others = Promise.withResolvers<void>();
  let answered = false;
  const answer = Promise.resolve(run("QUIT", {}, { quit: () => others.promise }));
  answer.then(() => answered = true);
  await Promise.resolve();
  assertEquals(answered, false);
  others.resolve();
  assertEquals(await answer, { word: "bye" });
});

/** Whether a decoded control does anything. */
function acts(decoded: unknown): boolean {
  const { write, cancelOldest } = decoded as Control;
  return write !== undefined || cancelOldest !== undefined;
}
