// Jobs that a program puts by SQL, in its own transaction.

import { openQueue, postgresStore } from "@lineup/lineup/queue";
import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import pg from "npm:pg@8.23.1";
import { bounds } from "../../../queue/bounds.ts";
import { type TestQueue, testQueue } from "../../test_queue.ts";
import type { RawClient } from "../../raw_client.ts";
import { type Cluster, startCluster, UNSAFE } from "./cluster.ts";

let cluster: Cluster;
Deno.test.beforeAll(async () => {
  cluster = await startCluster(UNSAFE);
});
Deno.test.afterAll(async () => await cluster[Symbol.asyncDispose]());

/** Asks until an answer fits: jobs arrive a moment after their transaction. */
async function until(session: RawClient, request: string, pattern: RegExp): Promise<string> {
  for (let look = 0; look < 500; look++) {
    const reply = await session.ask(request);
    if (pattern.test(reply)) return reply;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`${request} is not answered by ${pattern}`);
}

async function opened(): Promise<{ queue: TestQueue; database: string; url: string }> {
  const url = await cluster.newDatabase();
  return {
    queue: await testQueue({ store: await postgresStore(url) }),
    database: new URL(url).pathname.slice(1),
    url,
  };
}

Deno.test("lineup.put puts a job with all options of PUT, and is told at once", async () => {
  const { queue, database } = await opened();
  await using _closing = queue;
  const session = await queue.session();
  const taking = session.ask("TAKE mail wait=1h");
  await queue.clock.elapse(0);
  await cluster.sql("select lineup.put('mail', 'hello')", database);
  assertEquals(await taking, "* id=1 queue=mail attempt=1 lease=60s {5}\nhello\nOK count=1");
  await cluster.sql(
    `select lineup.put('mail', '\\x00ff'::bytea, key => 'acme', id => 'order-1', priority => 2,
      attempts => 3, lease => '5 s', backoff => '1 s', delay => '1 h', expires => '2 h',
      keep_result => true)`,
    database,
  );
  const listed = await until(session, "LIST mail key=acme", /count=1/);
  assertMatch(
    listed,
    /^\* id=2 key=acme priority=2 state=delayed attempt=0 attempts=3 unique=order-1 .*left=3[56]\d{5}ms expires=7[12]\d{5}ms size=2\n/,
  );
  await cluster.sql("select lineup.put('mail', 'again', id => 'order-1')", database);
  for (let look = 0; look < 500; look++) {
    if ((await cluster.sql("select count(*) from lineup.inbox", database))[0][0] === "0") break;
  }
  assertMatch(await session.ask("QUEUES"), /mail delayed=1 ready=0 taken=1/);
});

Deno.test("a job of SQL is there if and only if its transaction commits", async () => {
  const { queue, database } = await opened();
  await using _closing = queue;
  const session = await queue.session();
  await cluster.sql("begin; select lineup.put('mail', 'never'); rollback", database);
  await cluster.sql(
    "begin; create table orders (id int); select lineup.put('mail', 'yes'); commit",
    database,
  );
  const taken = await until(session, "TAKE mail", /count=1/);
  assertMatch(taken, /\nyes\nOK count=1$/);
  assertEquals(await session.ask("TAKE mail"), "OK count=0");
});

Deno.test("jobs of SQL that came while no server ran become one job each", async () => {
  const { queue, database, url } = await opened();
  await queue[Symbol.asyncDispose]();
  await cluster.sql(
    "select lineup.put('mail', n::text, expires => '1 h') from generate_series(1, 1200) as n",
    database,
  );
  await cluster.sql(
    "select lineup.put('mail', 'old', expires => '1 ms'), pg_sleep(0.05)",
    database,
  );
  await using again = await openQueue({ store: await postgresStore(url) });
  const ready = (): unknown => new Map(again.stats()).get("queue-ready");
  for (let look = 0; look < 500 && ready() !== 1200; look++) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  assertEquals(ready(), 1200);
  const rows = async (): Promise<string> =>
    (await cluster.sql("select count(*) from lineup.inbox", database))[0][0];
  for (let look = 0; look < 100 && await rows() !== "0"; look++);
  assertEquals([await rows(), ready()], ["0", 1200]);
});

Deno.test("a program needs no right but to use the schema", async () => {
  const { queue, database } = await opened();
  await using _closing = queue;
  await cluster.sql("create role app login; grant usage on schema lineup to app", database);
  const client = new pg.Client({ connectionString: cluster.url(database, "app") });
  await client.connect();
  await client.query("select lineup.put('mail', 'of app')");
  await assertRejects(() => client.query("select * from lineup.inbox"), Error, "permission denied");
  await client.end();
  const session = await queue.session();
  assertMatch(await until(session, "TAKE mail", /count=1/), /of app/);
});

Deno.test("lineup.put refuses what PUT refuses", async () => {
  const { queue, database } = await opened();
  await using _closing = queue;
  const { attempts, lease, backoff, delay, expires, priority } = bounds;
  for (
    const [args, message] of [
      ["'two words', ''", "queue must be a word of 1 to 128 characters, not two words"],
      [
        `'${"q".repeat(129)}', ''`,
        `queue must be a word of 1 to 128 characters, not ${"q".repeat(129)}`,
      ],
      ["'mail', '', key => 'a b'", "key must be a word of at most 128 characters, not a b"],
      [
        "'mail', '', id => 'a@2026-01-02T03:04:05.678Z'",
        "id must not end with a time such as @2026-01-02T03:04:05.678Z: only jobs of EVERY have that",
      ],
      [`'mail', '', priority => 10`, `priority must be ${priority.min} to ${priority.max}, not 10`],
      [`'mail', '', attempts => 0`, `attempts must be ${attempts.min} to ${attempts.max}, not 0`],
      ["'mail', '', lease => '0 s'", `lease must be ${lease.min} to ${lease.max} ms, not 0`],
      [
        "'mail', '', backoff => '-1 s'",
        `backoff must be ${backoff.min} to ${backoff.max} ms, not -1000`,
      ],
      ["'mail', '', delay => '-1 s'", `delay must be ${delay.min} to ${delay.max} ms, not -1000`],
      [
        "'mail', '', expires => '0 s'",
        `expires must be ${expires.min} to ${expires.max} ms, not 0`,
      ],
      ["null, ''", "queue must be a word of 1 to 128 characters, not <NULL>"],
      ["'mail', null", "body must not be null"],
      ["'mail', null::bytea", "body must not be null"],
      ...["key", "id", "priority", "attempts", "lease", "backoff", "delay", "keep_result"].map((
        name,
      ) => [`'mail', '', ${name} => null`, `${name} must not be null`]),
    ]
  ) {
    const error = await assertRejects(
      () => cluster.sql(`select lineup.put(${args})`, database),
      Error,
    );
    assertEquals(error.message, message);
  }
});
