// Workers of a real queue on a virtual clock, with handlers that do all that handlers do, over connections that break
// at any byte, to a server that ends and comes back. After every step the promises of `work` are looked at.

import {
  type Clock,
  JobFailure,
  LeaseLost,
  type TakenJob,
  work,
  type Worker,
  type WorkEvent,
} from "@lineup/lineup/client";
import { VirtualClock } from "../virtual_clock.ts";
import { faulty } from "./faulty_stream.ts";
import { isOver, type Kept, SLOWEST, watchedStore } from "./watched_store.ts";
import { type QueueClient, type Workshop, workshop } from "./workshop.ts";

const WORKERS = 3;
const MOST_JOBS = 40;
const LONGEST_LEASE = 400;
// How much later than the server a client may see the end of a lease, which it counts from when it heard of it.
const SLACK = 2 * SLOWEST + 1;
/** What close() may take beyond what it was given. */
const CLOSE_MS = 2000 + SLACK;

/** What happened, so that a test sees that it tests something. */
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

/** A handler that was begun. */
interface Handling {
  readonly job: TakenJob;
  readonly signal: AbortSignal;
  readonly crew: Crew;
  ended: boolean;
  /** Until when the server has it so that the job is this one's. */
  until: number;
}

/** A worker, and what it may do. */
interface Crew {
  readonly worker: Worker;
  readonly clock: CountingClock;
  readonly concurrency: number;
  readonly prefetch: number;
  readonly most: number;
  /** When it must have ended; Infinity before it was closed. */
  due: number;
  ended: boolean;
  handled: number;
  failure: unknown;
}

