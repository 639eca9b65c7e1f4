/**
 * Serves a shelf of documents.
 *
 *     SHELF_TOKEN=secret deno run --allow-net --allow-env --allow-read --allow-write examples/shelf/main.ts --port 5463
 *     printf 'SIGNIN secret\nSTORE hello "Hello, world"\nFETCH hello\nQUIT\n' | nc -N 127.0.0.1 5463
 *
 * @module
 */

import { serve, systemClock } from "@lineup/lineup/server";
import { readFlags, untilFinished } from "../listen.ts";
import { Documents } from "./documents.ts";
import { shelf } from "./service.ts";

const { port, data } = readFlags({ port: "5463", data: "shelf.db" });
const token = Deno.env.get("SHELF_TOKEN");
if (!token) {
  console.error("shelf: SHELF_TOKEN is not set. Editors sign in with it.");
  Deno.exit(64);
}

let documents: Documents;
try {
  documents = new Documents(data);
} catch (error) {
  console.error(`shelf: cannot open ${data}: ${(error as Error).message}`);
  Deno.exit(1);
}
const service = shelf(documents, { token, mostBytes: 256 << 20, clock: systemClock });
await untilFinished(
  "shelf",
  serve(service, {
    port: Number(port),
    signals: true,
    limits: { maxBody: 1 << 20 },
    connections: { connectionsPerClient: 50 },
    rates: { prefix: { rate: 200, burst: 400 } },
    memory: 64 << 20,
    drain: 5000,
  }),
);
documents[Symbol.dispose]();
