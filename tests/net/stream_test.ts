// The same cases against every kind of stream.

import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  type ByteStream,
  connectStream,
  listen,
  type Listener,
  listenMemory,
  memoryPair,
  parseAddress,
  writeAll,
} from "../../net/mod.ts";
import { connectStream as connectAsNode } from "../../net/node.ts";
import { bytes } from "../dialects/lineup1/frames.ts";
import { identity, trust } from "../transports/tls.ts";
import { RawClient } from "../raw_client.ts";

interface Pair extends AsyncDisposable {
  readonly near: ByteStream;
  readonly far: ByteStream;
}

async function connected(listener: Listener, connect: () => Promise<ByteStream>): Promise<Pair> {
  const [near, far] = await Promise.all([connect(), listener.accept()]);
  assert(far !== undefined);
  return {
    near,
    far,
    [Symbol.asyncDispose](): Promise<void> {
      near.close();
      far.close();
      listener.close();
      return Promise.resolve();
    },
  };
}

const kinds: Record<string, () => Promise<Pair>> = {
  "memory pair": () => {
    const [near, far] = memoryPair();
    return connected(
      { ...listenMemory(), accept: () => Promise.resolve(far) },
      () => Promise.resolve(near),
    );
  },
  "memory listener": () => {
    const listener = listenMemory();
    return connected(listener, () => Promise.resolve(listener.connect()));
  },
  "TCP": async () => {
    const listener = await listen(parseAddress("127.0.0.1:0"));
    return connected(listener, () => connectStream(parseAddress(listener.address)));
  },
  "TLS": async () => {
    const listener = await listen(parseAddress("tls://127.0.0.1:0"), { tls: identity });
    return connected(
      listener,
      () => connectStream(parseAddress(listener.address), { tls: trust }),
    );
  },
  "WebSocket": async () => {
    const listener = await listen(parseAddress("ws://127.0.0.1:0"));
    return connected(listener, () => connectStream(parseAddress(listener.address)));
  },
  "TCP of node:net": async () => {
    const listener = await listen(parseAddress("127.0.0.1:0"));
    return connected(listener, () => connectAsNode(parseAddress(listener.address)));
  },
  "Unix": async () => {
    const directory = await Deno.makeTempDir();
    const listener = await listen(parseAddress(`unix:${directory}/s`));
    const pair = await connected(listener, () => connectStream(parseAddress(listener.address)));
    return {
      ...pair,
      async [Symbol.asyncDispose](): Promise<void> {
        await pair[Symbol.asyncDispose]();
        // This rejects where the listener has left its socket in the directory.
        await Deno.remove(directory);
      },
    };
  },
};

const cases: Record<string, (pair: Pair) => Promise<void>> = {
  async "carries bytes both ways, in order"({ near, far }) {
    const all = Uint8Array.from({ length: 256 }, (_, i) => i);
    await writeAll(near, all);
    assertEquals(await new RawClient(far).bytes(256), all);
    await writeAll(far, bytes("a"));
    await writeAll(far, bytes("bc\n"));
    assertEquals(await new RawClient(near).line(), "abc");
  },

  async "reads into a part of a buffer and a small one"({ near, far }) {
    await writeAll(near, bytes("abc"));
    const buffer = bytes("......");
    assertEquals(await far.read(buffer.subarray(2, 4)), 2);
    assertEquals(await far.read(buffer.subarray(5)), 1);
    assertEquals(buffer, bytes("..ab.c"));
  },

  async "takes the bytes of a write before it resolves"({ near, far }) {
    const buffer = bytes("abc\n");
    await writeAll(near, buffer);
    buffer.fill(0x78);
    assertEquals(await new RawClient(far).line(), "abc");
  },

  async "waits for a reader, and carries more than it holds"({ near, far }) {
    const size = 8 << 20;
    let written = false;
    const writing = writeAll(near, new Uint8Array(size).fill(7)).then(() => written = true);
    const buffer = new Uint8Array(65_536);
    let read = await far.read(buffer) ?? 0;
    assert(!written);
    while (read < size) read += await far.read(buffer) ?? 0;
    await writing;
    assertEquals(read, size);
  },

  async "closeWrite ends one direction only"({ near, far }) {
    await writeAll(near, bytes("last\n"));
    await near.closeWrite();
    assertEquals(await new RawClient(far).rest(), "last\n");
    assertEquals(await far.read(new Uint8Array(1)), null);
    await writeAll(far, bytes("still\n"));
    assertEquals(await new RawClient(near).line(), "still");
    await assertRejects(() => near.write(bytes("x")));
  },

  async "close lets the other end read what was written, then the end"({ near, far }) {
    await writeAll(near, bytes("last\n"));
    near.close();
    assertEquals(await new RawClient(far).rest(), "last\n");
  },

  async "close rejects a read that waits, and later reads and writes"({ near }) {
    const reading = assertRejects(() => near.read(new Uint8Array(1)));
    near.close();
    near.close();
    await reading;
    await assertRejects(() => near.read(new Uint8Array(1)));
    await assertRejects(() => near.write(bytes("x")));
  },

  async "close rejects a write that waits"({ near }) {
    const writing = assertRejects(() => writeAll(near, new Uint8Array(32 << 20)));
    near.close();
    await writing;
  },

  async "write is rejected once the other end is closed"({ near, far }) {
    far.close();
    await assertRejects(async () => {
      for (;;) await writeAll(near, new Uint8Array(65_536));
    });
  },
};

for (const [kind, open] of Object.entries(kinds)) {
  for (const [title, run] of Object.entries(cases)) {
    Deno.test(`${kind}: ${title}`, async () => {
      await using pair = await open();
      await run(pair);
    });
  }
}

Deno.test("memoryPair holds at most its capacity each way", async () => {
  const [near, far] = memoryPair(4);
  assertEquals(await near.write(bytes("abcdef")), 4);
  let more: number | undefined;
  const writing = near.write(bytes("ef")).then((count) => more = count);
  await Promise.resolve();
  assertEquals(more, undefined);
  const buffer = new Uint8Array(3);
  assertEquals(await far.read(buffer), 3);
  await writing;
  assertEquals(more, 2);
});
