// Gives jobs to consumers: to a TAKE at once, or to those that wait.

import { MAX_TAKE_BYTES } from "../bounds.ts";
import type { Job } from "../index/job.ts";
import type { JobsView } from "../index/jobs.ts";
import type { QueueView } from "../index/queue.ts";
import { nextIn, type QueueRing, QueueRotation, RankTurns } from "../index/queue_rotation.ts";
import { JobSlice, type Yield } from "../index/job_slice.ts";
import type { KeyChoice } from "../patterns.ts";
import { noRows, readOnly } from "../refusals.ts";
import type { JournalView } from "../store/journal.ts";
import { StoreUnreachable } from "../store/store.ts";
import type { Bodies } from "./bodies.ts";
import type { CapacityCheck } from "./capacity.ts";
import type { Consumer, Consumers } from "./consumers.ts";
import type { Delivery, JobOnTheWay } from "./delivery.ts";
import type { DeliveredJob, TakeRequest } from "./engine.ts";
import type { Log } from "../log.ts";
import type { QueueClock } from "./queue_clock.ts";
import type { Transitions } from "./transitions.ts";

/** A job goes back at most so often without a count if its consumer may have read it: it may bring consumers down. */
const MOST_UNCOUNTED = 3;

/** Which queue of several is next. */
type QueueTurns = Pick<QueueRing, "next" | "charge">;

/** The parts that a dispatcher works with. */
interface DispatcherParts {
  readonly jobs: JobsView;
  readonly transitions: Transitions;
  readonly consumers: Consumers;
  readonly bodies: Bodies;
  readonly journal: JournalView;
  readonly capacity: CapacityCheck;
  readonly clock: QueueClock;
  readonly log: Log;
  readonly yield: Yield;
}

/** Gives jobs to consumers. */
export class JobDispatcher {
  readonly #parts: DispatcherParts;
  readonly #rotation = new QueueRotation();
  /** Queues with more for their consumers than one slice may give. */
  #deferred = new Set<QueueView>();

  constructor(parts: DispatcherParts) {
    this.#parts = parts;
  }

  /** Takes jobs that are ready now; `undefined` if there are none. Throws `busy`. */
  take(request: TakeRequest): Delivery | undefined {
    const { jobs, transitions, capacity } = this.#parts;
    transitions.ask();
    capacity.forRow();
    const queues: QueueView[] = [];
    for (const name of request.queues) {
      const queue = jobs.queues.get(name);
      if (queue !== undefined) queues.push(queue);
    }
    return this.#deliver(queues, request, this.#turnsOf(request.queues, request));
  }

  /** Whether `take` would find a job. */
  hasJobFor({ queues, keys }: TakeRequest): boolean {
    const all = this.#parts.jobs.queues;
    for (const name of queues) {
      const queue = all.get(name);
      if (queue !== undefined && nextIn(queue, keys) !== undefined) return true;
    }
    return false;
  }

  #turnsOf(names: readonly string[], { byRank, keys }: TakeRequest): QueueTurns {
    if (!byRank) return this.#rotation.of(names);
    return new RankTurns(this.#parts.jobs.isBefore, (queue) => nextIn(queue, keys));
  }

  /** The job of a queue that `take` would find, of these keys if there are any. Removes jobs before it that have expired. */
  next(name: string, keys: KeyChoice | undefined): Job | undefined {
    const { jobs, clock } = this.#parts;
    const queue = jobs.queues.get(name);
    if (queue === undefined) return undefined;
    return this.#next(queue, keys && new Map([[name, keys]]), new JobSlice(clock));
  }

  /**
   * Waits for a job; call it in the turn in which `take` found none. `onServed` is called once there is one. Throws `busy`.
   */
  wait(request: TakeRequest, time: number, onServed?: () => void): Consumer {
    const { jobs, consumers, capacity } = this.#parts;
    capacity.forWaiting();
    capacity.forQueues(jobs, request.queues);
    const consumer = consumers.add(request, time, onServed);
    // A job is ready if more jobs had expired than one slice removes.
    for (const name of request.queues) {
      const queue = jobs.queues.get(name)!;
      if (nextIn(queue, request.keys) !== undefined) this.#defer(queue);
    }
    return consumer;
  }

  /** The client of a consumer is gone: it no longer waits, and its jobs go back. */
  abandon(consumer: Consumer): void {
    this.#parts.consumers.remove(consumer);
    if (consumer.delivery !== undefined) this.giveBack(consumer.delivery.jobs, false);
  }

  /** Jobs go back of which the client did not learn, or, if `mayBeRead`, most likely did not. */
  giveBack(delivered: readonly Omit<JobOnTheWay, "body">[], mayBeRead: boolean): void {
    const { jobs, transitions } = this.#parts;
    // Too late to store it: the leases will run out.
    if (transitions.closed) return;
    const back = delivered.flatMap(({ id, attempt }) => {
      const job = jobs.get(id);
      if (job === undefined || job.state !== "taken" || job.attempt !== attempt) return [];
      return mayBeRead && job.uncountedAttempts >= MOST_UNCOUNTED ? [] : [job];
    });
    // Nobody waits for this to be stored; if it fails, the journal has said so.
    transitions.changeAll(back, { kind: mayBeRead ? "giveBack" : "untake" });
  }

  /** Gives the consumers of a queue the jobs that may be taken, each in its turn. `key`: only jobs of this key are new. */
  serve(queue: QueueView, key?: string): void {
    if (queue.consumers > 0 && !this.#serve(queue, new JobSlice(this.#parts.clock), key)) {
      this.#defer(queue);
    }
  }

