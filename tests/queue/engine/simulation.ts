// Simulates the work queue without its protocol, on a clock and a disk that a seed controls. Clients come and vanish,
// commits fail, processes die at any moment. After every step, the simulation checks the promises of the queue.

import { setImmediate } from "node:timers";
import type { Consumer } from "../../../queue/engine/consumers.ts";
import type { Delivery, JobOnTheWay } from "../../../queue/engine/delivery.ts";
import type { Claim, LimitChange, TakeRequest } from "../../../queue/engine/engine.ts";
import { done, extend, fail, release } from "../../../queue/engine/leases.ts";
import { setLimits } from "../../../queue/engine/limits.ts";
import { WorkQueue } from "../../../queue/engine/work_queue.ts";
import { VirtualClock } from "../../../testing/virtual_clock.ts";
import { Promises } from "./promises.ts";
import {
  FakeClient,
  QUEUES,
  someFailure,
  someJob,
  someLimits,
  someRequest,
} from "./simulated_client.ts";
import { ProcessClock, SimulatedDisk } from "./simulated_store.ts";

const MOST_JOBS = 80;
const MOST_CONSUMERS = 5;
const CLIENTS = 4;
const EMPTY = new Uint8Array();
const NO_LIMITS = { paused: false, running: 0, rate: 0 };
const CAPACITY = {
  maxMemory: Infinity,
  maxJobs: 1000,
  maxQueues: 10,
  maxTakers: 10,
  maxRules: 10,
  maxSchedules: 1,
  maxResults: 10,
  resultTime: 1000,
};

interface Held {
  readonly id: number;
  readonly attempt: number;
  readonly client: FakeClient;
}

/** The number of events of each kind: a test checks that each kind happened. */
export type Tally = Record<
  | "put"
  | "duplicate"
  | "expired"
  | "kept"
  | "given"
  | "told"
  | "done"
  | "crash"
  | "failure"
  | "full"
  | "recovery"
  | "vanished"
  | "waited"
  | "halfClosed"
  | "servedLast",
  number
>;

/** The lives of a queue, one after the other. */
export class Simulation {
  readonly tally: Tally = {
    put: 0,
    duplicate: 0,
    expired: 0,
    kept: 0,
    given: 0,
    told: 0,
    done: 0,
    crash: 0,
    failure: 0,
    full: 0,
    recovery: 0,
    vanished: 0,
    waited: 0,
    halfClosed: 0,
    servedLast: 0,
  };
  readonly #random: () => number;
  readonly #below = (limit: number): number => Math.floor(this.#random() * limit);
  readonly #clock = new VirtualClock();
  readonly #disk: SimulatedDisk;
  readonly #promises = new Promises();
  #process!: ProcessClock;
  #work!: WorkQueue;
  #clients: FakeClient[] = [];
  #consumers: Consumer[] = [];
  #held: Held[] = [];
  #limits: LimitChange = NO_LIMITS;
  #names = 0;
  #steps = 0;

  constructor(random: () => number) {
    this.#random = random;
    this.#disk = new SimulatedDisk(random);
  }

  /** Takes `steps` steps. Throws where a promise is broken. */
  async run(steps: number): Promise<void> {
    await this.#start();
    for (let step = 0; step < steps; step++) {
      await this.#step();
      for (let tick = 0; tick < 6; tick++) await undefined;
      this.#promises.look(this.#work, ++this.#steps);
    }
    await this.#drain();
  }

