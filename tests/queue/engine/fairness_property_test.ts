// Random work on jobs of several keys and priorities. The server chooses the next job, and the test checks that the
// choice is allowed.

import { memoryStore, type Store } from "@lineup/lineup/queue";
import { assert, assertEquals } from "@std/assert";
import { LONG, SEED, seededRandom } from "../../seeded_random.ts";
import { VirtualClock } from "../../../testing/virtual_clock.ts";
import { duration } from "./model.ts";
import { testQueue } from "../../test_queue.ts";

const KEYS = ["", "a", "b", "c"];
const PRIORITIES = [2, 3, 5];
const ATTEMPTS = 4;

interface Known {
  readonly id: number;
  readonly row: Row;
  state: "delayed" | "ready" | "taken" | "dead";
  attempt: number;
  ready: number;
  until: number;
}

/** The jobs of one key in one priority. */
interface Row {
  readonly key: string;
  readonly priority: number;
  /** The other rows of its priority that had a turn since the last turn of this one, while it had ready jobs. */
  readonly passed: Set<Row>;
}

/** The state of the queue, as requests and replies tell it. */
class Book {
  readonly rows: Row[] = PRIORITIES.flatMap((priority) =>
    KEYS.map((key) => ({ key, priority, passed: new Set() }))
  );
  jobs: Known[] = [];
  /** The extra turns that rows may have because a cancelled TAKE was charged to them or to a waiting row. */
  credit = 0;

  all(state: Known["state"]): Known[] {
    return this.jobs.filter((job) => job.state === state);
  }

  /** Checks a delivery: the job was the first of its row, and no other row has waited too long. */
  given(job: Known, until: number): void {
    assertEquals(job.state, "ready");
    const first = this.all("ready").filter(({ row }) => row === job.row)
      .sort((a, b) => a.ready - b.ready || a.id - b.id)[0];
    assertEquals(job.id, first.id, "first in, first out in a key");
    const waiting = new Set(this.all("ready").map(({ row }) => row));
    let goesTwice = false;
    for (const row of this.rows) {
      if (row === job.row || !waiting.has(row)) row.passed.clear();
      else if (row.priority === job.row.priority) {
        goesTwice ||= row.passed.has(job.row);
        row.passed.add(job.row);
      }
    }
    if (goesTwice) assert(this.credit-- > 0, `${job.row.key} goes twice while another waits`);
    job.state = "taken";
    job.attempt++;
    job.until = until;
  }

  fail(job: Known, ready: number, delayed: boolean): void {
    job.state = job.attempt === ATTEMPTS ? "dead" : delayed ? "delayed" : "ready";
    job.ready = ready;
  }

  elapse(now: number): void {
    for (const job of this.all("taken")) if (job.until <= now) this.fail(job, job.until, false);
    for (const job of this.all("delayed")) if (job.ready <= now) job.state = "ready";
  }

  /** The expected reply of QUEUES. */
  queues(now: number): string {
    if (this.jobs.length === 0) return "OK count=0";
    const counts = (["delayed", "ready", "taken", "dead"] as const)
      .map((state) => ` ${state}=${this.all(state).length}`).join("");
    const ready = this.all("ready").map((job) => job.ready);
    const oldest = ready.length === 0 ? "" : ` oldest=${duration(now - Math.min(...ready))}`;
    return `* mail${counts}${oldest} takers=0\nOK count=1`;
  }
}

