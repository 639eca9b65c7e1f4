// The model of kills on PostgreSQL, whose backends are ended under load, and which is killed itself. What it has told as
// committed outlasts that, as with `fsync` it outlasts the machine.

import { LONG, SEED } from "../../seeded_random.ts";
import { type Disturbance, killRounds } from "../kills/kill_rounds.ts";
import { type Cluster, startCluster, UNSAFE } from "./cluster.ts";

let cluster: Cluster;
Deno.test.beforeAll(async () => {
  cluster = await startCluster(UNSAFE);
});
Deno.test.afterAll(async () => await cluster[Symbol.asyncDispose]());

// LINEUP_LONG=30 makes it 300 kills.
const ROUNDS = 10;
const ROUNDS_A_DATABASE = 10;
/** Those of a new database. */
const SHARDS = 64;
/** Round trips to the database make a lease longer over a restart: by so many ms, on a machine with other work. */
const LATE_MS = 500;
/** How often backends are ended, in ms. */
const KILL_MS = 60;
/** How long after the load began PostgreSQL is killed, in ms. */
const CRASH_MS = 200;

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

const endBackends: Disturbance = () => {
  let isOver = false;
  const ending = (async () => {
    while (!isOver) {
      await cluster.sql(
        `select pg_terminate_backend(pid) from pg_stat_activity
          where application_name = 'lineup' and random() < 0.5`,
      );
      await pause(KILL_MS);
    }
  })();
  return {
    async end(): Promise<void> {
      isOver = true;
      await ending;
    },
  };
};

const crash: Disturbance = () => {
  const crashed = pause(CRASH_MS).then(() => cluster.crash());
  return { end: () => crashed };
};

Deno.test(`kill -9 under load on PostgreSQL, ${ROUNDS * LONG} times: every acknowledged change lasts, and no other; caps hold`, async () => {
  const databases = ROUNDS * LONG / ROUNDS_A_DATABASE;
  for (let at = 0; at < databases; at++) {
    const url = await cluster.newDatabase();
    const disturbances = [undefined, endBackends, crash];
    await killRounds(SEED + at, ROUNDS_A_DATABASE, url, disturbances, LATE_MS, SHARDS);
  }
});
