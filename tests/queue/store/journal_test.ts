// A journal over a store whose commits fail at every place, compared with the list of all changes.

import { memoryStore, type Store, StoreLost } from "@lineup/lineup/queue";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { setImmediate } from "node:timers/promises";
import { job, put } from "../../../queue/store/conformance/samples.ts";
import { Refusal } from "../../../protocol/mod.ts";
import { Memory } from "../../../queue/memory.ts";
import { Journal } from "../../../queue/store/journal.ts";
import { VirtualClock } from "../../../testing/virtual_clock.ts";
import { LONG, SEED, seededRandom } from "../../seeded_random.ts";

/** How a commit fails: nothing of it is stored, or all of it, and nobody is told. */
type Failure = "nothing is stored" | "all is stored";

/** A journal, its store, and what both must have. Change number n puts job n, whose body has 4 bytes. */
class Fixture {
  readonly journal: Journal;
  /** How many changes were written. */
  written = 0;
  /** How many changes the store has. */
  stored = 0;
  commits = 0;
  /** The changes that were neither resolved nor rejected. */
  readonly open = new Set<number>();
  /** The changes that were made before the failure, which must all be rejected. */
  lost: number[] = [];
  failures = 0;
  recoveries = 0;
  readonly #clock = new VirtualClock();
  readonly #kept = memoryStore();
  readonly #memory = new Memory();
  readonly #fails: (commit: number) => Failure | undefined;
  readonly #random: () => number;
  /** How many changes were written when the commit under way began. */
  #begun = 0;

