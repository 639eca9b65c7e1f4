// One function checks the path of a queue's file, for every way to open it.

import {
  checkSqliteFile,
  exportSqliteFile,
  importSqliteFile,
  openQueue,
  sqliteStore,
  type Store,
} from "@lineup/lineup/queue";
import { assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { testQueue } from "../../test_queue.ts";
import { job, put } from "../../../queue/store/conformance/samples.ts";
import { withDirectory } from "../../temporary_directory.ts";

const LINES = ['{"queue":"mail","body":"hello"}'];

/** The messages of all ways to open a file, for a path. */
async function said(path: string): Promise<string[]> {
  const words: string[] = [checkSqliteFile(path).problems[0] ?? "opened"];
  for (
    const open of [
      async () => await (await sqliteStore(path)).close(),
      () => [...exportSqliteFile(path)],
      () => importSqliteFile(path, LINES),
    ]
  ) {
    try {
      await open();
      words.push("opened");
    } catch (error) {
      words.push((error as Error).message);
    }
  }
  return words;
}

/** Makes a queue's file with one job. */
async function made(path: string): Promise<void> {
  const store = await sqliteStore(path);
  await store.commit([put(job(1))]);
  await store.close();
}

const WRONG: readonly (readonly [name: string, why: string])[] = [
  ["", "the name of the file is empty"],
  ["a\0b", "the name of a file has no NUL in it"],
  ["file:x?mode=memory", "is a URI, and a file has a path, such as ./x?mode=memory"],
  ["FILE:///tmp/x", "is a URI"],
  ["file:", "is a URI, and a file has a path, such as ./queue.db"],
  [":memory:", "is no file; :memory: keeps jobs in memory, and ./:memory: names a file"],
  [":MEMORY:", "is no file"],
];

Deno.test("every way to open a queue's file refuses a text that is no path", async () => {
  for (const [name, why] of WRONG) {
    for (const word of await said(name)) assertStringIncludes(word, why, JSON.stringify(name));
  }
});

Deno.test("every way to open a queue's file refuses a path that is no file, and follows no dangling link", () =>
  withDirectory(async (directory) => {
    await Deno.mkdir(`${directory}/d`);
    await Deno.symlink("nothing", `${directory}/dangling`);
    await new Deno.Command("mkfifo", { args: [`${directory}/fifo`] }).output();
    const wrong = [
      ["d", "is no file"],
      ["d/", "is the name of a directory, not of a file"],
      ["fifo", "is no file"],
      ["dangling", "is a link to nothing"],
      ["x".repeat(250), "has at most 247 bytes, not 250"],
    ];
    for (const [name, why] of wrong) {
      for (const word of await said(`${directory}/${name}`)) assertStringIncludes(word, why);
    }
    for (const word of await said("/dev/null")) assertStringIncludes(word, "is no file");
    for (const name of ["none/queue.db", "fifo/queue.db"]) {
      const [checked, ...opened] = await said(`${directory}/${name}`);
      assertStringIncludes(checked, "there is no file");
      assertStringIncludes(opened[0], "unable to open database file: there is no directory");
    }
    assertEquals([...Deno.readDirSync(directory)].length, 3);
  }));

Deno.test("a queue's file is the same one by every path, and has no second name", () =>
  withDirectory(async (directory) => {
    const path = `${directory}/queue.db`;
    await Deno.mkdir(`${directory}/other`);
    await Deno.symlink(path, `${directory}/other/link.db`);
    await Deno.symlink(directory, `${directory}/other/here`);
    const store = await sqliteStore(path);
    await store.commit([put(job(1))]);
    for (const by of ["other/link.db", "other/here/queue.db", "./other/../queue.db"]) {
      await assertRejects(() => sqliteStore(`${directory}/${by}`), Error, "is in use by another");
    }
    // The state after a killed server: changes that are not in the file yet are in its -wal.
    await Deno.mkdir(`${directory}/left`);
    const left = `${directory}/left/queue.db`;
    for (const end of ["", "-wal"]) await Deno.copyFile(path + end, left + end);
    await store.close();
    await Deno.symlink(left, `${directory}/left/link.db`);
    assertEquals(checkSqliteFile(`${directory}/left/link.db`).jobs, 1);
    await Deno.link(left, `${directory}/left/hard.db`);
    for (const name of ["hard.db", "queue.db", "link.db"]) {
      for (const word of await said(`${directory}/left/${name}`)) {
        assertMatch(word, /has 2 names \(hard links\): a queue's file must have one$/);
      }
    }
    await Deno.remove(`${directory}/left/hard.db`);
    assertEquals((await Array.fromAsync(exportSqliteFile(left))).length, 2);
  }));

Deno.test("a -wal without its file is not used for another file, and links beside a file are not followed", () =>
  withDirectory(async (directory) => {
    const path = `${directory}/queue.db`;
    await Deno.writeTextFile(`${path}-wal`, "left");
    const [checked, ...opened] = await said(path);
    assertStringIncludes(checked, "there is no file");
    assertStringIncludes(opened[0], "is not there, but its queue.db-wal is: they belong together");
    await Deno.remove(`${path}-wal`);
    await made(path);
    await Deno.writeTextFile(`${directory}/victim`, "precious");
    for (const end of ["-wal", "-shm", "-journal"]) {
      await Deno.symlink(`${directory}/victim`, path + end);
      for (const word of await said(path)) {
        assertStringIncludes(word, `${end} is no file of its own: remove it`);
      }
      await Deno.remove(path + end);
    }
    assertEquals(await Deno.readTextFile(`${directory}/victim`), "precious");
    assertEquals(await said(path), ["opened", "opened", "opened", "opened"]);
  }));

Deno.test("a queue's file and the files beside it are for their owner only", () =>
  withDirectory(async (directory) => {
    const path = `${directory}/queue.db`;
    const before = Deno.umask(0);
    try {
      const store = await sqliteStore(path);
      await store.commit([put(job(1))]);
      for (const { name } of Deno.readDirSync(directory)) {
        assertEquals(Deno.statSync(`${directory}/${name}`).mode! & 0o777, 0o600, name);
      }
      await store.close();
      importSqliteFile(`${directory}/other.db`, LINES);
      assertEquals(Deno.statSync(`${directory}/other.db`).mode! & 0o777, 0o600);
    } finally {
      Deno.umask(before);
    }
    await Deno.chmod(path, 0o640);
    await (await sqliteStore(path)).close();
    assertEquals(Deno.statSync(path).mode! & 0o777, 0o640);
  }));

for (
  const [what, undo] of [
    ["removed", (path: string) => Deno.remove(path)],
    ["moved", (path: string) => Deno.rename(path, `${path}.old`)],
    ["replaced", async (path: string) => {
      await Deno.copyFile(path, `${path}.new`);
      await Deno.rename(`${path}.new`, path);
    }],
    ["left without its -wal", (path: string) => Deno.remove(`${path}-wal`)],
  ] as const
) {
  Deno.test(`a queue answers nothing with OK once its file was ${what}`, () =>
    withDirectory(async (directory) => {
      const path = `${directory}/queue.db`;
      const queue = await testQueue({ store: await sqliteStore(path) });
      const session = await queue.session();
      assertEquals(await session.ask("PUT mail first"), "OK id=1");
      await undo(path);
      assertMatch(await session.ask("PUT mail second"), /^ERR internal .*executed=maybe/);
      for (const request of ["PUT mail third", "TAKE mail", "DROP 1"]) {
        assertMatch(await session.ask(request), /^ERR read-only /);
      }
      assertStringIncludes(
        String(queue.logged[0].error),
        `${path}, or its -wal, was removed or replaced while it was in use`,
      );
      await assertRejects(
        async () => await queue[Symbol.asyncDispose](),
        Error,
        "was removed or replaced",
      );
    }));
}

for (const end of ["", "-wal"]) {
  Deno.test(`a queue answers nothing with OK once its file${end} was cut`, () =>
    withDirectory(async (directory) => {
      const path = `${directory}/queue.db`;
      const queue = await testQueue({ store: await sqliteStore(path) });
      const session = await queue.session();
      assertEquals(await session.ask("PUT mail first"), "OK id=1");
      await Deno.truncate(path + end);
      assertMatch(await session.ask("PUT mail second"), /^ERR internal .*executed=maybe/);
      // The same holds once the file has grown again.
      await queue.clock.elapse(60_000);
      for (const request of ["PUT mail third", "TAKE mail", "DROP 1"]) {
        assertMatch(await session.ask(request), /^ERR read-only /);
      }
      assertStringIncludes(
        String(queue.logged[0].error),
        `${path}, or its -wal, was cut by another program while it was in use`,
      );
      await assertRejects(async () => await queue[Symbol.asyncDispose](), Error, "was cut");
    }));
}

Deno.test("a queue whose file was moved and comes back goes on", () =>
  withDirectory(async (directory) => {
    const path = `${directory}/queue.db`;
    const sqlite = await sqliteStore(path);
    let last: Promise<void> = Promise.resolve();
    const commit: Store["commit"] = (changes) => last = sqlite.commit(changes);
    const queue = await testQueue({ store: { ...sqlite, commit } });
    const session = await queue.session();
    await session.ask("PUT mail first");
    await Deno.rename(path, `${path}.old`);
    assertMatch(await session.ask("PUT mail second"), /^ERR internal /);
    await Deno.rename(`${path}.old`, path);
    await queue.clock.elapse(100);
    await last;
    await session.ask("PING");
    assertEquals(await session.ask("PUT mail third"), "OK id=3");
    await queue[Symbol.asyncDispose]();
    const again = await openQueue({ store: await sqliteStore(path), log: () => {} });
    assertEquals(new Map(again.stats()).get("queue-ready"), 3);
    assertEquals(await again.close(), 0);
  }));
