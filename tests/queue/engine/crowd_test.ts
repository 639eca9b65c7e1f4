import { memoryStore, type Store } from "@lineup/lineup/queue";
import { assertEquals } from "@std/assert";
import { LONG, SEED, seededRandom } from "../../seeded_random.ts";
import { VirtualClock } from "../../../testing/virtual_clock.ts";
import { testQueue } from "../../test_queue.ts";
import type { RawClient } from "../../raw_client.ts";

/** A store whose commits take random times on the clock of the test. */
function slow(clock: VirtualClock, random: () => number): Store {
  const memory = memoryStore();
  return {
    ...memory,
    async commit(changes) {
      await memory.commit(changes);
      await new Promise<void>((resolve) => clock.after(Math.floor(random() * 4), resolve));
    },
  };
}

/** The observations of all clients together. */
interface Seen {
  readonly put: Set<string>;
  /** `id/attempt` of every delivery. */
  readonly given: Set<string>;
  readonly done: Set<string>;
}

/** Reads replies until the connection ends, and finishes some of the delivered jobs. */
async function listen(session: RawClient, random: () => number, seen: Seen): Promise<void> {
  for (;;) {
    let reply: string;
    try {
      reply = await session.reply();
    } catch {
      return;
    }
    const put = /^#p\d+ OK id=(\d+)/.exec(reply)?.[1];
    if (put !== undefined) seen.put.add(put);
    const done = /^#d(\d+) OK$/.exec(reply)?.[1];
    if (done !== undefined) {
      assertEquals(seen.done.has(done), false, `job ${done} was done twice`);
      seen.done.add(done);
    }
    for (const [, id, attempt] of reply.matchAll(/\* id=(\d+) queue=mail attempt=(\d+)/g)) {
      const job = `${id}/${attempt}`;
      assertEquals(seen.given.has(job), false, `job ${job} was given twice`);
      seen.given.add(job);
      const chance = random();
      if (chance < 0.6) await session.send(`#d${id} DONE ${id} attempt=${attempt}\n`);
      else if (chance < 0.8) await session.send(`#f${id} FAIL ${id} attempt=${attempt}\n`);
    }
  }
}

async function crowd(seed: number): Promise<void> {
  const random = seededRandom(seed);
  const below = (limit: number): number => Math.floor(random() * limit);
  const clock = new VirtualClock();
  const seen: Seen = { put: new Set(), given: new Set(), done: new Set() };
  await using queue = await testQueue({ store: slow(clock, random), clock });
  const sessions = await Promise.all(Array.from({ length: 4 }, () => queue.session()));
  const listening = sessions.map((session) => listen(session, random, seen));

  for (let n = 1; n <= 150; n++) {
    const lines = Array.from({ length: 1 + below(4) }, (_, at) => {
      const tag = `${n}${at}`;
      const chance = random();
      if (chance < 0.4) {
        return `#p${tag} PUT mail x attempts=1000 lease=20ms priority=${below(10)}\n`;
      }
      if (chance < 0.8) return `#t${below(12)} TAKE mail max=${1 + below(3)} wait=${below(30)}ms\n`;
      return `#c${tag} CANCEL t${below(12)}\n`;
    });
    const session = below(4);
    // A tag in use ends the connection, so a TAKE is cancelled before its tag is used again.
    const text = lines.map((line) => line.replace(/^#(t\d+) TAKE/, `#x${n} CANCEL $1\n#$1 TAKE`));
    await sessions[session].send(text.join("").replace(/#x/g, () => `#x${below(1e9)}`));
    await clock.elapse(below(4));
  }

  await clock.elapse(100);
  const last = await queue.session();
  for (let rounds = 0; (await queue.figure("queue-queues")) !== 0; rounds++) {
    assertEquals(rounds < 1000, true, "the queue does not become empty");
    const reply = last.ask("TAKE mail max=100");
    await clock.elapse(10);
    for (const [, id, attempt] of (await reply).matchAll(/\* id=(\d+) queue=mail attempt=(\d+)/g)) {
      const done = last.ask(`DONE ${id} attempt=${attempt}`);
      await clock.elapse(10);
      if (await done === "OK") {
        assertEquals(seen.done.has(id), false);
        seen.done.add(id);
      }
    }
    await clock.elapse(30);
  }
  for (const session of sessions) session.close();
  await Promise.all(listening);
  assertEquals([...seen.put].filter((id) => !seen.done.has(id)), []);
  assertEquals(seen.put.size > 50 && seen.given.size > 50, true);
}

Deno.test("TAKE gives every job that was put, and none to two clients at once, for any cancellations", async () => {
  for (let seed = SEED; seed < SEED + 4 * LONG; seed++) {
    try {
      await crowd(seed);
    } catch (error) {
      throw new Error(`failed with LINEUP_SEED=${seed}`, { cause: error });
    }
  }
});
