// Simulates workers of a real queue on a virtual clock. Handlers behave in every way, connections break at any byte,
// and the server ends and comes back. After every step, the simulation checks the promises of `work`.

import {
  type Clock,
  JobFailure,
  LeaseLost,
  type TakenJob,
  work,
  type Worker,
  type WorkEvent,
} from "@lineup/lineup/client";
import type { StoredJob } from "@lineup/lineup/queue";
import { VirtualClock } from "../../testing/virtual_clock.ts";
import { faulty } from "./faulty_stream.ts";
import { isOver, SLOWEST, watchedStore } from "./watched_store.ts";
import { openQueueFixture, type QueueClient, type QueueFixture } from "./queue_fixture.ts";

const WORKERS = 3;
const MOST_JOBS = 40;
const LONGEST_LEASE = 400;
// A client counts a lease from the answer, so it may see the end of the lease this much later than the server.
const SLACK = 2 * SLOWEST + 1;
/** The time that close() may take beyond its argument. */
const CLOSE_MS = 2000 + SLACK;

/** The number of events of each kind: a test checks that each kind happened. */
export type Tally = Record<
  | WorkEvent["type"]
  | "put"
  | "again"
  | "aborted"
  | "interfered"
  | "cut"
  | "broken"
  | "down"
  | "restart"
  | "closed"
  | "ended",
  number
>;

/** A running handler. */
interface Handling {
  readonly job: TakenJob;
  readonly signal: AbortSignal;
  readonly run: WorkerRun;
  ended: boolean;
  /** The end of this attempt's lease, as the server has it. */
  until: number;
}

/** A worker, its options and its state. */
interface WorkerRun {
  readonly worker: Worker;
  readonly clock: CountingClock;
  readonly concurrency: number;
  readonly prefetch: number;
  readonly most: number;
  /** The time by which it must have ended; Infinity before it is closed. */
  due: number;
  ended: boolean;
  handled: number;
  failure: unknown;
}

/** A clock that counts the timers of its user. */
class CountingClock implements Clock {
  pending = 0;
  constructor(readonly clock: Clock) {}

  now(): number {
    return this.clock.now();
  }

  after(delay: number, action: () => void): () => void {
    let set = true;
    this.pending++;
    const end = (): void => {
      if (set) this.pending--;
      set = false;
    };
    const stop = this.clock.after(delay, () => {
      end();
      action();
    });
    return () => {
      end();
      stop();
    };
  }
}

/** One life of a queue, its workers and their network. */
export class WorkSimulation {
  readonly tally: Tally = {
    put: 0,
    done: 0,
    failed: 0,
    released: 0,
    lost: 0,
    trouble: 0,
    again: 0,
    aborted: 0,
    interfered: 0,
    cut: 0,
    broken: 0,
    down: 0,
    restart: 0,
    closed: 0,
    ended: 0,
  };
  readonly #random: () => number;
  readonly #below = (limit: number): number => Math.floor(this.#random() * limit);
  readonly #clock = new VirtualClock();
  readonly #jobs: ReadonlyMap<number, StoredJob>;
  readonly #fixture: Promise<QueueFixture>;
  readonly #clients: QueueClient[] = [];
  readonly #runs: WorkerRun[] = [];
  readonly #given = new Set<string>();
  /** `id/attempt` of the attempts whose handlers returned. */
  readonly #returned = new Set<string>();
  /** The ids of jobs that are done, as a worker was told. */
  readonly #done = new Set<number>();
  /** The ids of jobs whose lease another client has ended. */
  readonly #interfered = new Set<number>();
  #handlings: Handling[] = [];
  #broken: Error | undefined = undefined;
  /** Whether handlers succeed and connections last. */
  #calm = false;
  #upAt = 0;

