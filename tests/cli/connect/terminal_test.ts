// The terminal against a real server, with a virtual screen and keyboard.

import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { ConnectionLost } from "@lineup/lineup/client";
import { History } from "../../../cli/connect/history.ts";
import { painter } from "../../../cli/style.ts";
import { Terminal } from "../../../cli/connect/terminal.ts";
import { type ByteStream, listen, type Listener, parseAddress } from "../../../net/mod.ts";
import { type Protocol, Refusal } from "../../../protocol/mod.ts";
import { serve, type Server } from "../../../server/mod.ts";
import { VirtualClock } from "../../../testing/virtual_clock.ts";
import { lineServer } from "../line_server.ts";
import { serveQueue } from "../queue_here.ts";
import { VirtualTerminal } from "./virtual_terminal.ts";

const echo = {
  name: "echo",
  version: "1.0",
  summary: "Says what it is told.",
  commands: {
    SAY: {
      summary: "Say it again.",
      args: { body: "text" },
      reply: { body: "text" },
    },
    COUNT: {
      summary: "Count.",
      args: { to: "integer" },
      items: { n: { type: "integer", positional: true } },
      reply: {},
    },
    NOTE: { summary: "Keep a number.", args: { n: "integer" } },
    NOTED: { summary: "The numbers.", reply: { all: { type: "text", positional: true } } },
    WAIT: { summary: "Wait to be cancelled." },
    EVIL: { summary: "\x1b[31mRed\u202e.", reply: { body: "bytes" } },
  },
} as const satisfies Protocol;

async function serveEcho(listener: string | Listener = "127.0.0.1:0"): Promise<Server> {
  const noted: number[] = [];
  return await serve(echo, {
    SAY: ({ body }) => ({ body }),
    *COUNT({ to }) {
      for (let n = 1; n <= to; n++) yield { n };
      return {};
    },
    NOTE({ n }) {
      if (n < 0) throw new Refusal("forbidden", "No.");
      noted.push(n);
    },
    NOTED: () => ({ all: noted.join(",") }),
    WAIT(_, { signal, park }) {
      noted.push(0);
      return park(
        new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
      );
    },
    EVIL: () => ({ body: new TextEncoder().encode("\x1b]0;title\x07\x9b2J\nsecond") }),
  }, { listen: [listener] });
}

interface Session extends AsyncDisposable {
  readonly screen: VirtualTerminal;
  readonly exit: Promise<number>;
  readonly history: History;
  readonly terminal: Terminal;
  type(keys: string): void;
  see(what: string | RegExp): Promise<void>;
}

async function open(
  address: string,
  options: { raw?: boolean; columns?: number; connected?: boolean; clock?: VirtualClock } = {},
): Promise<Session> {
  const screen = new VirtualTerminal(options.columns ?? 100, 40);
  const history = new History();
  const terminal = new Terminal({
    address,
    device: screen,
    history,
    paint: painter(false),
    raw: options.raw ?? false,
    suspend: () => {},
    clock: options.clock,
  });
  const exit = terminal.run();
  const see = (what: string | RegExp): Promise<void> => screen.see(what);
  if (options.connected !== false) {
    await see(/^echo 1>$/m);
    // SPEC has arrived once a hint is shown.
    terminal.type(new TextEncoder().encode("PING"));
    await see("PING [word]");
    terminal.type(Uint8Array.of(0x15));
  }
  return {
    screen,
    exit,
    history,
    terminal,
    see,
    type: (keys) => terminal.type(new TextEncoder().encode(keys)),
    async [Symbol.asyncDispose]() {
      terminal.leave();
      await exit;
    },
  };
}

const CTRL_C = "\x03", CTRL_D = "\x04";

Deno.test("terminal sends a line, shows its reply above the prompt, and leaves at QUIT", async () => {
  await using server = await serveEcho();
  const { type, see, screen, exit, history } = await open(server.address);
  type("say 'hi'\r");
  await see("OK {4}\n'hi'\necho 2>");
  type("#mine PING\r");
  await see("#mine OK pong\necho 2>");
  type("QUIT\r");
  assertEquals(await exit, 0);
  assertStringIncludes(screen.text, "echo 2> QUIT\nOK bye");
  assertEquals(history.lines, ["say 'hi'", "#mine PING", "QUIT"]);
});

