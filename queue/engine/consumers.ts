// Who waits for a job.

import type { Clock } from "../../scheduling/clock.ts";
import type { Client } from "../../server/request/handlers.ts";
import { Deadlines, type Due, ownTimes } from "../index/deadlines.ts";
import type { Delivery } from "./delivery.ts";
import type { Jobs } from "../index/jobs.ts";
import type { WaitNode } from "../index/wait_list.ts";
import { BYTES, type Memory, textBytes } from "../memory.ts";

/** What a TAKE asks for. */
export interface TakeRequest {
  /** The queues to take from, each once. */
  readonly queues: readonly string[];
  /** How many jobs at most. */
  readonly max: number;
  /** The length of the leases in ms; `undefined` for each job's own. */
  readonly lease: number | undefined;
  /** Whether they end with the connection. */
  readonly held: boolean;
  /** Who will hold them. */
  readonly client: Client;
}

/** One TAKE that waits, in the line of every queue that it names. */
export class Consumer implements Due {
  readonly wish: TakeRequest;
  readonly due: number;
  place = -1;
  /** Its places, a list by `next`; none once it waits no longer. */
  spots: WaitNode | undefined = undefined;
  /** What it was given. */
  grant: Delivery | undefined = undefined;
  /** What it is given, `undefined` when its time is over; rejects where nothing can be given any more. */
  readonly answer: Promise<Delivery | undefined>;
  #resolve!: (grant: Delivery | Promise<Delivery> | undefined) => void;

  constructor(wish: TakeRequest, due: number) {
    this.wish = wish;
    this.due = due;
    this.answer = new Promise((resolve) => this.#resolve = resolve);
  }

  /** Answers with jobs, or without. */
  give(grant: Delivery | undefined): void {
    this.grant = grant;
    this.#resolve(grant?.whole);
  }

  /** Answers with an error. */
  refuse(reason: unknown): void {
    this.#resolve(Promise.reject(reason));
  }
}

/** All that wait. */
export class Takers {
  /** How many wait. */
  size = 0;
  readonly #jobs: Jobs;
  readonly #clock: Clock;
  readonly #memory: Memory;
  readonly #deadlines: Deadlines<Consumer>;

  /** None yet. */
  constructor(jobs: Jobs, clock: Clock, memory: Memory) {
    this.#jobs = jobs;
    this.#clock = clock;
    this.#memory = memory;
    this.#deadlines = new Deadlines<Consumer>(clock, ownTimes, (takers) => {
      for (const taker of takers) {
        this.leave(taker);
        taker.give(undefined);
      }
    });
  }

  /** Lines up for at most `time` ms. */
  join(wish: TakeRequest, time: number): Consumer {
    const taker = new Consumer(wish, this.#clock.now() + time);
    for (const name of wish.queues) this.#jobs.queue(name).line.join(taker);
    this.size++;
    this.#memory.waiting += bytesOf(wish);
    this.#deadlines.add(taker);
    return taker;
  }

  /** One waits no longer. */
  leave(taker: Consumer): void {
    if (taker.spots === undefined) return;
    this.size--;
    this.#memory.waiting -= bytesOf(taker.wish);
    if (taker.place !== -1) this.#deadlines.remove(taker);
    for (let spot: WaitNode | undefined = taker.spots; spot !== undefined; spot = spot.next) {
      spot.line.leave(spot);
      this.#jobs.forget(spot.line.queue);
    }
    taker.spots = undefined;
  }

  /** Stops: nobody's time is over any more. */
  stop(): void {
    this.#deadlines.stop();
  }

  /** Nobody waits any longer. */
  refuse(reason: unknown): void {
    for (const { line } of [...this.#jobs.queues.values()]) {
      for (let taker; (taker = line.first) !== undefined;) {
        this.leave(taker);
        taker.refuse(reason);
      }
    }
  }
}

/** What a taker takes. */
function bytesOf({ queues }: TakeRequest): number {
  return queues.reduce((sum, name) => sum + BYTES.spot + textBytes(name), BYTES.taker);
}
