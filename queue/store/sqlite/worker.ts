/// <reference lib="deno.worker" />
// The thread that writes, so that an fsync never stops the event loop of the server. It answers each message, in order.

import { DiskRoom, isFull } from "./disk_room.ts";
import { type Batch, packJobs, unpackBatch } from "./batch.ts";
import { packBodies } from "./bodies.ts";
import { explain } from "./explain.ts";
import type { StoreAnswer, StoreRequest } from "./messages.ts";

let disk: DiskRoom | undefined;
let path = "";

function serve(request: StoreRequest): { result: unknown; transfer?: ArrayBuffer[] } {
  if (request.kind === "open") {
    disk = new DiskRoom(path = request.path, request.options);
    return { result: disk.room() };
  }
  if (disk === undefined) throw new Error("the file is not open");
  const { file } = disk;
  switch (request.kind) {
    case "commit":
      return {
        result: disk.commit(
          (file) => file.commit(unpackBatch(request.batch), request.moment),
          bytesOf(request.batch),
          request.puts,
        ),
      };
    case "room":
      return { result: disk.room() };
    case "load": {
      const jobs = packJobs(file.load(request.after, request.limit));
      return { result: jobs, transfer: [jobs.numbers.buffer] };
    }
    case "limits":
      return { result: file.limits() };
    case "schedules":
      return { result: file.schedules() };
    case "scheduleBodies": {
      const bodies = packBodies(file.scheduleBodies(request.names));
      return { result: bodies, transfer: [bodies.lengths.buffer, bodies.bytes.buffer] };
    }
    case "lastId":
      return { result: file.lastId() };
    case "moment":
      return { result: file.moment() };
    case "bodies": {
      const bodies = packBodies(file.bodies(request.ids));
      return { result: bodies, transfer: [bodies.lengths.buffer, bodies.bytes.buffer] };
    }
    case "close":
      return { result: disk.close() };
  }
}

function bytesOf({ bytes, numbers, text }: Batch): number {
  return bytes.length + numbers.length * 4 + text.length;
}

self.onmessage = ({ data }: MessageEvent<StoreRequest>): void => {
  try {
    const { result, transfer = [] } = serve(data);
    self.postMessage({ result } satisfies StoreAnswer, transfer);
  } catch (error) {
    self.postMessage({ error: explain(error, path), full: isFull(error) } satisfies StoreAnswer);
  }
};
