// A file of an earlier commit, with jobs in every state, limits and schedules. `record.ts` tells how it was made.

import {
  checkSqliteFile,
  exportSqliteFile,
  importSqliteFile,
  sqliteStore,
} from "@lineup/lineup/queue";
import { assertEquals } from "@std/assert";
import { gunzipSync } from "node:zlib";
import { withDirectory } from "../../../temporary_directory.ts";
import { replies } from "./requests.ts";

const read = (name: string) => Deno.readFileSync(new URL(name, import.meta.url));
const textOf = (name: string) => new TextDecoder().decode(read(name));

/** Runs `body` with a copy of the recorded file. */
function withFile(body: (path: string) => void | Promise<void>): Promise<void> {
  return withDirectory(async (directory) => {
    const path = `${directory}/queue.db`;
    await Deno.writeFile(path, gunzipSync(read("queue.db.gz")));
    await body(path);
  });
}

Deno.test("a recorded file has no problems, and its export has not changed", () =>
  withFile((path) => {
    assertEquals(checkSqliteFile(path), { jobs: 11, older: true, problems: [] });
    assertEquals([...exportSqliteFile(path), ""].join("\n"), textOf("queue.jsonl"));
  }));

Deno.test("the answers of a server on a recorded file have not changed", () =>
  withFile(async (path) => {
    assertEquals(await replies(await sqliteStore(path)), textOf("replies.txt"));
  }));

Deno.test("the export of a recorded file makes the same queue", () =>
  withDirectory(async (directory) => {
    const path = `${directory}/queue.db`;
    const lines = textOf("queue.jsonl").trimEnd().split("\n");
    importSqliteFile(path, lines);
    assertEquals([...exportSqliteFile(path)], lines);
    assertEquals(await replies(await sqliteStore(path)), textOf("replies.txt"));
  }));
