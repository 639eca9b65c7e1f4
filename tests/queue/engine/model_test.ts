import { memoryStore, sqliteStore, type Store } from "@lineup/lineup/queue";
import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { LONG, SEED } from "../../seeded_random.ts";
import { VirtualClock } from "../../../testing/virtual_clock.ts";
import { duration, Model } from "./model.ts";
import { type TestQueue, testQueue } from "../../test_queue.ts";
import { withDirectory } from "../../temporary_directory.ts";
import type { RawClient } from "../../raw_client.ts";

/** The model and the server that must answer alike. */
interface Pair {
  readonly model: Model;
  readonly clock: VirtualClock;
  readonly open: () => Promise<Store>;
  queue: TestQueue;
  workers: RawClient[];
  waiting: Map<string, RawClient>;
  names: number;
}

type Step = (pair: Pair) => Promise<void>;

const WORKERS = 3;
const queueName = fc.constantFrom("a" as const, "b" as const);
// Each queue has one priority, so that there is only one order. fairness_test.ts tests several priorities and keys.
const PRIORITY = { a: 3, b: 5 };
const jobState = fc.constantFrom("delayed", "ready", "taken", "dead");
const worker = fc.nat(WORKERS - 1);
const id = fc.integer({ min: 1, max: 12 });
const attempt = fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined });
// Waits end between the times at which jobs change, so that it does not matter which of two timers rings first.
const time = fc.integer({ min: 1, max: 20 }).map((n) => n * 10);
const waitTime = fc.nat(20).map((n) => n * 10 + 5);

function attemptOption(attempt: number | undefined): string {
  return attempt === undefined ? "" : ` attempt=${attempt}`;
}

/** A request whose reply must equal the model's, or be an error with the model's code. */
function asks(index: number, request: string, answer: (model: Model) => string): Step {
  return async ({ workers, model }) => {
    const expected = answer(model);
    const reply = await workers[index].ask(request);
    assertEquals(
      expected.startsWith("ERR") ? reply.slice(0, expected.length) : reply,
      expected,
      request,
    );
  };
}

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      index: worker,
      queue: queueName,
      delay: fc.oneof(fc.constant(0), time),
      lease: time,
      attempts: fc.integer({ min: 1, max: 3 }),
      unique: fc.option(fc.constantFrom("u", "v"), { nil: undefined }),
      // The time differs from the times of all other timers.
      expires: fc.option(time.map((ms) => ms + 2), { nil: undefined }),
    }).map(({ index, queue, delay, lease, attempts, unique, expires }): Step => async (pair) => {
      const priority = PRIORITY[queue];
      const expected = pair.model.put(queue, delay, lease, attempts, unique, expires);
      const body = expected.replace("OK id=", "body-");
      const request =
        `PUT ${queue} ${
          body.replace(/ .*/, "")
        } priority=${priority} delay=${delay}ms lease=${lease}ms ` +
        `attempts=${attempts}${unique === undefined ? "" : ` id=${unique}`}` +
        `${expires === undefined ? "" : ` expires=${expires}ms`}`;
      assertEquals(await pair.workers[index].ask(request), expected);
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ index: worker, queue: queueName, max: fc.integer({ min: 1, max: 3 }) })
      .map((
        { index, queue, max },
      ) => asks(index, `TAKE ${queue} max=${max}`, (model) => model.take(queue, max, index))),
  },
  {
    weight: 2,
    arbitrary: fc.record({ queue: queueName, max: fc.integer({ min: 1, max: 3 }), time: waitTime })
      .map((
        { queue, max, time },
      ): Step =>
      async (pair) => {
        const name = `t${++pair.names}`;
        const session = await pair.queue.session();
        pair.waiting.set(name, session);
        await session.send(`#t TAKE ${queue} max=${max} wait=${time}ms\n`);
        await pair.clock.elapse(0);
        pair.model.wait(name, queue, max, time);
      }),
  },
  {
    weight: 1,
    arbitrary: fc.nat(5).map((index): Step => async ({ model, waiting }) => {
      const taker = model.takers[index];
      if (taker === undefined) return;
      const session = waiting.get(taker.name)!;
      const reply = await session.ask("CANCEL t");
      assertEquals(reply.slice(0, 16), "#t ERR cancelled");
      assertEquals(await session.reply(), "OK");
      model.cancel(taker.name);
      waiting.delete(taker.name);
      session.close();
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ index: worker, id, attempt }).map(({ index, id, attempt }) =>
      asks(index, `DONE ${id}${attemptOption(attempt)}`, (model) => model.done(id, index, attempt))
    ),
  },
  {
    weight: 3,
    arbitrary: fc.record({ index: worker, id, attempt, retry: fc.oneof(fc.constant(0), time) }).map(
      (
        { index, id, attempt, retry },
      ) =>
        asks(
          index,
          `FAIL ${id} retry=${retry}ms${attemptOption(attempt)}`,
          (model) => model.fail(id, index, attempt, retry),
        ),
    ),
  },
  {
    weight: 2,
    arbitrary: fc.record({ index: worker, id, attempt, lease: time }).map((
      { index, id, attempt, lease },
    ) =>
      asks(
        index,
        `EXTEND ${id} lease=${duration(lease)}${attemptOption(attempt)}`,
        (model) => model.extend(id, index, attempt, lease),
      )
    ),
  },
  {
    weight: 3,
    arbitrary: time.map((ms): Step => async ({ model, clock }) => {
      await clock.elapse(ms);
      model.elapse(ms);
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ index: worker, id, attempt, delay: fc.oneof(fc.constant(0), time) })
      .map(({ index, id, attempt, delay }) =>
        asks(
          index,
          `RELEASE ${id} delay=${delay}ms${attemptOption(attempt)}`,
          (model) => model.release(id, index, attempt, delay),
        )
      ),
  },
  {
    weight: 1,
    arbitrary: fc.record({ index: worker, id }).map(({ index, id }) =>
      asks(index, `DROP ${id}`, (model) => model.drop(id))
    ),
  },
  {
    weight: 1,
    arbitrary: fc.record({ queue: queueName, state: jobState }).map(({ queue, state }) =>
      asks(0, `PURGE ${queue} state=${state}`, (model) => model.purge(queue, state))
    ),
  },
  {
    weight: 1,
    arbitrary: queueName.map((queue) => asks(0, `REVIVE ${queue}`, (model) => model.revive(queue))),
  },
  {
    weight: 2,
    arbitrary: fc.record({ queue: queueName, paused: fc.boolean() }).map(({ queue, paused }) =>
      asks(
        0,
        `${paused ? "PAUSE" : "RESUME"} ${queue}`,
        (model) => model.pause(queue, paused),
      )
    ),
  },
  {
    weight: 2,
    arbitrary: fc.record({ queue: queueName, running: fc.nat(3) }).map(({ queue, running }) =>
      asks(0, `LIMIT ${queue} running=${running}`, (model) => model.limit(queue, running))
    ),
  },
  { weight: 1, arbitrary: fc.constant(restart) },
);