  async #start(): Promise<void> {
    this.#process = new ProcessClock(this.#clock, this.#random);
    this.#work = new WorkQueue({
      store: this.#disk.store(this.#process),
      clock: this.#process,
      log: ({ level, message }) => {
        if (/ new jobs are given up$/.test(message)) {
          this.tally.full++;
          this.#promises.givenUp(this.#work);
        } else this.tally[level === "error" ? "failure" : "recovery"]++;
      },
      random: this.#random,
      max: CAPACITY,
      yield: (go) => void setImmediate(go),
    });
    const stored = await this.#disk.jobs();
    this.#promises.restart(stored);
    await this.#work.load();
    this.#promises.loaded(this.#work, stored, this.#clock.now());
    this.#clients = Array.from({ length: CLIENTS }, () => new FakeClient(++this.#names));
    this.#consumers = [];
  }

  async #step(): Promise<void> {
    const chance = this.#random() * 100;
    if (chance < 24) this.#put();
    else if (chance < 46) this.#take();
    else if (chance < 52) this.#wait();
    else if (chance < 76) this.#finish(this.#random());
    else if (chance < 94) this.#clock.advance(this.#below(8));
    else if (chance < 96) this.#sweep();
    else if (chance < 96.5) this.#vanish();
    else if (chance < 97) this.#halfClose();
    else if (chance < 98) this.#limit();
    else if (chance < 99) this.#cancel();
    else if (chance < 99.2) await this.#crash();
  }

  /** Lets the process die, and starts the next. */
  async #crash(): Promise<void> {
    this.tally.crash++;
    this.tally.expired += this.#work.transitions.expired;
    this.#process.running = false;
    await this.#start();
  }

  /** The waiting TAKEs. */
  get #waiting(): Consumer[] {
    return this.#consumers.filter(({ waits }) => waits);
  }

  #put(): void {
    const work = this.#work;
    if (work.jobs.size >= MOST_JOBS || work.journal.failure !== undefined) return;
    const told = someJob(this.#below);
    const same = this.#promises.named(work, told);
    if (same === undefined) {
      this.#promises.put(
        work.transitions.lastId + 1,
        work.clock.now() + (told.expires ?? Infinity),
      );
    }
    const { id, duplicate, written } = work.transitions.put(told);
    this.tally[duplicate ? "duplicate" : "put"]++;
    if (id !== (same ?? work.transitions.lastId)) {
      this.#promises.broken(`${told.unique} is put as job ${id}`);
    }
    // An existing job must be stored in the state of the last request: the passage of time is not stored.
    this.#acknowledge(
      id,
      duplicate ? this.#promises.changes : this.#promises.changed(work, id),
      written,
    );
  }

  /** Records a request that changes a job: once it is answered, the change must last. */
  #expect(id: number, written: Promise<unknown>, then?: () => void): void {
    this.#acknowledge(id, this.#promises.changed(this.#work, id), written, then);
  }

  #acknowledge(id: number, changed: number, written: Promise<unknown>, then?: () => void): void {
    const work = this.#work;
    written.then(() => {
      if (work !== this.#work) return;
      this.#promises.acknowledged(id, changed);
      then?.();
    }).catch(() => {});
  }

  #take(): void {
    if (this.#work.journal.failure !== undefined) return;
    const request = someRequest(this.#below, this.#clients);
    const delivery = this.#work.dispatcher.take(request);
    if (delivery !== undefined) this.#given(delivery, request);
  }

  #wait(): void {
    this.#consumers = this.#waiting;
    if (this.#work.journal.failure !== undefined || this.#consumers.length >= MOST_CONSUMERS) {
      return;
    }
    const request = someRequest(this.#below, this.#clients);
    const delivery = this.#work.dispatcher.take(request);
    if (delivery !== undefined) return this.#given(delivery, request);
    const consumer = this.#work.dispatcher.wait(request, 5 + this.#below(60));
    consumer.answer.catch(() => {});
    // The check comes first, before anything else changes.
    const { give } = consumer;
    consumer.give = (delivery) => {
      give.call(consumer, delivery);
      if (delivery === undefined) return;
      this.#inTurn(delivery, request);
      this.#given(delivery, request);
    };
    this.#consumers.push(consumer);
    this.tally.waited++;
  }

  /** Checks the order: TAKEs whose clients have ended their side come behind all others. */
  #inTurn({ jobs: [{ id, queue }] }: Delivery, { client }: TakeRequest): void {
    if (!client.halfClosed) return;
    this.tally.servedLast++;
    const isAnybodyWhole = this.#waiting.some(({ request }) =>
      !request.client.halfClosed && request.queues.includes(queue)
    );
    if (isAnybodyWhole) this.#promises.broken(`job ${id} is given to a client that may be gone`);
  }

  #given(delivery: Delivery, { client }: TakeRequest): void {
    const work = this.#work;
    const given = [...delivery.jobs];
    this.tally.given += given.length;
    const changed = given.map(({ id, attempt }) => {
      this.#promises.given(work, id, attempt);
      return this.#promises.changed(work, id);
    });
    this.#promises.inOrder(work, given.map(({ id }) => id));
    // The client may vanish before the delivery, or between it and the items.
    let gone = false;
    const vanish = (): void => {
      gone = true;
      if (work === this.#work) this.#giveBack(given);
    };
    const chance = this.#below(client.halfClosed ? 4 : 60);
    if (chance === 0) this.#process.after(this.#below(3), () => gone ||= told || (vanish(), true));
    let told = false;
    delivery.whole.then(() => {
      if (work !== this.#work) return;
      given.forEach(({ id }, at) => this.#promises.acknowledged(id, changed[at]));
      if (gone) return;
      if (chance === 1) return vanish();
      told = true;
      for (const { id, attempt } of given) {
        this.tally.told++;
        this.#promises.told(work, id, attempt);
        this.#held.push({ id, attempt, client: client as FakeClient });
      }
    }).catch(() => {});
  }

  #giveBack(given: readonly JobOnTheWay[]): void {
    const work = this.#work;
    // A job with another attempt by now belongs to another client.
    const back = given.filter(({ id, attempt }) => {
      const job = work.jobs.get(id);
      return job?.state === "taken" && job.attempt === attempt;
    });
    for (const { id } of back) this.#promises.ended(id);
    work.dispatcher.giveBack(given, false);
    for (const { id } of back) this.#promises.changed(work, id);
  }

  /** A client reports the end of a job, in time or not. */
  #finish(chance: number): void {
    const work = this.#work;
    if (this.#held.length === 0 || work.journal.failure !== undefined) return;
    this.#end(this.#below(this.#held.length), chance);
  }

  #end(at: number, chance: number): void {
    const work = this.#work;
    const { id, attempt, client } = this.#held[at];
    const claim: Claim = { client, attempt };
    const job = work.jobs.get(id);
    const mayBe = job !== undefined && job.state === "taken" && job.attempt === attempt;
    if (chance >= 0.08) this.#held.splice(at, 1);
    // This comes before a waiting TAKE gets the job.
    if (mayBe) this.#promises.ended(id);
    const how = chance < 0.08
      ? extend(work, id, claim, this.#below(60))
      : chance < 0.65
      ? done(work, [id], claim, EMPTY)
      : chance < 0.9
      ? fail(work, [id], claim, someFailure(this.#below))
      : release(work, id, claim, this.#below(3) === 0 ? this.#below(20) : 0);
    if (!mayBe) {
      how.then(() => this.#promises.broken(`a lease of job ${id} that was over was accepted`))
        .catch(() => {});
      return;
    }
    const isDone = chance >= 0.08 && chance < 0.65;
    if (chance < 0.08) this.#promises.extended(work, id);
    const kept = work.jobs.get(id)?.state === "done";
    this.#expect(id, how, () => isDone && this.tally[kept ? "kept" : "done"]++);
    // DONE follows EXTEND before that is stored.
    if (chance < 0.04) this.#end(at, 0.3);
  }

  #vanish(): void {
    const work = this.#work;
    const at = this.#below(CLIENTS);
    const client = this.#clients[at];
    const mine = this.#waiting.filter(({ request }) => request.client === client);
    for (const consumer of mine) work.dispatcher.abandon(consumer);
    const held = [...work.jobs].filter(({ holder, releaseOnDisconnect }) =>
      holder === client && releaseOnDisconnect
    );
    for (const { id } of held) this.#promises.ended(id);
    client.vanish();
    for (const { id } of held) this.#promises.changed(work, id);
    this.#clients[at] = new FakeClient(++this.#names);
    this.tally.vanished++;
  }

  /** A client ends its side. It is gone, or reads on. */
  #halfClose(): void {
    const client = this.#clients[this.#below(CLIENTS)];
    client.halfClosed = true;
    this.tally.halfClosed++;
  }

  /** A client removes or revives dead jobs. */
  #sweep(): void {
    const work = this.#work;
    if (work.journal.failure !== undefined) return;
    for (const job of work.jobs) {
      if (job.state !== "dead") continue;
      const readyAt = work.clock.now();
      const isDropped = this.#below(2) === 0;
      const { id } = job;
      this.#expect(
        id,
        work.transitions.change(job, isDropped ? { kind: "drop" } : { kind: "revive", readyAt }),
      );
    }
  }

  /** A client cancels its waiting TAKE. */
  #cancel(): void {
    const consumer = this.#waiting.pop();
    if (consumer !== undefined) this.#work.dispatcher.abandon(consumer);
  }

  #limit(): void {
    const work = this.#work;
    if (work.journal.failure !== undefined) return;
    const queue = QUEUES[this.#below(QUEUES.length)];
    // The same limits are set again by every deployment.
    if (this.#below(3) > 0) this.#limits = someLimits(this.#below);
    setLimits(work, queue, this.#below(2) === 0 ? "" : "x", this.#limits).catch(() => {});
  }

  /** Checks that all jobs can be taken and done in the end. */
  async #drain(): Promise<void> {
    const client = this.#clients[0];
    for (let round = 0; this.#work.jobs.size > 0; round++) {
      if (round > 2000) this.#promises.broken("the queue does not become empty");
      this.#clock.advance(50);
      for (let tick = 0; tick < 30; tick++) await undefined;
      const work = this.#work;
      if (work.journal.failure !== undefined) continue;
      for (const queue of QUEUES) {
        await settle(setLimits(work, queue, "", NO_LIMITS), this.#clock);
        await settle(setLimits(work, queue, "x", NO_LIMITS), this.#clock);
      }
      if (work.journal.failure !== undefined) continue;
      this.#sweep();
      if (work.journal.failure !== undefined) continue;
      const request = { queues: QUEUES, max: 100, lease: 1000, releaseOnDisconnect: false, client };
      const delivery = work.dispatcher.take(request);
      if (delivery === undefined) continue;
      this.#given(delivery, request);
      await settle(delivery.whole, this.#clock);
      while (this.#held.length > 0 && work.journal.failure === undefined) this.#finish(0.3);
    }
    const { memory } = this.#work;
    for (const consumer of this.#consumers) this.#work.dispatcher.abandon(consumer);
    for (let round = 0; memory.kept !== 0 || memory.waiting !== 0; round++) {
      const { kept, waiting } = memory;
      if (round > 200) {
        this.#promises.broken(`${kept} and ${waiting} bytes are counted for nothing`);
      }
      this.#clock.advance(50);
      for (let tick = 0; tick < 30; tick++) await undefined;
    }
  }
}

/** Lets time pass until the promise settles. */
async function settle(promise: Promise<unknown>, clock: VirtualClock): Promise<void> {
  let settled = false;
  promise.then(() => settled = true, () => settled = true);
  for (let round = 0; !settled && round < 100; round++) {
    for (let tick = 0; tick < 12; tick++) await undefined;
    if (!settled) clock.advance(1);
  }
}
