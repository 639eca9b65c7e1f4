// The requests that wait for a job.

import type { Clock } from "../../scheduling/clock.ts";
import { Deadlines, type Due, ownTimes } from "../index/deadlines.ts";
import type { ConsumedJobs } from "../index/jobs.ts";
import type { QueueView } from "../index/queue.ts";
import type { Yield } from "../index/job_slice.ts";
import { WaitList, type WaitNode } from "../index/wait_list.ts";
import { BYTES, type Memory, textBytes } from "../memory.ts";
import type { Delivery } from "./delivery.ts";
import type { DeliveredJob, TakeRequest } from "./engine.ts";

/** One TAKE that waits, in the wait list of each queue that it names. */
export class Consumer implements Due {
  readonly request: TakeRequest;
  readonly due: number;
  place = -1;
  /** Its places in the wait lists; none once it no longer waits. */
  nodes: readonly WaitNode<Consumer>[] = [];
  /** Its jobs, once it has some. */
  delivery: Delivery | undefined = undefined;
  /** Resolves with its jobs, or with `undefined` when its time is over; rejects when the queue cannot give jobs. */
  readonly answer: Promise<readonly DeliveredJob[] | undefined>;
  #resolve!: (jobs: Delivery["whole"] | undefined) => void;

  constructor(request: TakeRequest, due: number) {
    this.request = request;
    this.due = due;
    this.answer = new Promise((resolve) => this.#resolve = resolve);
  }

  /** Whether it still waits. */
  get waits(): boolean {
    return this.nodes.length > 0;
  }

  /** Answers with jobs, or without. */
  give(delivery: Delivery | undefined): void {
    this.delivery = delivery;
    this.#resolve(delivery?.whole);
  }

  /** Answers with an error. */
  refuse(reason: unknown): void {
    this.#resolve(Promise.reject(reason));
  }
}

/**
 * All consumers that wait, by queue: first come, first served. A client that has ended its side may be gone, so its
 * requests come behind all others.
 */
export class Consumers {
  /** How many wait. */
  size = 0;
  readonly #lists = new Map<string, WaitList<Consumer>>();
  readonly #jobs: ConsumedJobs;
  readonly #clock: Clock;
  readonly #memory: Memory;
  readonly #deadlines: Deadlines<Consumer>;

  /** Starts without any. */
  constructor(jobs: ConsumedJobs, clock: Clock, memory: Memory, yieldTo: Yield) {
    this.#jobs = jobs;
    this.#clock = clock;
    this.#memory = memory;
    this.#deadlines = new Deadlines<Consumer>(clock, ownTimes, yieldTo, (consumers) => {
      for (const consumer of consumers) {
        this.remove(consumer);
        consumer.give(undefined);
      }
    });
  }

  /** Waits for at most `time` ms. */
  add(request: TakeRequest, time: number): Consumer {
    const consumer = new Consumer(request, this.#clock.now() + time);
    consumer.nodes = request.queues.map((name) => {
      this.#jobs.addConsumer(name);
      return this.#list(name).add(consumer);
    });
    this.size++;
    this.#memory.waiting += bytesOf(request);
    this.#deadlines.add(consumer);
    return consumer;
  }

  /** The consumer of a queue that is served next. */
  first({ name, consumers }: QueueView): Consumer | undefined {
    return consumers === 0 ? undefined : this.#lists.get(name)!.first;
  }

  /** A consumer no longer waits. */
  remove(consumer: Consumer): void {
    if (!consumer.waits) return;
    this.size--;
    this.#memory.waiting -= bytesOf(consumer.request);
    if (consumer.place !== -1) this.#deadlines.remove(consumer);
    const { nodes, request: { queues } } = consumer;
    consumer.nodes = [];
    for (const [at, node] of nodes.entries()) {
      node.list.remove(node);
      const name = queues[at];
      if (this.#jobs.removeConsumer(name) === 0) this.#lists.delete(name);
    }
  }

  /** Stops: no time is over any more. */
  stop(): void {
    this.#deadlines.stop();
  }

  /** Refuses all that wait. */
  refuse(reason: unknown): void {
    for (const list of [...this.#lists.values()]) {
      for (let consumer; (consumer = list.first) !== undefined;) {
        this.remove(consumer);
        consumer.refuse(reason);
      }
    }
  }

  #list(name: string): WaitList<Consumer> {
    let list = this.#lists.get(name);
    if (list === undefined) this.#lists.set(name, list = new WaitList<Consumer>(mayBeGone));
    return list;
  }
}

function mayBeGone({ request: { client } }: Consumer): boolean {
  return client.halfClosed;
}

/** The memory of a consumer. */
function bytesOf({ queues }: TakeRequest): number {
  return queues.reduce((sum, name) => sum + BYTES.waitNode + textBytes(name), BYTES.consumer);
}
