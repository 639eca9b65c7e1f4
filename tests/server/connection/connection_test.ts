import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { type Handlers, listenMemory, serve } from "@lineup/lineup/server";
import { compile, helpText, specDocument } from "@lineup/lineup/protocol";
import { RawClient } from "../../raw_client.ts";
import { protocol, TestServer } from "../../test_server.ts";

Deno.test("serve greets with its protocol and limits, in CRLF", async () => {
  await using testServer = await TestServer.open({ limits: { maxLine: 100, maxBody: 1000 } });
  using wire = new RawClient(testServer.listener.connect());
  assertEquals(
    await wire.rawLine(),
    'OK lineup/1 tests/1.0 max-line=100 max-body=1000 max-in-flight=256 auth=none hint="Type HELP"\r\n',
  );
});

Deno.test("serve ends its lines as the client ended its last line", async () => {
  await using testServer = await TestServer.open();
  using wire = await testServer.client();
  await wire.send("FROB\n");
  assertEquals((await wire.rawLine()).slice(-3), '."\n');
  const cases = { "PING\r\n": "OK pong\r\n", "PING\n": "OK pong\n", "PING\r\0": "OK pong\r\n" };
  for (const [sent, answer] of Object.entries(cases)) {
    await wire.send(sent);
    assertEquals(await wire.rawLine(), answer);
  }
  await wire.send("ECHO {3}\r\na\nb\r\n");
  assertEquals(new TextDecoder().decode(await wire.bytes(13)), "OK {3}\r\na\nb\r\n");
  await wire.send("HELP PING\r\n");
  assertEquals(await wire.rawLine().then((line) => /^OK \{[0-9]+\}\r\n$/.test(line)), true);
  assertEquals(await wire.rawLine(), "PING [word]\r\n");
});

Deno.test("serve reads bytes one at a time as it reads them all at once", async () => {
  for (const listen of [undefined, ["127.0.0.1:0"]]) {
    await using testServer = await TestServer.open(listen === undefined ? {} : { listen });
    const open = () =>
      listen === undefined ? testServer.client() : RawClient.open(testServer.server.address);
    const sent =
      'PING\r\n#a SAY "é x"\r\nECHO {5}\r\nhe\0lo\r\nFLOW 2\r\nFROB {3}\r\nabc\r\nQUIT\r\n';
    using whole = await open();
    await whole.send(sent);
    const expected = await whole.rest();
    using slow = await open();
    await slow.dribble(sent);
    assertEquals(await slow.rest(), expected);
    assert(expected.endsWith("OK bye\r\n"));
  }
});

Deno.test("serve answers all requests before a half-close, then closes", async () => {
  for (const listen of [undefined, ["127.0.0.1:0"]]) {
    await using testServer = await TestServer.open(listen === undefined ? {} : { listen });
    using wire = listen === undefined
      ? await testServer.client()
      : await RawClient.open(testServer.server.address);
    await wire.send("#a HOLD a\nWAIT b\nFLOW 2\nPING\n");
    await wire.half();
    (await testServer.held("b")).go("2");
    assertEquals(await wire.lines(5), ["OK 2", "* x", "* x", "OK count=2", "OK pong"]);
    (await testServer.held("a")).go("1");
    assertEquals(await wire.rest(), "#a OK 1\n");
  }
});

Deno.test("serve does not execute a request that is cut off", async () => {
  const cut = 'ERR bad-syntax "The input ended within a request, which was not executed."';
  for (const sent of ["HOLD a", "HOLD a\r", "ECHO {3}\n", "ECHO {3}\nab", "ECHO {3}\nabc"]) {
    await using testServer = await TestServer.open();
    using wire = await testServer.client();
    await wire.send(sent);
    await wire.half();
    assertEquals((await wire.rest()).trimEnd(), cut, JSON.stringify(sent));
    assertEquals(testServer.holds, []);
  }
});

Deno.test("serve sends nothing to a client that sends nothing", async () => {
  await using testServer = await TestServer.open();
  using wire = await testServer.client();
  await wire.send("\n\r\n  \n");
  await wire.half();
  assertEquals(await wire.rest(), "");
});

Deno.test("QUIT is answered behind all requests in flight, and no request behind it is answered", async () => {
  await using testServer = await TestServer.open();
  for (const tag of ["", "#q "]) {
    using wire = await testServer.client();
    await wire.send(`#a HOLD a${tag.length}\nWAIT b${tag.length}\n${tag}QUIT\nPING\nQUIT\n`);
    (await testServer.held(`a${tag.length}`)).go("a");
    assertEquals(await wire.line(), "#a OK a");
    (await testServer.held(`b${tag.length}`)).go("b");
    assertEquals(await wire.rest(), `OK b\n${tag}OK bye\n`);
  }
});

Deno.test("serve reads on for a while after its last line, then closes", async () => {
  await using testServer = await TestServer.open();
  using wire = await testServer.client();
  await wire.send("QUIT\n");
  assertEquals(await wire.rest(), "OK bye\n");
  await wire.send("PING\n");
  await testServer.clock.elapse(999);
  await wire.send("PING\n");
  await testServer.clock.elapse(1);
  await assertRejects(() => wire.send("PING\n"), Error, "closed");
});

Deno.test("serve reads a bounded number of bytes after its last line", async () => {
  await using testServer = await TestServer.open();
  using wire = await testServer.client();
  await wire.send("QUIT\n");
  await wire.rest();
  const flood = "x".repeat(65_536);
  let sent = 0;
  try {
    for (; sent < 100; sent++) await wire.send(flood);
  } catch { /* The server has closed. */ }
  assert(sent < 40, `${sent} chunks were taken`);
});

