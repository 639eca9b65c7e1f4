// The requests that wait for a job.

import type { Clock } from "../../scheduling/clock.ts";
import { Deadlines, type Due, ownTimes } from "../index/deadlines.ts";
import type { ConsumedJobs } from "../index/jobs.ts";
import type { QueueView } from "../index/queue.ts";
import type { Yield } from "../index/job_slice.ts";
import { WaitList, type WaitNode } from "../index/wait_list.ts";
import { BYTES, type Memory, textBytes } from "../memory.ts";
import { type KeyChoice, Patterns } from "../patterns.ts";
import type { Delivery } from "./delivery.ts";
import type { DeliveredJob, TakeRequest } from "./engine.ts";

/** A place in a wait list: that of a queue, of one of its keys, or of those that patterns match. */
interface WaitPlace {
  readonly queue: string;
  readonly key: string | Patterns | undefined;
  readonly node: WaitNode<Consumer>;
}

/** One TAKE that waits, in the wait list of each queue that it names, or of the keys that it names. */
export class Consumer implements Due {
  readonly request: TakeRequest;
  readonly due: number;
  place = -1;
  /** Its places in the wait lists; none once it no longer waits. */
  places: readonly WaitPlace[] = [];
  /** Those that came before it have lower numbers. */
  readonly number: number;
  /** Its jobs, once it has some. */
  delivery: Delivery | undefined = undefined;
  /** Resolves with its jobs, or with `undefined` when its time is over; rejects when the queue cannot give jobs. */
  readonly answer: Promise<readonly DeliveredJob[] | undefined>;
  /** Called when it has its jobs, if it waits elsewhere too. */
  readonly onServed: (() => void) | undefined;
  #resolve!: (jobs: Delivery["whole"] | undefined) => void;

  constructor(
    number: number,
    request: TakeRequest,
    due: number,
    onServed: (() => void) | undefined,
  ) {
    this.number = number;
    this.request = request;
    this.due = due;
    this.onServed = onServed;
    this.answer = new Promise((resolve) => this.#resolve = resolve);
  }

  /** Whether it still waits. */
  get waits(): boolean {
    return this.places.length > 0;
  }

  /** Answers with jobs, or without. */
  give(delivery: Delivery | undefined): void {
    this.delivery = delivery;
    if (delivery !== undefined) this.onServed?.();
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
  #number = 0;
  readonly #lists = new Map<string, WaitList<Consumer>>();
  /** The wait lists of keys, by queue and key. */
  readonly #ofKeys = new Map<string, Map<string | Patterns, WaitList<Consumer>>>();
  /** The wait lists of patterns of keys, by queue. */
  readonly #ofPatterns = new Map<string, Map<string | Patterns, WaitList<Consumer>>>();
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
  add(request: TakeRequest, time: number, onServed?: () => void): Consumer {
    const due = this.#clock.now() + time;
    const consumer = new Consumer(++this.#number, request, due, onServed);
    const { queues, keys } = request;
    consumer.places = queues.flatMap((queue) =>
      placesIn(keys?.get(queue)).map((key) => {
        this.#jobs.addConsumer(queue);
        return { queue, key, node: this.#list(queue, key).add(consumer) };
      })
    );
    this.size++;
    this.#memory.waiting += bytesOf(request);
    this.#deadlines.add(consumer);
    return consumer;
  }

  /**
   * The consumer of a queue that is served next: the first of those for which there is a job. `freed`: of consumers that
   * want certain keys, only those of this one may have a job now.
   */
  next(queue: QueueView, freed: string | undefined): Consumer | undefined {
    const { name, consumers } = queue;
    if (consumers === 0) return undefined;
    const anyKey = this.#lists.get(name);
    let first = anyKey === undefined || queue.next === undefined ? undefined : anyKey.first;
    const ofKeys = this.#ofKeys.get(name);
    const ofPatterns = this.#ofPatterns.get(name);
    if (ofKeys !== undefined) {
      for (const key of freed === undefined ? ofKeys.keys() : [freed]) {
        const waiting = ofKeys.get(key)?.first;
        if (waiting === undefined || queue.nextOf([key as string]) === undefined) continue;
        if (first === undefined || waiting.number < first.number) first = waiting;
      }
    }
    if (ofPatterns === undefined) return first;
    for (const [key, { first: waiting }] of ofPatterns) {
      const patterns = key as Patterns;
      if (waiting === undefined || (freed !== undefined && !patterns.has(freed))) continue;
      if (first !== undefined && first.number < waiting.number) continue;
      if (queue.nextOf(patterns) !== undefined) first = waiting;
    }
    return first;
  }

  /** A consumer no longer waits. */
  remove(consumer: Consumer): void {
    if (!consumer.waits) return;
    this.size--;
    this.#memory.waiting -= bytesOf(consumer.request);
    if (consumer.place !== -1) this.#deadlines.remove(consumer);
    const { places } = consumer;
    consumer.places = [];
    for (const { queue, key, node } of places) {
      const { list } = node;
      list.remove(node);
      this.#jobs.removeConsumer(queue);
      if (list.size === 0) this.#forget(queue, key);
    }
  }

  /** Stops: no time is over any more. */
  stop(): void {
    this.#deadlines.stop();
  }

  /** Refuses all that wait. */
  refuse(reason: unknown): void {
    const ofKeys = [...this.#ofKeys.values(), ...this.#ofPatterns.values()]
      .flatMap((lists) => [...lists.values()]);
    for (const list of [...this.#lists.values(), ...ofKeys]) {
      for (let consumer; (consumer = list.first) !== undefined;) {
        this.remove(consumer);
        consumer.refuse(reason);
      }
    }
  }

  #list(queue: string, key: string | Patterns | undefined): WaitList<Consumer> {
    if (key === undefined) return listIn(this.#lists, queue);
    const all = this.#listsOf(key);
    let ofQueue = all.get(queue);
    if (ofQueue === undefined) all.set(queue, ofQueue = new Map());
    return listIn(ofQueue, key);
  }

  #forget(queue: string, key: string | Patterns | undefined): void {
    if (key === undefined) {
      this.#lists.delete(queue);
      return;
    }
    const all = this.#listsOf(key);
    const ofQueue = all.get(queue)!;
    ofQueue.delete(key);
    if (ofQueue.size === 0) all.delete(queue);
  }

  #listsOf(key: string | Patterns): Map<string, Map<string | Patterns, WaitList<Consumer>>> {
    return typeof key === "string" ? this.#ofKeys : this.#ofPatterns;
  }
}

/** The wait lists of a queue in which a consumer of these keys waits. */
function placesIn(keys: KeyChoice | undefined): readonly (string | Patterns | undefined)[] {
  return keys === undefined ? [undefined] : keys instanceof Patterns ? [keys] : [...keys];
}

function listIn<K>(lists: Map<K, WaitList<Consumer>>, name: K): WaitList<Consumer> {
  let list = lists.get(name);
  if (list === undefined) lists.set(name, list = new WaitList<Consumer>(mayBeGone));
  return list;
}

function mayBeGone({ request: { client } }: Consumer): boolean {
  return client.halfClosed;
}

/** The memory of a consumer. */
function bytesOf({ queues, keys }: TakeRequest): number {
  return queues.reduce((sum, name) => {
    const some = keys?.get(name);
    const places = some === undefined || some instanceof Patterns ? 1 : some.size;
    return sum + places * (BYTES.waitNode + textBytes(name));
  }, BYTES.consumer);
}