/** The time, and how many timers are set by whoever has this clock. */
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
  readonly #jobs: ReadonlyMap<number, Kept>;
  readonly #shop: Promise<Workshop>;
  readonly #clients: QueueClient[] = [];
  readonly #crews: Crew[] = [];
  readonly #given = new Set<string>();
  /** `id/attempt` of those whose handler returned. */
  readonly #returned = new Set<string>();
  /** Those of which a worker was told that they are done. */
  readonly #done = new Set<number>();
  /** Those whose lease was taken away by somebody else. */
  readonly #interfered = new Set<number>();
  #handlings: Handling[] = [];
  #broken: Error | undefined = undefined;
  /** Handlers do their jobs, and connections last. */
  #calm = false;
  #upAt = 0;

  constructor(random: () => number) {
    this.#random = random;
    const { store, jobs } = watchedStore(this.#clock, this.#below, (id, before, kept) => {
      this.#changed(id, before, kept);
    });
    this.#jobs = jobs;
    this.#shop = workshop({ store, clock: this.#clock, random }, (stream) => {
      if (this.#calm || this.#below(3) === 0) return stream;
      this.tally.broken++;
      // The greeting has 100 bytes.
      const fate = { reads: this.#below(4000), writes: 10 + this.#below(4000) };
      return faulty(stream, { ...fate, mute: this.#below(10) === 0 });
    });
  }

  /** Takes so many steps, then lets everything end. Throws where a promise is broken. */
  async run(steps: number): Promise<void> {
    const shop = await this.#shop;
    this.#calm = true;
    const admin = await shop.spared();
    for (let i = 0; i < WORKERS; i++) {
      this.#clients.push(await shop.client({ random: this.#random }));
    }
    this.#calm = false;
    shop.cut();
    for (const client of this.#clients) this.#hire(client);
    for (let step = 0; step < steps; step++) {
      await this.#step(shop, admin);
      await this.#clock.elapse(this.#below(20));
      this.#look();
    }
    await this.#end(shop);
  }

  async #step(shop: Workshop, admin: QueueClient): Promise<void> {
    if (this.#upAt <= this.#clock.now()) shop.down(false);
    const chance = this.#below(1000);
    if (chance < 500) await shop.until(this.#putOne(admin));
    else if (chance < 540) {
      this.tally.cut++;
      // In the midst of whatever is on its way.
      for (let turns = this.#below(40); turns > 0; turns--) await undefined;
      shop.cut();
    } else if (chance < 550) {
      this.tally.down++;
      shop.down(true);
      this.#upAt = this.#clock.now() + this.#below(2 * LONGEST_LEASE);
      shop.cut();
    } else if (chance < 560) {
      this.tally.restart++;
      await shop.restart(this.#below(2) === 0 ? "cut" : "drain");
    } else if (chance < 580) {
      // Jobs come to one that ends at that moment.
      const putting = this.#putOne(admin);
      await this.#clock.elapse(this.#below(4) / 2);
      this.#close(this.#crews[this.#below(WORKERS)]);
      await shop.until(putting);
    } else if (chance < 620) await this.#interfere(shop, admin);
    else if (chance < 640) this.#close(this.#crews[this.#below(WORKERS)]);
    for (const [at, { ended }] of this.#crews.entries()) {
      if (ended) this.#hire(this.#clients[at], at);
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

  /** Somebody who knows the attempt takes a job away from its worker. */
  async #interfere(shop: Workshop, admin: QueueClient): Promise<void> {
    const running = this.#handlings.filter(({ ended, signal }) => !ended && !signal.aborted);
    if (running.length === 0) return;
    const { job: { id, attempt } } = running[this.#below(running.length)];
    const failing = admin.FAIL({ id: [id], attempt, retry: this.#below(2) * 20 });
    // Who was told that it is over may have another of this number at once.
    const failed = await shop.until(failing.then(() => true, () => false));
    if (!failed) return;
    this.#interfered.add(id);
    this.tally.interfered++;
  }

  #hire(client: QueueClient, at: number = this.#crews.length): void {
    const concurrency = 1 + this.#below(4);
    const prefetch = this.#below(4);
    const most = !this.#calm && this.#below(4) === 0 ? 1 + this.#below(20) : Infinity;
    const clock = new CountingClock(this.#clock);
    const worker = work(client, "mail", (job, { signal }) => this.#handle(crew, job, signal), {
      concurrency,
      prefetch,
      lease: this.#below(2) === 0 ? 50 + this.#below(LONGEST_LEASE - 50) : undefined,
      most,
      clock,
      random: this.#random,
      onEvent: (event) => this.#hear(crew, event),
    });
    const crew: Crew = {
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
    this.#crews[at] = crew;
    worker.finished.catch((error) => crew.failure = error).finally(() => this.#ended(crew));
  }

  #close(crew: Crew): void {
    if (crew.ended) return;
    this.tally.closed++;
    const within = this.#below(4) === 0 ? 0 : this.#below(2 * LONGEST_LEASE);
    crew.due = Math.min(crew.due, this.#clock.now() + within + CLOSE_MS);
    crew.worker.close(within).then(() => {
      if (!crew.ended) this.#break("close resolved before the worker had finished");
    });
  }

  #ended(crew: Crew): void {
    const { worker: { counts }, clock, failure, handled, most } = crew;
    crew.ended = true;
    this.tally.ended++;
    if (failure !== undefined) this.#break("a worker failed", failure);
    const { taken, done, failed, dead, released, lost } = counts;
    const told = JSON.stringify(counts);
    if (taken !== done + failed + dead + released + lost) {
      this.#break(`not all is settled: ${told}`);
    }
    if (taken > most) this.#break(`${taken} jobs were taken instead of ${most}`);
    if (handled > taken) this.#break(`${handled} handlers were begun: ${told}`);
    if (clock.pending > 0) this.#break(`${clock.pending} timers of a worker outlive it: ${told}`);
    const left = this.#handlings.filter((each) => each.crew === crew && !over(each));
    if (left.length > 0) {
      this.#break(`${left.length} handlers go on behind the end of their worker`);
    }
  }

  async #handle(crew: Crew, job: TakenJob, signal: AbortSignal): Promise<unknown> {
    const until = this.#jobs.get(job.id)?.endsAt ?? -Infinity;
    const handling: Handling = { job, signal, crew, ended: false, until };
    if (crew.due < Infinity) this.#break("a handler was begun by a worker that closes");
    this.#begun(handling);
    // Behind the first job of a TAKE others of it may follow.
    if (!this.#calm && this.#below(30) === 0) this.#close(crew);
    this.#handlings.push(handling);
    signal.addEventListener("abort", () => {
      // Else its end is being told.
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
    const { job: { id, attempt }, crew, signal } = handling;
    const name = `attempt ${attempt} of job ${id}`;
    if (this.#given.has(`${id}/${attempt}`)) this.#break(`${name} was begun twice`);
    this.#given.add(`${id}/${attempt}`);
    if (attempt > 1) this.tally.again++;
    if (this.#done.has(id)) this.#break(`${name} was begun, and it is done`);
    if (signal.aborted) this.#break(`${name} was begun, and its lease is lost`);
    this.#inTime(handling);
    crew.handled++;
    const beside = this.#handlings.filter((each) => each.job.id === id && !over(each));
    for (const each of beside) this.#inTime(each);
    const busy = this.#handlings.filter((each) => each.crew === crew && !over(each)).length + 1;
    if (busy > crew.concurrency) this.#break(`${busy} handlers run instead of ${crew.concurrency}`);
  }

  #hear(crew: Crew, event: WorkEvent): void {
    this.tally[event.type]++;
    if (event.type === "lost" && !(event.error instanceof LeaseLost) && crew.due === Infinity) {
      this.#break("a job whose lease goes on is lost", event.error);
    }
    if (event.type !== "done") return;
    const { id } = event.job;
    const kept = this.#jobs.get(id);
    if (this.#interfered.has(id)) return;
    this.#done.add(id);
    if (kept !== undefined && kept.state !== "done") {
      this.#break(`job ${id} was told to be done, and is ${kept.state}`);
    }
  }

  /** The store has another state of a job. */
  #changed(id: number, before: Kept | undefined, kept: Kept | undefined): void {
    const now = this.#clock.now();
    for (const each of this.#handlings) {
      if (each.job.id !== id) continue;
      const mine = kept?.state === "taken" && kept.attempt === each.job.attempt;
      each.until = mine ? kept.endsAt : Math.min(each.until, now);
    }
    const isDone = kept === undefined || kept.state === "done";
    const name = `${id}/${before?.attempt}`;
    if (isDone && !this.#returned.has(name)) {
      this.#break(
        `job ${id} is done, and the handler of attempt ${before?.attempt} did not return`,
      );
    }
  }

  /** Two handlers have no job at a time: who has lost the lease is told so soon. */
  #inTime({ job: { id, attempt }, until }: Handling): void {
    const late = this.#clock.now() - until;
    // What was taken away from its worker is news to it when it extends the lease, at the latest.
    if (late <= (this.#interfered.has(id) ? LONGEST_LEASE + SLACK : SLACK)) return;
    const since = `${late} ms after its lease was over`;
    this.#break(`the handler of attempt ${attempt} of job ${id} goes on ${since}`);
  }

  /** What must be so after every step. */
  #look(): void {
    const now = this.#clock.now();
    this.#handlings = this.#handlings.filter((each) => !over(each));
    for (const each of this.#handlings) this.#inTime(each);
    for (const { worker, concurrency, prefetch, due, ended } of this.#crews) {
      const { taken, done, failed, dead, released, lost } = worker.counts;
      const inHand = taken - done - failed - dead - released - lost;
      // As many as may run and wait, and twice that of which the end is being told.
      if (inHand > 3 * (concurrency + prefetch)) this.#break(`a worker has ${inHand} jobs`);
      if (!ended && now > due) this.#break(`a worker has not ended ${now - due} ms too late`);
    }
    if (this.#broken !== undefined) throw this.#broken;
  }

  /** All that there is gets done, everybody goes, and nothing is left. */
  async #end(shop: Workshop): Promise<void> {
    const clock = this.#clock;
    shop.down(false);
    this.#calm = true;
    shop.cut();
    for (const crew of this.#crews) this.#close(crew);
    for (let i = 0; i < 1000 && this.#crews.some(({ ended }) => !ended); i++) {
      await clock.elapse(10);
      this.#look();
    }
    for (const [at, client] of this.#clients.entries()) this.#hire(client, at);
    for (let i = 0; this.#unfinished() > 0; i++) {
      if (i === 5000) this.#break(`${this.#unfinished()} jobs are never done`);
      await clock.elapse(20);
      this.#look();
    }
    for (const { worker } of this.#crews) {
      const from = clock.now();
      await shop.until(worker.close());
      if (clock.now() - from > SLACK) this.#break("a worker that has nothing to do does not end");
    }
    // Handlers that were aborted, and did not mind, end too.
    await clock.elapse(5 * LONGEST_LEASE);
    await shop[Symbol.asyncDispose]();
    if (clock.pending > 0) this.#break(`${clock.pending} timers are left behind the end`);
    if (this.#broken !== undefined) throw this.#broken;
  }

  #unfinished(): number {
    let count = 0;
    for (const kept of this.#jobs.values()) if (!isOver(kept, this.#clock.now())) count++;
    return count;
  }

  /** The first of it is what is told. */
  #break(what: string, cause?: unknown): void {
    this.#broken ??= new Error(what, { cause });
  }
}

/** Whether a handler does not count any more. */
function over({ ended, signal }: Handling): boolean {
  return ended || signal.aborted;
}