Deno.test("terminal keeps a line that the protocol forbids, shows the error at its place, and sends it with !", async () => {
  await using server = await serveEcho();
  await using session = await open(server.address);
  const { type, see, screen } = session;
  type("NOTE x\r");
  await see(/^echo 1> NOTE x\n {13}\^\nn must be an integer, not "x"\.$/m);
  assertEquals(screen.column, "echo 1> NOTE x".length);
  type("7\x7f\x7f5\r");
  await see("echo 1> NOTE 5\nOK\necho 2>");
  type("!NOTE x\r");
  await see('ERR bad-arguments n must be an integer, not "x".');
  type("PINK\r");
  await see("There is no command PINK; did you mean PING?");
});

Deno.test("terminal distinguishes bodies from requests: several lines, a file and a counted one", async () => {
  const file = await Deno.makeTempFile();
  try {
    await Deno.writeTextFile(file, "from a file\n");
    await using server = await serveEcho();
    await using session = await open(server.address);
    const { type, see, history } = session;
    type("SAY <<END\r");
    await see("END>");
    type("PING\r");
    type("\r");
    type("  two\r");
    type("END\r");
    await see("OK {11}\nPING\n\n  two\n");
    type("SAY {3}\r");
    await see("{3}>");
    type("a\r");
    type("b\r");
    await see("OK {3}\na\nb\n");
    type("SAY {3}\r");
    type("long\r");
    await see("The body has 4 bytes instead of 3.");
    type(`SAY @${file}\r`);
    await see("OK {12}\nfrom a file\necho");
    type("SAY @/nowhere\r");
    await see("There is no file /nowhere;");
    type(`\x05\x15SAY <<END\r`);
    await see(/END>$/);
    type(CTRL_C);
    await see("the request is not sent");
    assertEquals(history.lines, ["SAY <<END", "SAY {3}", `SAY @${file}`, "SAY <<END"]);
  } finally {
    await Deno.remove(file);
  }
});