  constructor(random: () => number, fails: (commit: number) => Failure | undefined) {
    this.#random = random;
    this.#fails = fails;
    const store: Store = {
      ...this.#kept,
      commit: async (changes) => {
        const failure = this.#fails(this.commits++);
        this.#begun = this.written;
        for (let turns = Math.floor(random() * 4); turns > 0; turns--) await setImmediate();
        if (failure === "nothing is stored") throw new Error("input/output error");
        for (const change of changes) {
          assert(change.kind === "put");
          const { id } = change.job;
          // A change may be stored again, and none is left out.
          assert(id <= this.stored + 1, `${id} comes after ${this.stored}`);
          this.stored = Math.max(this.stored, id);
        }
        await this.#kept.commit(changes);
        if (failure !== undefined) throw new Error("input/output error");
      },
    };
    const clock = {
      moment: () => ({ now: this.#clock.now(), wall: this.#clock.now() }),
      after: (ms: number, action: () => void) => this.#clock.after(ms, action),
    };
    this.journal = new Journal(store, clock, () => {}, this.#memory, {
      stored: () => {},
      givenUp: () => {},
      failed: () => {
        this.failures++;
        this.lost.push(...this.open);
      },
      lost: () => {},
      recovered: () => {
        this.recoveries++;
        assert(this.stored >= this.#begun, `${this.stored} of ${this.#begun} are stored`);
      },
    });
  }

  write(): void {
    const id = ++this.written;
    const change = put(job(id, { size: 4 }), bodyOf(id));
    this.open.add(id);
    this.journal.write(change).then(() => {
      assert(this.open.delete(id) && this.stored >= id, `${id} is told, and ${this.stored} stored`);
    }, () => this.open.delete(id));
  }

  async settle(): Promise<void> {
    const upTo = this.written;
    const settled = await this.journal.settled().then(() => true, () => false);
    if (settled) assert(this.stored >= upTo, `${this.stored} of ${upTo} are stored`);
  }

  /** Reads a job of which the store knows. */
  async read(): Promise<void> {
    if (this.stored === 0) return;
    const id = 1 + Math.floor(this.#random() * this.stored);
    assertEquals(await this.journal.read([id]), [bodyOf(id)]);
  }

  async turn(): Promise<void> {
    await setImmediate();
    for (const id of this.lost) assert(!this.open.has(id), `${id} was made before the failure`);
    this.lost = [];
    this.#clock.advance(20);
  }

  async end(): Promise<void> {
    for (let turns = 0; this.stored < this.written || this.journal.failure !== undefined; turns++) {
      assert(turns < 2_000, "the store works, and has not all changes");
      await this.turn();
    }
    await this.turn();
    await this.journal.drained();
    assertEquals([this.open.size, this.journal.pending, this.journal.lost], [0, 0, 0]);
    assertEquals([this.#memory.kept, this.failures - this.recoveries], [0, 0]);
  }
}

function bodyOf(id: number): Uint8Array {
  return new Uint8Array(Uint32Array.of(id).buffer);
}

async function live(seed: number, fails: (commit: number) => Failure | undefined): Promise<number> {
  const random = seededRandom(seed);
  const fixture = new Fixture(random, fails);
  const checks: Promise<void>[] = [];
  for (let step = 0; step < 20; step++) {
    if (random() < 0.5) checks.push(fixture.settle());
    // Many changes of many turns wait while the store fails.
    for (let more = Math.floor(random() * 90); more > 0; more--) fixture.write();
    if (random() < 0.5) checks.push(fixture.settle());
    if (random() < 0.5) checks.push(fixture.read());
    await fixture.turn();
  }
  await fixture.end();
  await Promise.all(checks);
  return fixture.commits;
}

for (const failure of ["nothing is stored", "all is stored"] as const) {
  Deno.test(`a journal loses no change where a commit fails, at each commit: ${failure}`, async () => {
    const commits = await live(SEED, () => undefined);
    for (let at = 0; at < commits; at++) {
      for (const times of [1, 3]) {
        await live(SEED, (commit) => commit >= at && commit < at + times ? failure : undefined);
      }
    }
  });
}

Deno.test("a journal loses no change where commits fail again and again", async () => {
  for (let seed = SEED; seed < SEED + 10 * LONG; seed++) {
    const random = seededRandom(seed);
    await live(seed, () => {
      const chance = random();
      return chance < 0.2 ? "nothing is stored" : chance < 0.3 ? "all is stored" : undefined;
    });
  }
});

/** What a journal logs whose store is lost, with a change on its way or none. */
async function loggedAtLoss(isTold: boolean, isBusy: boolean): Promise<Record<string, unknown>[]> {
  const lost = Promise.withResolvers<StoreLost>();
  const error = new StoreLost("another server has taken over");
  const store: Store = {
    ...memoryStore(),
    commit: () => lost.promise.then(() => Promise.reject(error)),
    ownership: { holds: true, lost: lost.promise, isTold },
  };
  const clock = { moment: () => ({ now: 0, wall: 0 }), after: () => () => {} };
  const logged: Record<string, unknown>[] = [];
  const noted = { stored() {}, givenUp() {}, failed() {}, lost() {}, recovered() {} };
  const journal = new Journal(store, clock, (entry) => logged.push(entry), new Memory(), noted);
  const written = isBusy
    ? assertRejects(() => journal.write(put(job(1, { size: 4 }), bodyOf(1))), Refusal)
    : undefined;
  await setImmediate();
  lost.resolve(error);
  const details = (await written)?.details;
  await setImmediate();
  // Who gets the error finds the line in the log.
  if (details !== undefined) assertEquals(details.incident, logged[0].incident);
  return logged.map(({ incident: _, ...entry }) => entry);
}

Deno.test("the loss of a store is told in one line, which has no stack", async () => {
  const line = {
    level: "error",
    message: "the store belongs to another server, and nothing more is changed in it",
    why: "another server has taken over",
  };
  assertEquals(await loggedAtLoss(false, false), [line]);
  assertEquals(await loggedAtLoss(false, true), [line]);
});

Deno.test("a store that is lost with others tells so itself only if changes were refused", async () => {
  assertEquals(await loggedAtLoss(true, false), []);
  assertEquals((await loggedAtLoss(true, true)).length, 1);
});