async function work(random: () => number, steps: number, cancels: boolean): Promise<void> {
  const below = (limit: number): number => Math.floor(random() * limit);
  const any = <T>(items: readonly T[]): T => items[below(items.length)];
  const clock = new VirtualClock();
  const memory = memoryStore();
  let hold: PromiseWithResolvers<void> | undefined = undefined;
  const store: Store = {
    ...memory,
    async commit(changes) {
      await hold?.promise;
      await memory.commit(changes);
    },
    close: () => Promise.resolve(),
  };
  let queue = await testQueue({ store, clock });
  let session = await queue.session();
  const book = new Book();

  const putOne = async (): Promise<void> => {
    const row = any(book.rows);
    const delay = random() < 0.2 ? 10 * below(20) : 0;
    const key = row.key === "" ? "" : ` key=${row.key}`;
    const reply = await session.ask(
      `PUT mail x priority=${row.priority} delay=${delay}ms attempts=${ATTEMPTS}${key}`,
    );
    const state = delay > 0 ? "delayed" : "ready";
    const ready = clock.now() + delay;
    book.jobs.push({ id: Number(reply.slice(6)), row, state, attempt: 0, ready, until: 0 });
  };
  const takeSome = async (): Promise<void> => {
    const max = 1 + below(4);
    const lease = 10 * (1 + below(30));
    const expected = Math.min(max, book.all("ready").length);
    const reply = await session.ask(`TAKE mail max=${max} lease=${lease}ms`);
    const items = [...reply.matchAll(/^\* id=(\d+) .*?attempt=(\d+)/gm)];
    assertEquals(reply.split("\n").at(-1), `OK count=${expected}`);
    assertEquals(items.length, expected);
    for (const [, id, attempt] of items) {
      const job = book.jobs.find((job) => job.id === Number(id))!;
      book.given(job, clock.now() + lease);
      assertEquals(job.attempt, Number(attempt), "every attempt once");
    }
  };
  const takeInVain = async (): Promise<void> => {
    const max = 1 + below(3);
    book.credit += KEYS.length * Math.min(max, book.all("ready").length);
    hold = Promise.withResolvers();
    await session.send(`#t TAKE mail max=${max}\nCANCEL t\n`);
    // Without ready jobs, the TAKE is answered before it can be cancelled.
    for (let i = 0; i < 2; i++) await session.reply();
    hold.resolve();
    await clock.elapse(0);
  };
  const endOne = async (): Promise<void> => {
    const taken = book.all("taken");
    if (taken.length === 0) return;
    const job = any(taken);
    const { id, attempt } = job;
    if (random() < 0.6) {
      assertEquals(await session.ask(`DONE ${id} attempt=${attempt}`), "OK");
      book.jobs = book.jobs.filter((other) => other !== job);
      return;
    }
    const retry = random() < 0.5 ? 0 : 10 * (1 + below(20));
    const reply = await session.ask(`FAIL ${id} attempt=${attempt} retry=${retry}ms`);
    book.fail(job, clock.now() + retry, retry > 0);
    assertEquals(reply, `OK state=${job.state}`);
  };
  const pass = async (): Promise<void> => {
    await clock.elapse(10 * below(10));
    book.elapse(clock.now());
  };
  const restart = async (): Promise<void> => {
    await queue[Symbol.asyncDispose]();
    queue = await testQueue({ store, clock });
    session = await queue.session();
    for (const row of book.rows) row.passed.clear();
  };

  try {
    for (let step = 0; step < steps; step++) {
      // Much and little work take turns, so that keys, priorities and the queue become empty too.
      const busy = Math.floor(step / 200) % 2 === 0 ? 0.45 : 0.15;
      const chance = random();
      if (chance < busy) await putOne();
      else if (chance < 0.75) await takeSome();
      else if (chance < 0.93) await endOne();
      else if (chance < 0.98) await pass();
      else if (chance < 0.985) await restart();
      else if (cancels) await takeInVain();
      assertEquals(await session.ask("QUEUES"), book.queues(clock.now()));
    }
  } finally {
    await queue[Symbol.asyncDispose]();
  }
}

Deno.test("TAKE gives jobs of random keys and priorities in a fair order, and QUEUES counts them", async () => {
  for (let seed = SEED; seed < SEED + 2 * LONG; seed++) {
    try {
      await work(seededRandom(seed), 800, seed % 2 === 0);
    } catch (error) {
      throw new Error(`failed with LINEUP_SEED=${seed}`, { cause: error });
    }
  }
});
