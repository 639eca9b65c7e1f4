// Who waits for a job.

import type { Clock } from "../scheduling/clock.ts";
import type { Client } from "../server/handlers.ts";
import { Deadlines, type Due } from "./deadlines.ts";
import type { Grant } from "./grant.ts";
import type { Jobs } from "./jobs.ts";
import type { Spot } from "./line.ts";

/** What a TAKE asks for. */
export interface Wish {
  /** The queues to look through, in order, each once. */
  readonly queues: readonly string[];
  /** How many jobs at most. */
  readonly max: number;
  /** The length of the leases in ms; `undefined` for each job's own. */
  readonly lease: number | undefined;
  /** Who will hold them. */
  readonly client: Client;
}

/** One TAKE that waits, in the line of every queue that it names. */
export class Taker implements Due {
  readonly wish: Wish;
  readonly due: number;
  place = -1;
  /** Its place in each line; none once it waits no longer. */
  spots: Spot[] = [];
  /** What it was given. */
  grant: Grant | undefined = undefined;
  readonly #answer = Promise.withResolvers<Grant | undefined>();

  constructor(wish: Wish, due: number) {
    this.wish = wish;
    this.due = due;
  }

  /** What it is given, `undefined` when its time is over; rejects where nothing can be given any more. */
  get answer(): Promise<Grant | undefined> {
    return this.#answer.promise;
  }

  /** Answers with jobs, or without. */
  give(grant: Grant | undefined): void {
    this.grant = grant;
    this.#answer.resolve(grant?.whole);
  }

  /** Answers with an error. */
  refuse(reason: unknown): void {
    this.#answer.reject(reason);
  }
}

/** All that wait. */
export class Takers {
  readonly #jobs: Jobs;
  readonly #clock: Clock;
  readonly #all = new Set<Taker>();
  readonly #deadlines: Deadlines<Taker>;

  /** None yet. */
  constructor(jobs: Jobs, clock: Clock) {
    this.#jobs = jobs;
    this.#clock = clock;
    this.#deadlines = new Deadlines(clock, (takers) => {
      for (const taker of takers) {
        this.leave(taker);
        taker.give(undefined);
      }
    });
  }

  /** How many wait. */
  get size(): number {
    return this.#all.size;
  }

  /** Lines up for at most `time` ms. */
  join(wish: Wish, time: number): Taker {
    const taker = new Taker(wish, this.#clock.now() + time);
    taker.spots = wish.queues.map((name) => this.#jobs.queue(name).line.join(taker));
    this.#all.add(taker);
    this.#deadlines.add(taker);
    return taker;
  }

  /** One waits no longer. */
  leave(taker: Taker): void {
    if (!this.#all.delete(taker)) return;
    if (taker.place !== -1) this.#deadlines.remove(taker);
    for (const spot of taker.spots) {
      spot.line.leave(spot);
      this.#jobs.forget(spot.line.queue);
    }
    taker.spots = [];
  }

  /** Nobody waits any longer. */
  refuse(reason: unknown): void {
    for (const taker of [...this.#all]) {
      this.leave(taker);
      taker.refuse(reason);
    }
  }
}