Deno.test("HELLO answers version, protocol and limits", async () => {
  await using testServer = await TestServer.open();
  using wire = await testServer.client();
  await wire.send('HELLO lineup/1 agent="a b"\n');
  assertEquals(
    await wire.line(),
    "OK lineup/1 tests/1.0 max-line=8192 max-body=1048576 max-in-flight=256 auth=none",
  );
});

Deno.test("HELLO timing=on adds waited and took to every final line", async () => {
  await using testServer = await TestServer.open({ seats: 1 });
  using wire = await testServer.client();
  await wire.send("HELLO lineup/1 timing=on\n#h HOLD h\n#s SAY x\n#f FLOW 1\nFROB\n");
  await wire.line();
  assertEquals((await wire.line()).endsWith(" waited=0 took=0"), true);
  const { go } = await testServer.held("h");
  await testServer.clock.elapse(30.25);
  go("x");
  assertEquals(await wire.lines(4), [
    "#h OK x waited=0 took=30.25",
    "#s OK x waited=30.25 took=0",
    "#f * x",
    "#f OK count=1 waited=30.25 took=0",
  ]);
  await wire.send("HELLO lineup/1 timing=off\nPING\n");
  await wire.line();
  assertEquals(await wire.line(), "OK pong");
});

Deno.test("STATS sends a figure an item and counts them", async () => {
  await using testServer = await TestServer.open({ stats: () => [["jobs", 7]] });
  using wire = await testServer.client();
  await wire.send("FROB\n#h HOLD h\nSTATS\n");
  await testServer.held("h");
  await wire.line();
  const figures = new Map<string, string>();
  let line: string;
  while ((line = await wire.line()).startsWith("* ")) {
    const [, name, value] = line.split(" ");
    figures.set(name, value);
  }
  assertEquals(line, `OK count=${figures.size}`);
  const known = {
    "connections": "1",
    "connections-total": "1",
    // STATS itself runs too.
    "running": "2",
    "waiting": "0",
    "errors-unknown-command-total": "1",
    "received-bytes-total": "21",
    "jobs": "7",
  };
  for (const [name, value] of Object.entries(known)) assertEquals(figures.get(name), value, name);
});

Deno.test("HELP and SPEC send their texts of the protocol as a body", async () => {
  await using testServer = await TestServer.open();
  using wire = await testServer.client();
  const compiled = compile(protocol);
  for (
    const [sent, text] of [["HELP", helpText(compiled)], [
      "SPEC",
      JSON.stringify(specDocument(compiled)),
    ]]
  ) {
    const body = new TextEncoder().encode(text);
    await wire.send(`${sent}\n`);
    assertEquals(await wire.line(), `OK {${body.length}}`);
    assertEquals(await wire.bytes(body.length + 1), new TextEncoder().encode(text + "\n"));
  }
});

Deno.test("serve throws for handlers that do not fit the protocol", async () => {
  const listen = [listenMemory()];
  const none = {} as Handlers<typeof protocol>;
  await assertRejects(
    () => serve(protocol, none, { listen }),
    TypeError,
    "no handler for the command ECHO",
  );
  const small = { name: "small", version: "1", summary: "Small.", commands: {} } as const;
  const more = { SUB: () => {}, PING: () => {} } as Record<never, never>;
  await assertRejects(() => serve(small, more, { listen }), TypeError, "no command SUB");
  await assertRejects(
    () => serve(small, { PING: () => {} } as Record<never, never>, { listen }),
    TypeError,
    "no command PING",
  );
  await assertRejects(() => serve(protocol), TypeError, "no handler for the command ECHO");
  // Such as the module in place of its export.
  for (const wrong of [undefined, null, {}, { calc: protocol }, "calc"]) {
    await assertRejects(
      () => (serve as (...args: readonly unknown[]) => Promise<unknown>)(wrong, {}),
      TypeError,
      "serve needs a protocol, which has commands, and its handlers; or a service; not ",
    );
  }
});

Deno.test("serve closes its other listeners where one address is taken", async () => {
  const first = listenMemory();
  const small = { name: "small", version: "1", summary: "Small.", commands: {} } as const;
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const address = `127.0.0.1:${taken.addr.port}`;
  await assertRejects(
    () => serve(small, {}, { listen: [first, address] }),
    Deno.errors.AddrInUse,
  );
  assertThrows(() => first.connect(), Error, "closed");
});

Deno.test("serve takes many connections at once and forgets them", async () => {
  await using testServer = await TestServer.open({ listen: ["127.0.0.1:0"] });
  const wires = await Promise.all(
    Array.from({ length: 20 }, () => RawClient.open(testServer.server.address)),
  );
  await Promise.all(wires.map((wire, i) => wire.send(`SAY ${i}\n`)));
  assertEquals(await Promise.all(wires.map((wire) => wire.line())), wires.map((_, i) => `OK ${i}`));
  for (const wire of wires.slice(1)) wire.close();
  const connections = async () => {
    await wires[0].send("STATS\n");
    let found = "";
    for (let line = ""; !line.startsWith("OK"); line = await wires[0].line()) {
      if (line.startsWith("* connections ")) found = line;
    }
    return found;
  };
  let found = await connections();
  for (let i = 0; found !== "* connections 1" && i < 1000; i++) found = await connections();
  assertEquals(found, "* connections 1");
  wires[0].close();
});
