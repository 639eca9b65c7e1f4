// A queue from TypeScript: bodies as text and JSON, payloads with a schema, and clients that cannot do it.

import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  type JobQueueClient,
  queue,
  type TakenJob,
  work,
  type WorkClient,
} from "@lineup/lineup/client";
import type { StandardSchema } from "@lineup/lineup/protocol";
import { openQueueFixture } from "./queue_fixture.ts";

/** A letter as it is put, and as its worker gets it. */
interface Letter {
  to: string;
  sent?: string;
}
interface OpenedLetter {
  to: string;
  sent: Date;
}

/** A schema whose output is not its input, and whose check takes a while. */
const letter: StandardSchema<Letter, OpenedLetter> = {
  "~standard": {
    version: 1,
    vendor: "test",
    async validate(value) {
      await undefined;
      const { to, sent = "1970-01-01" } = value as Letter;
      if (typeof to === "string" && typeof sent === "string") {
        return { value: { to, sent: new Date(sent) } };
      }
      return { issues: [{ path: [{ key: "to" }, 0], message: "must be a name." }] };
    },
  },
};

Deno.test("a handler reads a body as text and as JSON; one that is neither is dead with the reason", async () => {
  await using fixture = await openQueueFixture();
  const client = await fixture.client();
  const bodies = ['{"a":[1]}', "no JSON", Uint8Array.of(0xff)];
  const ids: number[] = [];
  for (const body of bodies) ids.push((await client.PUT({ queue: "mail", body })).id);
  const texts: string[] = [], values: unknown[] = [];
  const worker = work(client, "mail", (job: TakenJob) => {
    texts.push(job.text());
    values.push(job.json());
  }, { clock: fixture.clock, untilEmpty: true });
  await fixture.until(worker.finished);
  assertEquals([texts, values], [bodies.slice(0, 2), [{ a: [1] }]]);
  assertEquals([worker.counts.done, worker.counts.dead], [1, 2]);
  const reasons = await Promise.all(
    ids.slice(1).map(async (id) => (await client.JOB({ id })).reason),
  );
  assertEquals(reasons.map((reason) => reason?.slice(0, 22)), [
    "the body is not JSON: ",
    "the body is not UTF-8",
  ]);
});

Deno.test("queue checks a payload before it is put, and gives a handler the output of the schema", async () => {
  await using fixture = await openQueueFixture();
  const client = await fixture.client();
  const mail = queue(client, "mail", letter);
  const { id } = await mail.put({ to: "ada", sent: "2026-12-01" }, { key: "acme", priority: 0 });
  assertEquals((await client.JOB({ id })).key, "acme");
  const refusals: readonly [payload: unknown, message: string][] = [
    [{ to: 7 }, "the payload of a job for mail is refused: to.0: must be a name"],
    // As a worker would get it.
    [{ to: "ada", sent: { toJSON: () => 7 } }, "is refused: to.0: must be a name"],
    [undefined, "the payload of a job for mail has no JSON: it is undefined"],
    [{ to: 7n }, "has no JSON: TypeError"],
  ];
  for (const [payload, message] of refusals) {
    await assertRejects(() => mail.put(payload as Letter), TypeError, message);
  }
  assertEquals((await client.QUEUE({ queue: "mail" })).ready, 1);
  const got: { to: string; year: number; id: number }[] = [];
  const worker = mail.work(({ payload: { to, sent }, id }, { signal }) => {
    signal.throwIfAborted();
    got.push({ to, year: sent.getUTCFullYear(), id });
  }, { clock: fixture.clock, untilEmpty: true });
  await fixture.until(worker.finished);
  assertEquals(got, [{ to: "ada", year: 2026, id }]);
});

Deno.test("a job whose payload the schema refuses is dead with the reason, and its handler does not run", async () => {
  await using fixture = await openQueueFixture();
  const client = await fixture.client();
  const { id: first } = await client.PUT({ queue: "mail", body: '{"to":7}' });
  const { id: second } = await client.PUT({ queue: "mail", body: "no JSON" });
  let ran = 0;
  const worker = queue(client, "mail", letter).work(() => void ran++, {
    clock: fixture.clock,
    untilEmpty: true,
  });
  await fixture.until(worker.finished);
  assertEquals([ran, worker.counts.dead], [0, 2]);
  const { state, reason } = await client.JOB({ id: first });
  assertEquals([state, reason], [
    "dead",
    "the payload of a job for mail is refused: to.0: must be a name",
  ]);
  assertEquals((await client.JOB({ id: second })).reason?.slice(0, 20), "the body is not JSON");
});

Deno.test("queue without a schema carries any value of JSON", async () => {
  await using fixture = await openQueueFixture();
  const client = await fixture.client();
  const events = queue(client, "events");
  const values = [null, 7, "text", { deep: [true] }];
  for (const value of values) await events.put(value);
  const got: unknown[] = [];
  const worker = events.work(({ payload }) => void got.push(payload), {
    clock: fixture.clock,
    untilEmpty: true,
  });
  await fixture.until(worker.finished);
  assertEquals(got, values);
});

Deno.test("work and queue name what a client lacks", () => {
  const call = (): void => {};
  const bare = { PING: call, PUT: call };
  const clients: readonly [client: object, work: string, queue?: string][] = [
    [{ PING: call }, "This one has no TAKE.", "This one has no PUT."],
    [
      { call, stream: call },
      "has no TAKE, because connect was given no protocol.",
      "has no PUT, b",
    ],
    [Promise.resolve(bare), "This is the promise of one: await it.", "await it."],
    [bare, "This one has no TAKE."],
    [undefined as never, "This one has no TAKE.", "This one has no PUT."],
  ];
  for (const [client, ofWork, ofQueue] of clients) {
    const worker = (): unknown => work(client as WorkClient, "mail", () => {});
    assertThrows(worker, TypeError, "work needs a client of the queue's protocol: connect(queue");
    assertThrows(worker, TypeError, ofWork);
    if (ofQueue === undefined) continue;
    assertThrows(() => queue(client as JobQueueClient, "mail"), TypeError, ofQueue);
  }
});
