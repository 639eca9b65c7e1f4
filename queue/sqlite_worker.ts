/// <reference lib="deno.worker" />
// The thread that writes: an fsync never stops the event loop of the server. Each message is answered, in order.

import { packBodies, packRows, unpackBatch } from "./sqlite_batch.ts";
import { openSqliteFile, type SqliteFile } from "./sqlite_file.ts";
import { explain } from "./sqlite_schema.ts";
import type { Answer, Request } from "./sqlite_store.ts";

let file: SqliteFile | undefined;
let path = "";

function serve(request: Request): { result: unknown; transfer?: ArrayBuffer[] } {
  if (request.kind === "open") {
    file = openSqliteFile(path = request.path);
    return { result: undefined };
  }
  if (file === undefined) throw new Error("the file is not open");
  switch (request.kind) {
    case "commit":
      return { result: file.commit(unpackBatch(request.batch)) };
    case "load": {
      const rows = packRows(file.load(request.after, request.limit));
      return { result: rows, transfer: [rows.numbers.buffer] };
    }
    case "rules":
      return { result: file.rules() };
    case "schedules":
      return { result: file.schedules() };
    case "scheduleBodies": {
      const bodies = packBodies(file.scheduleBodies(request.names));
      return { result: bodies, transfer: [bodies.lengths.buffer, bodies.bytes.buffer] };
    }
    case "lastId":
      return { result: file.lastId() };
    case "bodies": {
      const bodies = packBodies(file.bodies(request.ids));
      return { result: bodies, transfer: [bodies.lengths.buffer, bodies.bytes.buffer] };
    }
    case "close":
      return { result: file.close() };
  }
}

self.onmessage = ({ data }: MessageEvent<Request>): void => {
  try {
    const { result, transfer = [] } = serve(data);
    self.postMessage({ result } satisfies Answer, transfer);
  } catch (error) {
    self.postMessage({ error: explain(error, path) } satisfies Answer);
  }
};