Deno.test("terminal stays usable while requests wait, marks their answers, and cancels the newest", async () => {
  await using server = await serveEcho();
  const { type, see, exit } = await open(server.address);
  type("WAIT\r");
  await see("echo 2 [#1]>");
  type("#w WAIT\r");
  await see("echo 2 [#1 #w]>");
  type("PING\r");
  await see("#2 OK pong");
  type("#w PING\r");
  await see("The tag w is in use");
  type(CTRL_C);
  type(CTRL_C);
  await see(/cancelling #w[^]*#w ERR cancelled/);
  type(CTRL_C);
  await see(/cancelling #1[^]*ERR cancelled/);
  type("half" + CTRL_C);
  await see("half^C");
  type(CTRL_C);
  await see("Ctrl-C again leaves");
  type("x\x7f");
  type(CTRL_C);
  type(CTRL_C);
  assertEquals(await exit, 0);
});

Deno.test("terminal gives no request a tag that is in use", async () => {
  await using server = await serveEcho();
  const { type, see, exit } = await open(server.address);
  type("#1 WAIT\r");
  await see("echo 2 [#1]>");
  type("#2 WAIT\r");
  await see("echo 3 [#1 #2]>");
  type("#4 WAIT\r");
  await see("echo 3 [#1 #2 #4]>");
  type("PING\r");
  await see("#3 OK pong");
  type("PING\r");
  await see("#5 OK pong");
  // Three cancel the requests, and one more leaves.
  type(CTRL_C.repeat(4));
  assertEquals(await exit, 0);
});

Deno.test("terminal leaves at once at the second Ctrl-C, with requests in flight", async () => {
  await using server = await serveEcho();
  const { type, see, exit } = await open(server.address);
  type("WAIT\r");
  await see("[#1]");
  type(CTRL_C + CTRL_C);
  assertEquals(await exit, 0);
});

Deno.test("terminal waits for requests in flight at Ctrl-D", async () => {
  await using server = await serveEcho();
  const { type, see, exit, screen } = await open(server.address);
  type("#n WAIT within=300ms\r");
  await see("[#n]");
  type(CTRL_D);
  assertEquals(await exit, 0);
  assertStringIncludes(screen.text, "waiting for 1 reply; Ctrl-C leaves at once");
  assertStringIncludes(screen.text, "#n ERR expired");
});

Deno.test("terminal runs a paste of 1,000 lines in order, and completes nothing in it", async () => {
  await using server = await serveEcho();
  await using session = await open(server.address);
  const { type, see, screen } = session;
  const numbers = Array.from({ length: 1000 }, (_, index) => index);
  type(`\x1b[200~${numbers.map((n) => `NOTE\t${n}\r`).join("")}NOT\tE\rNOTED\x1b[201~`);
  await see("There is no command NOT");
  type("\r");
  await see(`OK ${numbers.join(",").slice(0, 60)}`);
  assertStringIncludes(screen.text.replaceAll("\n", ""), `OK ${numbers.join(",")}`);
  assertStringIncludes(screen.text, "NOTE 999\nOK\n");
});

Deno.test("terminal stops a paste at the first ERR, and at the first mistake", async () => {
  await using server = await serveEcho();
  await using session = await open(server.address);
  const { type, see, screen } = session;
  type("\x1b[200~NOTE 1\nNOTE -1\nNOTE 2\nNOTE 3\n\x1b[201~");
  await see("ERR forbidden No.\n-- 2 lines are not sent");
  type("\x1b[200~NOTE 4\nNOTE x\nNOTE 5\n\x1b[201~");
  await see(/not "x"\.\n-- 1 line is not sent/);
  const wrong = [
    ["PING <<END", "takes no body"],
    ["NOET <<END", "There is no command NOET"],
    ['SAY "x <<END', "A closing quote is missing"],
    ["SAY << END", "A word with << comes last"],
  ];
  for (const [line, says] of wrong) {
    type(`\x1b[200~${line}\nNOTE 6\nEND\n\x1b[201~`);
    await see(new RegExp(`${says}[^]*-- 2 lines are not sent`));
  }
  type("NOTED\r");
  await see("OK 1,4\n");
  assertStringIncludes(screen.text, "echo 4>");
});

Deno.test("terminal tells how long replies take, if it is asked to", async () => {
  await using server = await serveEcho();
  await using session = await open(server.address);
  const { type, see, screen } = session;
  type("/timing\rPING\r");
  await see(/timing is on\n(.*\n)*?OK pong\n-- [\d.]+ m?s\n/);
  type("#a PING\r");
  await see(/#a OK pong\n-- #a [\d.]+ m?s\n/);
  type("/timing\rPING x\r");
  await see("timing is off");
  await see(/OK x\necho/);
  type("/timing x\r");
  await see("/timing takes nothing behind it.");
  assertEquals(screen.text.match(/^-- (#a )?[\d.]+ m?s$/gm)?.length, 2);
});

Deno.test("terminal repeats a request until Ctrl-C, and until its reply is ERR", async () => {
  await using server = await serveEcho();
  const clock = new VirtualClock();
  await using session = await open(server.address, { clock });
  const { type, see } = session;
  type("/repeat 2s PING again\r");
  await see("-- again 2s after each answer; Ctrl-C ends it");
  await see("OK again\necho 2>");
  clock.advance(2000);
  await see(/-- \d\d:\d\d:\d\d PING again\nOK again\necho 3>/);
  type(CTRL_C);
  await see("not repeated any more: Ctrl-C");
  clock.advance(10_000);
  type("/repeat 1s NOTE -1\r");
  await see(/ERR forbidden No\.\n-- not repeated any more: the reply is ERR\necho 4>/);
  for (
    const [rest, says] of [
      ["2 PING", "DURATION must be a duration"],
      ["1ms PING", "DURATION must be a duration"],
      ["1s", "/repeat needs DURATION REQUEST."],
      ["1s FROB", "There is no command FROB"],
      ["1s SAY <<END", "A request with <<END or {N} cannot be repeated; @FILE can."],
    ]
  ) {
    type(`/repeat ${rest}\r`);
    await see(says);
  }
  type("PING done\r");
  await see("OK done");
});

Deno.test("terminal shows the last reply in pages, finds text in it, and saves it", async () => {
  const directory = await Deno.makeTempDir();
  try {
    await using server = await serveEcho();
    await using session = await open(server.address);
    const { type, see, screen } = session;
    type("/page\r/save x\r");
    await see(/There is no reply yet\.\n[^]*There is no reply yet\./);
    type("COUNT 100\r");
    await see("* 100\nOK\necho 2>");
    type("/page\r");
    await see("COUNT 100  39 of 101");
    type(" ");
    await see("78 of 101");
    type("G");
    await see("101 of 101");
    type("g/* 50\r");
    await see("88 of 101");
    type("/none\r");
    await see("no more none below");
    screen.columns = 30;
    session.terminal.redraw();
    type("j");
    await see(/\nCOUNT 100 .*…$/);
    screen.columns = 100;
    type("q");
    await see(/echo 2>$/);
    // An indented line keeps its indentation in all of its rows.
    type('SAY "  one two three four five six seven eight"\r');
    await see("echo 3>");
    type("/page\r");
    await see("q: leave");
    screen.columns = 24;
    session.terminal.redraw();
    await see("\n  one two three four\n  five six seven eight\n");
    screen.columns = 100;
    type("q");
    type("COUNT 100\r");
    await see(/\* 100\nOK\necho 4>$/);
    type(`/save ${directory}/reply\r`);
    await see(/of COUNT 100 saved to/);
    const saved = await Deno.readTextFile(`${directory}/reply`);
    assertEquals(saved, Array.from({ length: 100 }, (_, at) => `* ${at + 1}\n`).join("") + "OK\n");
    type(`/save ${directory}/reply\r`);
    await see("Not saved: ");
    type("/save\r");
    await see("/save needs FILE.");
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("terminal completes names of queues and numbers of jobs that the server tells", async () => {
  await using queue = await serveQueue();
  for (const name of ["mail", "music"]) {
    await queue.client.PUT({ queue: name, body: "x" });
    await queue.client.PUT({ queue: name, body: "x" });
  }
  await using session = await open(queue.address, { connected: false });
  const { type, see } = session;
  await see(/^queue 1>$/m);
  type("PING");
  await see("PING [word]");
  type("\x15TAKE ma\t");
  await see(/^queue 1> TAKE mail/m);
  type("\x15JOB \t");
  await see(/^queue 1> JOB\n( {2}[1-4] *\n?){4}/m);
  type("\x15/repeat 2s QUEUE mu\t");
  await see(/^queue 1> \/repeat 2s QUEUE music/m);
  type("\x15/sav\t");
  await see(/^queue 1> \/save/m);
});

Deno.test("terminal drops the rest of a paste at Ctrl-C", async () => {
  await using server = await serveEcho();
  await using session = await open(server.address);
  const { type, see } = session;
  type("\x1b[200~PING one\nWAIT\nPING two\nPING three\n\x1b[201~");
  await see("and 2 lines");
  type(CTRL_C);
  await see("2 lines are not sent");
  await see("ERR cancelled");
  type("PING four\r");
  await see("OK four");
});

Deno.test("terminal shows a reply of 10,000 items whole", async () => {
  await using server = await serveEcho();
  await using session = await open(server.address);
  const { type, see, screen } = session;
  type("COUNT 10000\r");
  await see("* 10000\nOK\necho 2>");
  const shown = screen.text.split("\n").filter((row) => row.startsWith("* "));
  assertEquals(shown, Array.from({ length: 10_000 }, (_, index) => `* ${index + 1}`));
});

Deno.test("terminal shows no more items of a stream once it is cancelled", async () => {
  await using server = await serveEcho();
  await using session = await open(server.address);
  const { type, see, screen } = session;
  type("COUNT 1000000000\r");
  await see("* 100\n");
  type(CTRL_C);
  await see(/cancelling #1; [^]*ERR cancelled/);
  const behind = screen.text.slice(screen.text.indexOf("cancelling #1"));
  assertEquals(behind.includes("* "), false, behind);
});

Deno.test("terminal shows controls of a server as escapes", async () => {
  await using server = await serveEcho();
  await using session = await open(server.address);
  const { type, see } = session;
  // The virtual terminal throws at any control that it does not expect.
  type("EVIL");
  await see("\\x1b[31mRed\\u{202e}.");
  type("\r");
  await see("\\x1b]0;title\\x07\\x9b2J\nsecond\n");
  type('SAY "\\x1b[2J"\r');
  await see("OK {4}\n\\x1b[2J\n");
});

/** A server that can end as one that is killed: without a word to its clients. */
async function serveCut(): Promise<Server & { cut(): void }> {
  const listener = await listen(parseAddress("127.0.0.1:0"));
  const streams: ByteStream[] = [];
  const server = await serveEcho({
    ...listener,
    async accept() {
      const stream = await listener.accept();
      if (stream !== undefined) streams.push(stream);
      return stream;
    },
  });
  return Object.assign(server, {
    cut(): void {
      listener.close();
      for (const stream of streams) stream.close();
    },
  });
}

/** Ends the session at a new server, which has got none of the requests of the old one. */
async function connectAgain({ type, see, exit, screen }: Session, address: string): Promise<void> {
  await see("(not connected)>");
  type("NOTED\r");
  await see("Not sent: there is no connection now.");
  await using _ = await serveEcho(address);
  type("\r");
  await see("connected again to");
  // It is no longer true.
  assertEquals(screen.text.includes("Not sent"), false, screen.text);
  type("\x15NOTED\r");
  await see('OK ""');
  type(CTRL_D);
  assertEquals(await exit, 0);
}

Deno.test("terminal connects again, names the lost requests, and sends none twice", async () => {
  await using server = await serveCut();
  const session = await open(server.address);
  const { type, see } = session;
  type("NOTE 1\r");
  await see("NOTE 1\nOK");
  type("WAIT\r");
  await see("[#2]");
  // It is at the server.
  type("#n NOTED\r");
  await see("#n OK 1,0");
  server.cut();
  await see("#2 is lost, executed or not, and not sent again: WAIT");
  await connectAgain(session, server.address);
});

Deno.test("terminal connects again after a server that ends, and sends what it refused no more", async () => {
  const server = await serveEcho();
  const session = await open(server.address);
  const { type, see, screen } = session;
  type("WAIT\r");
  await see("[#1]");
  await server[Symbol.asyncDispose]();
  await see("! draining within=10000ms\nERR draining The server is shutting down.");
  await see("connection lost:");
  // Its fate is known.
  assertEquals(screen.text.includes("is lost"), false, screen.text);
  await connectAgain(session, server.address);
});

Deno.test("terminal without a server leaves with the loss of the connection", async () => {
  const listener = await listen({ transport: "tcp", hostname: "127.0.0.1", port: 0 });
  const { address } = listener;
  listener.close();
  const { exit } = await open(address, { connected: false });
  await assertRejects(() => exit, ConnectionLost, "cannot connect to");
});

Deno.test("terminal shows the bytes both ways with --raw, and at /raw", async () => {
  await using server = await serveEcho();
  await using session = await open(server.address, { raw: true });
  const { type, see } = session;
  await see("< OK lineup/1 echo/1.0");
  type("PING x\r");
  await see("echo 1> PING x\n> #1 PING x\\n\n< #1 OK x\\n\n");
  type("/raw\r");
  await see("-- replies");
  type("PING y\r");
  await see("PING y\nOK y\n");
  type("/nothing\r");
  await see("commands are /help, /page, /quit, /raw, /repeat, /save, /timing.");
});

Deno.test("terminal completes and explains at a narrow width", async () => {
  await using server = await serveEcho();
  await using session = await open(server.address, { columns: 24 });
  const { type, see } = session;
  type("NO\t");
  await see("echo 1> NOTE\n  NOTE   Keep a number.\n  NOTED  The numbers.");
  type("\t\t");
  await see("echo 1> NOTED\n");
  type("\x15NOTE ");
  await see("echo 1> NOTE n\nn: An integer.");
});

Deno.test("terminal sends signs of life without showing them, and notices that its server vanishes", async () => {
  let isThere = true;
  await using server = await lineServer((line) => {
    const [tag, verb] = line.split(" ");
    if (!isThere) return;
    return verb === "PING" ? `${tag} OK pong\n` : `${tag} ERR no-such "No."\n`;
  });
  const clock = new VirtualClock();
  await using session = await open(server.address, { connected: false, clock });
  const { see, screen } = session;
  await see("nothing is completed");
  await server.until(() => server.received.some((line) => line.includes("heartbeat=60000ms")));
  const pings = (): number => server.received.filter((line) => line.endsWith("PING")).length;
  for (let i = 1; i <= 10; i++) {
    clock.advance(30_000);
    await server.until(() => pings() === i);
    // When another request is answered, the answer to the sign of life is here.
    session.type(`#a${i} X\r`);
    await see(`#a${i} ERR`);
  }
  assertEquals(screen.text.includes("PING"), false);
  isThere = false;
  clock.advance(120_000);
  assertEquals(server.connections, 1);
  clock.advance(30_000);
  await see("connection lost: the server sent nothing for 120 s. Connecting again.");
});
