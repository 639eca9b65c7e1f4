// Records a queue's file anew: the file itself, its export, and the answers of a server that has opened it.
//
//     deno run --allow-all tests/queue/store/recorded_file/record.ts
//
// The recorded file stands for the files of users. Record it anew only with a new version of the schema, and then keep
// the old one beside it.

import { exportSqliteFile, sqliteStore } from "@lineup/lineup/queue";
import { gzipSync } from "node:zlib";
import { withDirectory } from "../../../temporary_directory.ts";
import { make, replies } from "./requests.ts";

const write = (name: string, data: string | Uint8Array) =>
  Deno.writeFileSync(
    new URL(name, import.meta.url),
    typeof data === "string" ? new TextEncoder().encode(data) : data,
  );

await withDirectory(async (directory) => {
  const path = `${directory}/queue.db`;
  await make(await sqliteStore(path));
  write("queue.db.gz", gzipSync(await Deno.readFile(path), { level: 9 }));
  write("queue.jsonl", [...exportSqliteFile(path), ""].join("\n"));
  write("replies.txt", await replies(await sqliteStore(path)));
});
