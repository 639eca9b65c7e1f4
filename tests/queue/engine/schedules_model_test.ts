// Schedules that are made, replaced and ended, between restarts, compared with a plain list of their next times.

import { memoryStore, type Store } from "@lineup/lineup/queue";
import { assertEquals } from "@std/assert";
import { VirtualClock } from "../../../testing/virtual_clock.ts";
import { LONG, SEED, seededRandom } from "../../seeded_random.ts";
import { testQueue } from "../../test_queue.ts";

const SECOND = 1000;

/** The schedules, and the jobs that they have put. */
class Model {
  readonly schedules = new Map<string, { interval: number; next: number }>();
  jobs: string[] = [];

  set(name: string, interval: number, now: number): void {
    if (this.schedules.get(name)?.interval === interval) return;
    this.schedules.set(name, { interval, next: now + interval });
  }

  /** A queue that runs puts each job in its time. */
  run(now: number): void {
    for (const [name, schedule] of this.schedules) {
      for (; schedule.next <= now; schedule.next += schedule.interval) this.#put(name, schedule);
    }
  }

  /** A queue that starts makes up for all that it has missed by one job. */
  start(now: number): void {
    for (const [name, schedule] of this.schedules) {
      if (schedule.next > now) continue;
      this.#put(name, schedule);
      while (schedule.next <= now) schedule.next += schedule.interval;
    }
  }

  #put(name: string, { next }: { next: number }): void {
    this.jobs.push(`${name}@${new Date(next).toISOString()}`);
  }
}

async function live(random: () => number): Promise<void> {
  const below = (limit: number): number => Math.floor(random() * limit);
  const clock = new VirtualClock();
  const store: Store = { ...memoryStore(), close: () => Promise.resolve() };
  const model = new Model();
  let queue = await testQueue({ store, clock });
  let session = await queue.session();
  try {
    for (let step = 0; step < 40; step++) {
      const name = "abc"[below(3)];
      const chance = below(10);
      if (chance < 3) {
        const interval = (1 + below(4)) * SECOND;
        const { next } = (model.set(name, interval, clock.now()), model.schedules.get(name)!);
        const answer = await session.ask(`EVERY ${name} mail x interval=${interval}ms`);
        assertEquals(answer, `OK next=${duration(next - clock.now())}`);
      } else if (chance < 5) {
        const answer = await session.ask(`EVERY ${name} off`);
        assertEquals(answer.slice(0, 13), model.schedules.delete(name) ? "OK" : "ERR not-found");
      } else if (chance < 9) {
        // Also by whole seconds, at which several are due.
        const ms = below(2) === 0 ? below(4) * SECOND : below(6000);
        await clock.elapse(ms);
        model.run(clock.now());
      } else {
        await queue[Symbol.asyncDispose]();
        clock.advance(below(2) === 0 ? below(12) * SECOND : below(12_000));
        queue = await testQueue({ store, clock });
        session = await queue.session();
        await clock.elapse(0);
        model.start(clock.now());
      }
      const jobs = await session.ask("LIST mail max=100");
      const ids = [...jobs.matchAll(/ unique=(\S+)/g)].map(([, unique]) => unique);
      assertEquals(ids.sort(), model.jobs.sort());
      assertEquals(await session.ask("PURGE mail"), `OK count=${ids.length}`);
      model.jobs = [];
    }
  } finally {
    await queue[Symbol.asyncDispose]();
  }
}

function duration(ms: number): string {
  return ms % SECOND === 0 && ms > 0 ? `${ms / SECOND}s` : `${ms}ms`;
}

Deno.test("EVERY agrees with a plain model, however schedules are made, replaced and ended", async () => {
  for (let seed = SEED; seed < SEED + 12 * LONG; seed++) {
    try {
      await live(seededRandom(seed));
    } catch (error) {
      throw new Error(`failed with LINEUP_SEED=${seed}`, { cause: error });
    }
  }
});
