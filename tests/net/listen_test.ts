import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
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

Deno.test("parseAddress throws for a text that is no address, and shows the text", () => {
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

Deno.test("listen takes a free port for 0 and tells its number", async () => {
  const listener = await listen(parseAddress("127.0.0.1:0"));
  assert(/^tcp:\/\/127\.0\.0\.1:[1-9][0-9]*$/.test(listener.address), listener.address);
  await assertRejects(() => listen(parseAddress(listener.address)), Deno.errors.AddrInUse);
  listener.close();
});

Deno.test("accept resolves with undefined once the listener is closed, also while it waits", async () => {
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

Deno.test("a closed memory listener closes the connections that it has not accepted", async () => {
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
    // A close removes the file that was bound. Under another name the file stays, as after a killed process.
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

Deno.test("listen refuses the Unix socket of a running server, which goes on", () =>
  inDirectory(async (path) => {
    const address = parseAddress(`unix:${path}`);
    const living = await listen(address);
    await assertRejects(() => listen(address), Deno.errors.AddrInUse);
    // The probe of `listen` was a connection.
    (await living.accept())?.close();
    const [near, far] = await Promise.all([connectStream(address), living.accept()]);
    near.close();
    far?.close();
    living.close();
  }));

const inTheWay: Record<string, [make: (path: string) => Promise<void>, what: string]> = {
  "a file": [(path) => Deno.writeTextFile(path, "precious"), "there is a file"],
  "an empty file": [(path) => Deno.writeTextFile(path, ""), "there is a file"],
  "a directory": [(path) => Deno.mkdir(path), "there is a directory"],
  "a link to nothing": [(path) => Deno.symlink(`${path}-nothing`, path), "there is a link"],
  "a link to a file": [async (path) => {
    await Deno.writeTextFile(`${path}-file`, "precious");
    await Deno.symlink(`${path}-file`, path);
  }, "there is a link"],
  "a link to a socket that nobody listens at": [async (path) => {
    Deno.listen({ transport: "unix", path: `${path}-bound` });
    await Deno.rename(`${path}-bound`, `${path}-socket`);
    await Deno.symlink(`${path}-socket`, path);
  }, "there is a link"],
};

for (const [name, [make, what]] of Object.entries(inTheWay)) {
  Deno.test({
    name: `listen leaves alone what is in its place, and says so: ${name}`,
    // A listener stays open in the test's process, as that of a killed server.
    sanitizeResources: false,
    fn: () =>
      inDirectory(async (path) => {
        await make(path);
        const before = [...Deno.readDirSync(path.replace(/\/s$/, ""))].map(({ name }) => name)
          .sort();
        const error = await assertRejects(() => listen(parseAddress(`unix:${path}`)));
        assert(error instanceof Deno.errors.AddrInUse);
        assertStringIncludes(error.message, `${what}, and a socket is made where nothing is`);
        const after = [...Deno.readDirSync(path.replace(/\/s$/, ""))].map(({ name }) => name)
          .sort();
        assertEquals(after, before);
        for (const file of [path, `${path}-file`]) {
          const text = await Deno.readTextFile(file).catch(() => "");
          assert(text === "" || text === "precious", text);
        }
      }),
  });
}

Deno.test("a Unix socket is open to its user only by default, from its first moment", () =>
  inDirectory(async (path) => {
    const address = parseAddress(`unix:${path}`);
    for (const [socketMode, mode] of [[undefined, 0o600], [0o660, 0o660], [0o777, 0o777], [0, 0]]) {
      const seen = new Set<number>();
      const watcher = Deno.watchFs(path.replace(/\/s$/, ""));
      const watching = (async () => {
        for await (const _ of watcher) {
          seen.add((await Deno.lstat(path).catch(() => undefined))?.mode ?? -1);
        }
      })();
      const listener = await listen(address, { socketMode });
      assertEquals((await Deno.lstat(path)).mode! & 0o777, mode);
      watcher.close();
      await watching;
      listener.close();
      assertEquals([...seen].filter((each) => each !== -1 && (each & 0o777) !== mode), []);
    }
    assertEquals([...Deno.readDirSync(path.replace(/\/s$/, ""))], []);
    for (const socketMode of [-1, 0o1000, 0.5, NaN]) {
      await assertRejects(
        () => listen(address, { socketMode }),
        RangeError,
        "a mode is 0 to 0o777",
      );
    }
  }));

Deno.test("a server removes its own socket only", () =>
  inDirectory(async (path) => {
    const address = parseAddress(`unix:${path}`);
    const first = await listen(address);
    await Deno.remove(path);
    const second = await listen(address);
    first.close();
    const [near, far] = await Promise.all([connectStream(address), second.accept()]);
    near.close();
    far?.close();
    await Deno.remove(path);
    await Deno.writeTextFile(path, "precious");
    second.close();
    assertEquals(await Deno.readTextFile(path), "precious");
  }));

Deno.test("one of several servers listens that start at once at the socket of a killed server", () =>
  inDirectory(async (path) => {
    const killed = Deno.listen({ transport: "unix", path: `${path}-killed` });
    await Deno.rename(`${path}-killed`, path);
    killed.close();
    const address = parseAddress(`unix:${path}`);
    const outcomes = await Promise.allSettled(Array.from({ length: 10 }, () => listen(address)));
    const listeners = outcomes.flatMap((each) => each.status === "fulfilled" ? each.value : []);
    assertEquals(listeners.length, 1);
    for (const each of outcomes) {
      if (each.status === "rejected") {
        assert(each.reason instanceof Deno.errors.AddrInUse, each.reason);
      }
    }
    const [near, far] = await Promise.all([connectStream(address), listeners[0].accept()]);
    near.close();
    far?.close();
    listeners[0].close();
  }));

Deno.test("listen tells why a path cannot be that of a Unix socket", () =>
  inDirectory(async (path) => {
    const none = parseAddress(`unix:${path}/none/s`);
    const missing = `there is no directory ${path}/none/`;
    await assertRejects(() => listen(none), Deno.errors.NotFound, missing);
    const long = path.replace(/s$/, "x".repeat(120));
    const why = "the path of a socket has at most 107 bytes";
    await assertRejects(() => listen(parseAddress(`unix:${long}`)), RangeError, why);
    // The path of the private directory is longer than the path of the socket.
    const deep = path.replace(/s$/, "d".repeat(105 - path.length));
    await Deno.mkdir(deep);
    const most = "the directory of a socket has at most 95 bytes";
    await assertRejects(() => listen(parseAddress(`unix:${deep}/s`)), RangeError, most);
    assertEquals([...Deno.readDirSync(deep)], []);
  }));

Deno.test("connectStream rejects where nobody listens and where its signal is aborted", async () => {
  const listener = await listen(parseAddress("127.0.0.1:0"));
  const address = parseAddress(listener.address);
  listener.close();
  await assertRejects(() => connectStream(address), Deno.errors.ConnectionRefused);
  const signal = AbortSignal.abort(new Error("enough"));
  await assertRejects(() => connectStream(address, { signal }), Error, "enough");
});
