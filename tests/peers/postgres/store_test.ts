// The store in PostgreSQL does what every store does.

import { postgresStore } from "@lineup/lineup/queue";
import { testStore } from "@lineup/lineup/queue/conformance";
import { type Cluster, startCluster, UNSAFE } from "./cluster.ts";

let cluster: Cluster;
Deno.test.beforeAll(async () => {
  cluster = await startCluster(UNSAFE);
});
Deno.test.afterAll(async () => await cluster[Symbol.asyncDispose]());

testStore(
  (name, run) => Deno.test(`postgresStore ${name}`, run),
  async (use) => {
    const url = await cluster.newDatabase();
    await use({ open: () => postgresStore(url), lasts: true, hasMoment: false });
  },
);