  constructor(random: () => number) {
    this.#random = random;
    const { store, jobs } = watchedStore(this.#clock, this.#below, (id, before, kept) => {
      this.#changed(id, before, kept);
    });
    this.#jobs = jobs;
    this.#fixture = openQueueFixture({ store, clock: this.#clock, random }, (stream) => {
      if (this.#calm || this.#below(3) === 0) return stream;
      this.tally.broken++;
      // The greeting has 100 bytes.
      const failure = { reads: this.#below(4000), writes: 10 + this.#below(4000) };
      return faulty(stream, { ...failure, mute: this.#below(10) === 0 });
    });
  }

  /** Takes a number of steps, then lets everything end. Throws where a promise is broken. */
  async run(steps: number): Promise<void> {
    const fixture = await this.#fixture;
    this.#calm = true;
    const admin = await fixture.reliableClient();
    for (let i = 0; i < WORKERS; i++) {
      this.#clients.push(await fixture.client({ random: this.#random }));
    }
    this.#calm = false;
    fixture.cut();
    for (const client of this.#clients) this.#startWorker(client);
    for (let step = 0; step < steps; step++) {
      await this.#step(fixture, admin);
      await this.#clock.elapse(this.#below(20));
      this.#check();
    }
    await this.#end(fixture);
  }

  async #step(fixture: QueueFixture, admin: QueueClient): Promise<void> {
    if (this.#upAt <= this.#clock.now()) fixture.down(false);
    const chance = this.#below(1000);
    if (chance < 500) await fixture.until(this.#putOne(admin));
    else if (chance < 540) {
      this.tally.cut++;
      // The cut comes in the middle of requests and answers.
      for (let turns = this.#below(40); turns > 0; turns--) await undefined;
      fixture.cut();
    } else if (chance < 550) {
      this.tally.down++;
      fixture.down(true);
      this.#upAt = this.#clock.now() + this.#below(2 * LONGEST_LEASE);
      fixture.cut();
    } else if (chance < 560) {
      this.tally.restart++;
      await fixture.restart(this.#below(2) === 0 ? "cut" : "drain");
    } else if (chance < 580) {
      // A job arrives while a worker ends.
      const putting = this.#putOne(admin);
      await this.#clock.elapse(this.#below(4) / 2);
      this.#close(this.#runs[this.#below(WORKERS)]);
      await fixture.until(putting);
    } else if (chance < 620) await this.#interfere(fixture, admin);
    else if (chance < 640) this.#close(this.#runs[this.#below(WORKERS)]);
    for (const [at, { ended }] of this.#runs.entries()) {
      if (ended) this.#startWorker(this.#clients[at], at);
    }
  }

  async #putOne(admin: QueueClient): Promise<void> {
    if (this.#unfinished() >= MOST_JOBS) return;
    await admin.PUT({
      queue: "mail",
      body: "x".repeat(this.#below(300)),
      lease: 50 + this.#below(LONGEST_LEASE - 50),
      attempts: 1 + this.#below(6),
      backoff: this.#below(3) === 0 ? 20 : undefined,
      result: this.#below(5) === 0 ? "keep" : undefined,
    });
    this.tally.put++;
  }

  /** Another client, which knows the attempt, takes a job away from its worker. */
  async #interfere(fixture: QueueFixture, admin: QueueClient): Promise<void> {
    const running = this.#handlings.filter(({ ended, signal }) => !ended && !signal.aborted);
    if (running.length === 0) return;
    const { job: { id, attempt } } = running[this.#below(running.length)];
    const failing = admin.FAIL({ id: [id], attempt, retry: this.#below(2) * 20 });
    // Only a successful FAIL counts: else the lease of the job was over already.
    const failed = await fixture.until(failing.then(() => true, () => false));
    if (!failed) return;
    this.#interfered.add(id);
    this.tally.interfered++;
  }

  #startWorker(client: QueueClient, at: number = this.#runs.length): void {
    const concurrency = 1 + this.#below(4);
    const prefetch = this.#below(4);
    const most = !this.#calm && this.#below(4) === 0 ? 1 + this.#below(20) : Infinity;
    const clock = new CountingClock(this.#clock);
    const worker = work(client, "mail", (job, { signal }) => this.#handle(run, job, signal), {
      concurrency,
      prefetch,
      lease: this.#below(2) === 0 ? 50 + this.#below(LONGEST_LEASE - 50) : undefined,
      most,
      clock,
      random: this.#random,
      onEvent: (event) => this.#onEvent(run, event),
    });
    const run: WorkerRun = {
      worker,
      clock,
      concurrency,
      prefetch,
      most,
      due: Infinity,
      ended: false,
      handled: 0,
      failure: undefined,
    };
    this.#runs[at] = run;
    worker.finished.catch((error) => run.failure = error).finally(() => this.#ended(run));
  }

  #close(run: WorkerRun): void {
    if (run.ended) return;
    this.tally.closed++;
    const within = this.#below(4) === 0 ? 0 : this.#below(2 * LONGEST_LEASE);
    run.due = Math.min(run.due, this.#clock.now() + within + CLOSE_MS);
    run.worker.close(within).then(() => {
      if (!run.ended) this.#fail("close resolved before the worker had finished");
    });
  }

  #ended(run: WorkerRun): void {
    const { worker: { counts }, clock, failure, handled, most } = run;
    run.ended = true;
    this.tally.ended++;
    if (failure !== undefined) this.#fail("a worker failed", failure);
    const { taken, done, failed, dead, released, lost } = counts;
    const told = JSON.stringify(counts);
    if (taken !== done + failed + dead + released + lost) {
      this.#fail(`not all is settled: ${told}`);
    }
    if (taken > most) this.#fail(`${taken} jobs were taken instead of ${most}`);
    if (handled > taken) this.#fail(`${handled} handlers were begun: ${told}`);
    if (clock.pending > 0) this.#fail(`${clock.pending} timers of a worker outlive it: ${told}`);
    const left = this.#handlings.filter((each) => each.run === run && !over(each));
    if (left.length > 0) {
      this.#fail(`${left.length} handlers go on behind the end of their worker`);
    }
  }

  async #handle(run: WorkerRun, job: TakenJob, signal: AbortSignal): Promise<unknown> {
    const until = this.#jobs.get(job.id)?.endsAt ?? -Infinity;
    const handling: Handling = { job, signal, run, ended: false, until };
    if (run.due < Infinity) this.#fail("a handler was begun by a worker that closes");
    this.#begun(handling);
    // More jobs of the same TAKE may follow this one, to a worker that closes.
    if (!this.#calm && this.#below(30) === 0) this.#close(run);
    this.#handlings.push(handling);
    signal.addEventListener("abort", () => {
      // After the end of the handler, the worker reports the result: the abort means nothing then.
      if (handling.ended) return;
      this.#inTime(handling);
      this.tally.aborted++;
    });
    try {
      const result = await this.#do(job, signal);
      this.#returned.add(`${job.id}/${job.attempt}`);
      return result;
    } finally {
      if (!signal.aborted) this.#inTime(handling);
      handling.ended = true;
    }
  }

  async #do({ id, lease }: TakenJob, signal: AbortSignal): Promise<unknown> {
    const chance = this.#calm ? 0 : this.#below(100);
    const pause = (ms: number): Promise<void> =>
      new Promise((resolve) => this.#clock.after(ms, resolve));
    if (chance < 50) await pause(this.#below(30));
    else if (chance < 65) await pause(lease + this.#below(2 * lease));
    else if (chance < 85) {
      await pause(this.#below(40));
      throw this.#failure(id);
    } else if (chance < 95) {
      await new Promise((_, reject) => {
        const stop = (): void => reject(signal.reason);
        if (signal.aborted) stop();
        else signal.addEventListener("abort", stop);
      });
    } else await new Promise(() => {});
    return chance % 2 === 0 ? "x".repeat(this.#below(100)) : undefined;
  }

  #failure(id: number): Error {
    const why = `job ${id} is not done`;
    const how = this.#below(8);
    if (how === 0) return new JobFailure(why, { dead: true });
    if (how === 1) return new JobFailure(why, { retry: this.#below(100) });
    if (how === 2) return new JobFailure(why, { release: this.#below(2) * this.#below(50) });
    return new Error(why);
  }

  #begun(handling: Handling): void {
    const { job: { id, attempt }, run, signal } = handling;
    const name = `attempt ${attempt} of job ${id}`;
    if (this.#given.has(`${id}/${attempt}`)) this.#fail(`${name} was begun twice`);
    this.#given.add(`${id}/${attempt}`);
    if (attempt > 1) this.tally.again++;
    if (this.#done.has(id)) this.#fail(`${name} was begun, and it is done`);
    if (signal.aborted) this.#fail(`${name} was begun, and its lease is lost`);
    this.#inTime(handling);
    run.handled++;
    const beside = this.#handlings.filter((each) => each.job.id === id && !over(each));
    for (const each of beside) this.#inTime(each);
    const busy = this.#handlings.filter((each) => each.run === run && !over(each)).length + 1;
    if (busy > run.concurrency) this.#fail(`${busy} handlers run instead of ${run.concurrency}`);
  }

  #onEvent(run: WorkerRun, event: WorkEvent): void {
    this.tally[event.type]++;
    if (event.type === "lost" && !(event.error instanceof LeaseLost) && run.due === Infinity) {
      this.#fail("a job whose lease goes on is lost", event.error);
    }
    if (event.type !== "done") return;
    const { id } = event.job;
    const kept = this.#jobs.get(id);
    if (this.#interfered.has(id)) return;
    this.#done.add(id);
    if (kept !== undefined && kept.state !== "done") {
      this.#fail(`job ${id} was told to be done, and is ${kept.state}`);
    }
  }

  /** Called when the store has a new state of a job. */
  #changed(id: number, before: StoredJob | undefined, kept: StoredJob | undefined): void {
    const now = this.#clock.now();
    for (const each of this.#handlings) {
      if (each.job.id !== id) continue;
      const mine = kept?.state === "taken" && kept.attempt === each.job.attempt;
      each.until = mine ? kept.endsAt : Math.min(each.until, now);
    }
    const isDone = kept === undefined || kept.state === "done";
    const name = `${id}/${before?.attempt}`;
    if (isDone && !this.#returned.has(name)) {
      this.#fail(
        `job ${id} is done, and the handler of attempt ${before?.attempt} did not return`,
      );
    }
  }

  /** No two handlers have a job at a time: a handler that has lost its lease is aborted in time. */
  #inTime({ job: { id, attempt }, until }: Handling): void {
    const late = this.#clock.now() - until;
    // A worker learns that another client took its job when it extends the lease, at the latest.
    if (late <= (this.#interfered.has(id) ? LONGEST_LEASE + SLACK : SLACK)) return;
    const since = `${late} ms after its lease was over`;
    this.#fail(`the handler of attempt ${attempt} of job ${id} goes on ${since}`);
  }

  /** Checks the rules that hold after every step. */
  #check(): void {
    const now = this.#clock.now();
    this.#handlings = this.#handlings.filter((each) => !over(each));
    for (const each of this.#handlings) this.#inTime(each);
    for (const { worker, concurrency, prefetch, due, ended } of this.#runs) {
      const { taken, done, failed, dead, released, lost } = worker.counts;
      const inHand = taken - done - failed - dead - released - lost;
      // The jobs that may run and wait, and twice as many whose results are being reported.
      if (inHand > 3 * (concurrency + prefetch)) this.#fail(`a worker has ${inHand} jobs`);
      if (!ended && now > due) this.#fail(`a worker has not ended ${now - due} ms too late`);
    }
    if (this.#broken !== undefined) throw this.#broken;
  }

  /** Lets all jobs be done and all workers end. Checks that no timer is left. */
  async #end(fixture: QueueFixture): Promise<void> {
    const clock = this.#clock;
    fixture.down(false);
    this.#calm = true;
    fixture.cut();
    for (const run of this.#runs) this.#close(run);
    for (let i = 0; i < 1000 && this.#runs.some(({ ended }) => !ended); i++) {
      await clock.elapse(10);
      this.#check();
    }
    for (const [at, client] of this.#clients.entries()) this.#startWorker(client, at);
    for (let i = 0; this.#unfinished() > 0; i++) {
      if (i === 5000) this.#fail(`${this.#unfinished()} jobs are never done`);
      await clock.elapse(20);
      this.#check();
    }
    for (const { worker } of this.#runs) {
      const from = clock.now();
      await fixture.until(worker.close());
      if (clock.now() - from > SLACK) this.#fail("a worker that has nothing to do does not end");
    }
    // Handlers that ignored their abort end too.
    await clock.elapse(5 * LONGEST_LEASE);
    await fixture[Symbol.asyncDispose]();
    if (clock.pending > 0) this.#fail(`${clock.pending} timers are left behind the end`);
    if (this.#broken !== undefined) throw this.#broken;
  }

  #unfinished(): number {
    let count = 0;
    for (const kept of this.#jobs.values()) if (!isOver(kept, this.#clock.now())) count++;
    return count;
  }

  /** Records a broken promise. Only the first is reported. */
  #fail(what: string, cause?: unknown): void {
    this.#broken ??= new Error(what, { cause });
  }
}

/** Whether a handler has ended or is aborted. */
function over({ ended, signal }: Handling): boolean {
  return ended || signal.aborted;
}