  /** As `serve`, for several queues. */
  serveAll(queues: Iterable<QueueView>): void {
    let slice: JobSlice | undefined;
    let interrupted: QueueView | undefined;
    for (const queue of queues) {
      if (queue.consumers === 0) continue;
      slice ??= new JobSlice(this.#parts.clock);
      if (slice.isOver) this.#defer(queue);
      else if (!this.#serve(queue, slice)) interrupted = queue;
    }
    // Behind the others, which had nothing yet.
    if (interrupted !== undefined) this.#defer(interrupted);
  }

  /** Serves a queue in a later turn of the event loop. */
  #defer(queue: QueueView): void {
    if (this.#deferred.size === 0) this.#parts.yield(this.#serveDeferred);
    this.#deferred.add(queue);
  }

  readonly #serveDeferred = (): void => {
    const queues = this.#deferred;
    this.#deferred = new Set();
    this.serveAll(queues);
  };

  /** Returns whether all consumers have what there is, before the slice is over. */
  #serve(queue: QueueView, slice: JobSlice, key?: string): boolean {
    const { transitions, consumers, journal, capacity } = this.#parts;
    if (transitions.closed || journal.failure !== undefined) return true;
    const names = [queue.name];
    // The limits of a queue may hold back the jobs of every key.
    const freed = queue.limits === undefined ? key : undefined;
    for (let consumer; (consumer = consumers.next(queue, freed)) !== undefined;) {
      if (slice.isOver) return false;
      if (capacity.storeRoom.rows < 1) {
        consumers.remove(consumer);
        consumer.refuse(noRows());
        continue;
      }
      const { request } = consumer;
      const delivery = this.#deliver([queue], request, this.#turnsOf(names, request), slice);
      if (delivery !== undefined) {
        consumers.remove(consumer);
        consumer.give(delivery);
      }
    }
    return true;
  }

  /** The next job of a queue that may be taken. Removes those before it that have expired, as long as the slice allows. */
  #next(queue: QueueView, keys: TakeRequest["keys"], slice: JobSlice): Job | undefined {
    const { jobs, transitions } = this.#parts;
    for (let slot; (slot = nextIn(queue, keys)) !== undefined;) {
      const job = jobs.at(slot);
      if (!transitions.expireIfOver(job)) return job;
      if (slice.spend()) return undefined;
    }
  }

  #deliver(
    queues: readonly QueueView[],
    { max, lease, releaseOnDisconnect, client, keys }: TakeRequest,
    ring: QueueTurns,
    slice?: JobSlice,
  ): Delivery | undefined {
    const { transitions, bodies, capacity, clock } = this.#parts;
    const now = clock.now();
    slice ??= new JobSlice(clock, now);
    const jobs: JobOnTheWay[] = [];
    const unread: JobOnTheWay[] = [];
    let written: Promise<void> | undefined;
    let room = MAX_TAKE_BYTES;
    const most = Math.min(max, capacity.storeRoom.rows);
    for (let queue; jobs.length < most && (queue = ring.next(queues, keys)) !== undefined;) {
      const job = this.#next(queue, keys, slice);
      if (job === undefined) {
        // The slice is over, and expired jobs are before the next one.
        if (nextIn(queue, keys) !== undefined) break;
        continue;
      }
      const { id, key, size, options } = job;
      if (jobs.length > 0 && size > room) break;
      room -= size;
      ring.charge(queue);
      const length = lease ?? options.lease;
      const endsAt = now + length;
      written = transitions.change(job, {
        kind: "take",
        client,
        takenAt: now,
        endsAt,
        releaseOnDisconnect,
        inTurn: keys?.has(queue.name) !== true,
      });
      const body = bodies.get(id);
      const delivered = {
        id,
        queue: queue.name,
        key: key === "" ? undefined : key,
        attempt: job.attempt,
        lease: length,
        trace: job.trace || undefined,
        body,
      };
      jobs.push(delivered);
      if (body === undefined) unread.push(delivered);
      // A slice that ends here does not cut the delivery short: `max` bounds it.
      slice.spend();
    }
    if (written === undefined) return undefined;
    const isInMemory = unread.length === 0;
    const whole = isInMemory
      ? written.then(() => jobs as DeliveredJob[])
      : Promise.all([this.#read(unread), written]).then(([isAway]) => {
        const whole = jobs.filter(hasBody);
        if (isAway && whole.length === 0) throw readOnly();
        return whole;
      });
    return { jobs, whole, isInMemory };
  }

  /**
   * Reads bodies. A job whose body cannot be read is dead: it must not keep others waiting. One of a store that cannot be
   * reached goes back. Resolves with whether there is one.
   */
  async #read(unread: readonly JobOnTheWay[]): Promise<boolean> {
    const bodies = await this.#parts.journal.read(unread.map(({ id }) => id));
    const dying: Promise<void>[] = [];
    const back: JobOnTheWay[] = [];
    for (const [at, body] of bodies.entries()) {
      if (body instanceof StoreUnreachable) back.push(unread[at]);
      else if (body instanceof Error) dying.push(this.#unreadable(unread[at], body));
      else unread[at].body = body;
    }
    if (back.length > 0) this.giveBack(back, false);
    await Promise.all(dying);
    return back.length > 0;
  }

  async #unreadable({ id, attempt }: JobOnTheWay, error: Error): Promise<void> {
    const { jobs, transitions, clock, log } = this.#parts;
    log({ level: "error", message: "body cannot be read, job is dead", job: id, error });
    const job = jobs.get(id);
    if (transitions.closed || job?.state !== "taken" || job.attempt !== attempt) return;
    const reason = `Its body cannot be read: ${error.message}.`;
    const written = transitions.change(job, { kind: "unreadable", readyAt: clock.now(), reason });
    await written.catch(() => {});
  }
}

function hasBody(job: JobOnTheWay): job is DeliveredJob {
  return job.body !== undefined;
}