async function restart(pair: Pair): Promise<void> {
  await pair.queue[Symbol.asyncDispose]();
  pair.model.restart();
  await start(pair);
}

async function start(pair: Pair): Promise<void> {
  pair.queue = await testQueue({ store: await pair.open(), clock: pair.clock });
  pair.workers = [];
  pair.waiting = new Map();
  for (let i = 0; i < WORKERS; i++) pair.workers.push(await pair.queue.session());
}

async function compare({ model, queue, waiting, workers }: Pair): Promise<void> {
  for (const [name, answer] of model.answers) {
    const session = waiting.get(name)!;
    assertEquals((await session.reply()).replaceAll("#t ", ""), answer);
    waiting.delete(name);
    session.close();
  }
  model.answers.clear();
  assertEquals(await workers[0].ask("QUEUES"), model.queues());
  for (const queue of ["a", "b"]) {
    const jobs = await workers[0].ask(`LIST ${queue}`);
    const states = [...jobs.matchAll(/^\* id=(\d+) .*?state=(\w+)/gm)];
    assertEquals(states.map(([, id, state]) => `${id} ${state}`).join(), model.list(queue));
  }
  assertEquals(queue.figure("queue-takers"), model.takers.length);
}

async function agree(steps: readonly Step[], open: () => Promise<Store>): Promise<void> {
  const clock = new VirtualClock();
  const model = new Model(clock.now());
  const pair = { model, clock, open, names: 0 } as unknown as Pair;
  await start(pair);
  try {
    for (const each of steps) {
      await each(pair);
      await compare(pair);
    }
  } finally {
    await pair.queue[Symbol.asyncDispose]();
  }
}

const steps = fc.array(step, { maxLength: 60, size: "max" });

Deno.test("openQueue agrees with the model, restarts included", async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (steps) => {
      const store: Store = { ...memoryStore(), close: () => Promise.resolve() };
      await agree(steps, () => Promise.resolve(store));
    }),
    { seed: SEED, numRuns: 30 * LONG },
  );
});

Deno.test("openQueue agrees with the model on a SQLite file", async () => {
  await fc.assert(
    fc.asyncProperty(
      steps,
      (steps) =>
        withDirectory((directory) => agree(steps, () => sqliteStore(`${directory}/queue.db`))),
    ),
    { seed: SEED, numRuns: 3 * LONG },
  );
});
