import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { connectStream, formatAddress, listen, listenMemory, parseAddress } from "../../net/mod.ts";

Deno.test("parseAddress reads every way to write an address, formatAddress writes one", () => {
  const cases: Record<string, string> = {
    "localhost:5463": "tcp://localhost:5463",
    "tcp://127.0.0.1:0": "tcp://127.0.0.1:0",
    "[::1]:65535": "tcp://[::1]:65535",
    "tcp://[2001:db8::1]:1": "tcp://[2001:db8::1]:1",
    "tls://example.org:5463": "tls://example.org:5463",
    "ws://127.0.0.1:8080": "ws://127.0.0.1:8080/",
    "ws://[::1]/line?x=1": "ws://[::1]:80/line?x=1",
    "wss://example.org/queue": "wss://example.org:443/queue",
    "unix:/run/a b.sock": "unix:/run/a b.sock",
    "unix:relative": "unix:relative",
  };
  for (const [written, canonical] of Object.entries(cases)) {
    const address = parseAddress(written);
    assertEquals(formatAddress(address), canonical);
    assertEquals(parseAddress(canonical), address);
  }
});

Deno.test("parseAddress throws for what is no address and shows it", () => {
  const wrong = [
    "",
    "localhost",
    ":5463",
    "localhost:",
    "localhost:65536",
    "localhost:-1",
    "localhost:http",
    "::1:5463",
    "[::1]",
    "a b:1",
    "tcp://host:1/path",
    "http://host:80",
    "tls://host",
    "tls://host:1/path",
    "ws://user@host:1/",
    "ws://host:1/#part",
    "ws://host:1/a b",
    "wss://:1/",
    "wss://host:65536/",
    "unix:",
  ];
  for (const each of wrong) {
    const error = assertThrows(() => parseAddress(each), TypeError);
    assert(error.message.startsWith(`${each}: `), error.message);
  }
});

Deno.test("listen takes a free port for 0 and says which", async () => {
  const listener = await listen(parseAddress("127.0.0.1:0"));
  assert(/^tcp:\/\/127\.0\.0\.1:[1-9][0-9]*$/.test(listener.address), listener.address);
  await assertRejects(() => listen(parseAddress(listener.address)), Deno.errors.AddrInUse);
  listener.close();
});

Deno.test("accept answers undefined once the listener is closed, also while it waits", async () => {
  const directory = await Deno.makeTempDir();
  const listeners = [
    listenMemory(),
    await listen(parseAddress("127.0.0.1:0")),
    await listen(parseAddress(`unix:${directory}/s`)),
  ];
  for (const listener of listeners) {
    const waiting = listener.accept();
    listener.close();
    listener.close();
    assertEquals(await waiting, undefined);
    assertEquals(await listener.accept(), undefined);
  }
  await Deno.remove(directory);
});

Deno.test("a closed memory listener ends what it had not accepted", async () => {
  const listener = listenMemory();
  const near = listener.connect();
  listener.close();
  assertEquals(await near.read(new Uint8Array(1)), null);
  assertThrows(() => listener.connect(), Error, "closed");
});

async function inDirectory(run: (path: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    await run(`${directory}/s`);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

Deno.test("listen replaces the Unix socket of a server that was killed", () =>
  inDirectory(async (path) => {
    // Closing takes the file away that was bound; under another name it stays, as that of a killed process does.
    const killed = Deno.listen({ transport: "unix", path: `${path}-killed` });
    await Deno.rename(`${path}-killed`, path);
    killed.close();
    assert((await Deno.lstat(path)).isSocket);
    const listener = await listen(parseAddress(`unix:${path}`));
    const [near, far] = await Promise.all([
      connectStream(parseAddress(`unix:${path}`)),
      listener.accept(),
    ]);
    assertEquals(far?.peer, "unix");
    near.close();
    far?.close();
    listener.close();
    await assertRejects(() => Deno.lstat(path), Deno.errors.NotFound);
  }));

Deno.test("listen refuses the Unix socket of a server that lives, which goes on", () =>
  inDirectory(async (path) => {
    const address = parseAddress(`unix:${path}`);
    const living = await listen(address);
    await assertRejects(() => listen(address), Deno.errors.AddrInUse);
    // The probe was a connection, which came and went.
    (await living.accept())?.close();
    const [near, far] = await Promise.all([connectStream(address), living.accept()]);
    near.close();
    far?.close();
    living.close();
  }));

Deno.test("listen leaves a file alone that is no socket", () =>
  inDirectory(async (path) => {
    await Deno.writeTextFile(path, "precious");
    await assertRejects(() => listen(parseAddress(`unix:${path}`)));
    assertEquals(await Deno.readTextFile(path), "precious");
  }));

Deno.test("connectStream rejects where nobody listens and where its signal is aborted", async () => {
  const listener = await listen(parseAddress("127.0.0.1:0"));
  const address = parseAddress(listener.address);
  listener.close();
  await assertRejects(() => connectStream(address), Deno.errors.ConnectionRefused);
  const signal = AbortSignal.abort(new Error("enough"));
  await assertRejects(() => connectStream(address, { signal }), Error, "enough");
});
