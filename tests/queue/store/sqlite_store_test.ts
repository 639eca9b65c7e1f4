import { DatabaseSync } from "node:sqlite";
import { openQueue, sqliteStore } from "@lineup/lineup/queue";
import { assertEquals, assertRejects } from "@std/assert";
import { job, put } from "../../../queue/store/conformance/samples.ts";
import { withDirectory } from "../../temporary_directory.ts";

async function refuses(path: string, message: string): Promise<void> {
  await assertRejects(() => sqliteStore(path), Error, message);
}

Deno.test("sqliteStore refuses a file while another server uses it", () =>
  withDirectory(async (directory) => {
    const path = `${directory}/queue.db`;
    const store = await sqliteStore(path);
    await refuses(path, `${path} is in use by another server`);
    await store.commit([put(job(1))]);
    await refuses(path, `${path} is in use by another server`);
    await store.close();
    const again = await sqliteStore(path);
    await refuses(path, `${path} is in use by another server`);
    await again.close();
  }));

Deno.test("sqliteStore refuses a database of another program and leaves it as it is", () =>
  withDirectory(async (directory) => {
    const path = `${directory}/other.db`;
    const other = new DatabaseSync(path);
    other.exec("CREATE TABLE note (text)");
    other.close();
    const before = await Deno.readFile(path);
    await refuses(path, `${path} is a database of another program, not a queue`);
    assertEquals(await Deno.readFile(path), before);
    assertEquals([...Deno.readDirSync(directory)].length, 1);
  }));

Deno.test("sqliteStore refuses a queue of another version", () =>
  withDirectory(async (directory) => {
    const path = `${directory}/queue.db`;
    await (await sqliteStore(path)).close();
    const db = new DatabaseSync(path);
    assertEquals({ ...db.prepare("PRAGMA application_id").get() }, { application_id: 0x4c696e65 });
    db.exec("PRAGMA user_version = 99");
    db.close();
    await refuses(path, `${path} is a queue of version 99; this program reads version 6`);
  }));

Deno.test("sqliteStore refuses a file that is no database, and a path without its directory", () =>
  withDirectory(async (directory) => {
    await Deno.writeTextFile(`${directory}/text`, "not a database ".repeat(100));
    await refuses(`${directory}/text`, "is not a SQLite database");
    await refuses(`${directory}/none/queue.db`, "unable to open database file");
  }));

Deno.test("sqliteStore rejects calls after its close", () =>
  withDirectory(async (directory) => {
    const store = await sqliteStore(`${directory}/queue.db`);
    await store.close();
    await assertRejects(() => store.commit([put(job(1))]), Error, "the store is closed");
  }));

Deno.test("sqliteStore commits all changes of a batch or none", () =>
  withDirectory(async (directory) => {
    const store = await sqliteStore(`${directory}/queue.db`);
    await store.commit([put(job(1))]);
    const wrong = { ...job(4), queue: null as unknown as string };
    await assertRejects(() => store.commit([put(job(2)), put(wrong)]), Error);
    await store.commit([put(job(3))]);
    const ids = (await Array.fromAsync(store.load())).map(({ id }) => id);
    assertEquals(ids, [1, 3]);
    await store.close();
  }));

Deno.test("openQueue closes the store and rejects where it cannot be loaded", () =>
  withDirectory(async (directory) => {
    const path = `${directory}/queue.db`;
    const store = await sqliteStore(path);
    const broken = { ...store, lastId: () => Promise.reject(new Error("no luck")) };
    await assertRejects(() => openQueue({ store: broken }), Error, "no luck");
    await (await sqliteStore(path)).close();
  }));
