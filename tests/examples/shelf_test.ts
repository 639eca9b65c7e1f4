// The tests that docs/GUIDE.md shows, and further ones.

import { Refusal } from "@lineup/lineup";
import {
  checkTranscript,
  type MemoryServer,
  serveInMemory,
  testExamples,
  VirtualClock,
} from "@lineup/lineup/testing";
import { assertEquals, assertRejects } from "@std/assert";
import { backUp } from "../../examples/shelf/backup.ts";
import { Documents } from "../../examples/shelf/documents.ts";
import type { protocol } from "../../examples/shelf/protocol.ts";
import { shelf } from "../../examples/shelf/service.ts";

function openShelf(clock = new VirtualClock()): Promise<MemoryServer<typeof protocol>> {
  const documents = new Documents(":memory:");
  return serveInMemory(shelf(documents, { token: "secret", mostBytes: 1000, clock }), { clock });
}

testExamples(() =>
  shelf(new Documents(":memory:"), {
    token: "secret",
    mostBytes: 1000,
    clock: new VirtualClock(),
  })
);

Deno.test("only editors change documents", async () => {
  await using server = await openShelf();
  await checkTranscript(
    server,
    `
    ada> STORE todo "Buy tea."
    ada< ERR forbidden "STORE is for editors. Send SIGNIN with the token first."
    ada> SIGNIN secret
    ada< OK
    ada> STORE todo "Buy tea." title="To do" labels="[\\"kitchen\\"]"
    ada< OK replaced=no

    # The role belongs to the connection.
    bob> REMOVE todo
    bob< ERR forbidden …
    bob> FETCH todo
    bob< OK title="To do" kind=text labels="[\\"kitchen\\"]" age=0ms {8}
    bob< Buy tea.
    `,
  );
});

Deno.test("a document is removed when its time is over", async () => {
  const clock = new VirtualClock();
  await using server = await openShelf(clock);
  const client = await server.client();
  await client.SIGNIN({ token: "secret" });
  await client.STORE({ name: "note", body: "for an hour", ttl: 3_600_000 });
  await clock.elapse(3_599_999);
  assertEquals((await client.FETCH({ name: "note" })).age, 3_599_999);
  await clock.elapse(1);
  await assertRejects(() => client.FETCH({ name: "note" }), Refusal, "no document note");
});

Deno.test("a watcher is told of changes until it cancels", async () => {
  await using server = await openShelf();
  const [editor, watcher] = [await server.client(), await server.client()];
  await editor.SIGNIN({ token: "secret" });
  const changes = watcher.WATCH();
  // WATCH runs once PING, which was sent after it, is answered.
  await watcher.PING();
  await editor.STORE({ name: "todo", body: "Buy tea." });
  await editor.REMOVE({ names: ["todo", "nothing"] });
  assertEquals((await changes.next()).value, { change: "stored", name: "todo" });
  assertEquals((await changes.next()).value, { change: "removed", name: "todo" });
  changes.cancel();
});

Deno.test("a search says where, and whether there is more", async () => {
  await using server = await openShelf();
  await checkTranscript(
    server,
    `
    > SIGNIN secret
    < OK
    > STORE b {27}
    > buy tea
    > buy milk
    > sell honey
    < OK replaced=no
    > STORE a "buy stamps"
    < OK replaced=no
    > STORE c "buy data" kind=data
    < OK replaced=no
    > SEARCH buy
    < * "buy stamps" name=a line=1
    < * "buy tea" name=b line=1
    < * "buy milk" name=b line=2
    < OK count=3 more=no
    > SEARCH buy most=1
    < * "buy stamps" name=a line=1
    < OK count=1 more=yes
    `,
  );
});

Deno.test("a shelf has room for so many bytes, and counts a replaced document once", async () => {
  await using server = await openShelf();
  const client = await server.client({ retry: { attempts: 1 } });
  await client.SIGNIN({ token: "secret" });
  const store = (name: string, bytes: number) =>
    client.STORE({ name, body: new Uint8Array(bytes), kind: "data" });
  assertEquals(await store("a", 600), { replaced: false });
  assertEquals(await store("a", 900), { replaced: true });
  const refusal = await assertRejects(() => store("b", 101), Refusal);
  assertEquals([refusal.code, refusal.retry], ["full", 1000]);
  await store("b", 100);
  assertEquals(await client.LIST().all(), [
    { name: "a", kind: "data", size: 900, share: 0.9 },
    { name: "b", kind: "data", size: 100, share: 0.1 },
  ]);
});

Deno.test("a backup has every document, and no name leads out of its folder", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await using server = await openShelf();
    const client = await server.client();
    await client.SIGNIN({ token: "secret" });
    await client.STORE({ name: "../a", body: "one" });
    await client.STORE({ name: "b", body: "two" });
    assertEquals(await backUp(client, `${folder}/backup`), 2);
    assertEquals(await Deno.readTextFile(`${folder}/backup/..%2Fa.doc`), "one");
    assertEquals(await Deno.readTextFile(`${folder}/backup/b.doc`), "two");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("documents are still there when their file is opened again", async () => {
  const folder = await Deno.makeTempDir();
  try {
    for (const replaced of [false, true]) {
      using documents = new Documents(`${folder}/shelf.db`);
      const options = { token: "secret", mostBytes: 1000, clock: new VirtualClock() };
      await using server = await serveInMemory(shelf(documents, options));
      const client = await server.client();
      await client.SIGNIN({ token: "secret" });
      assertEquals(await client.STORE({ name: "a", body: "one" }), { replaced });
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
