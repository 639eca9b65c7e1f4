// TAKE: jobs are given to those who ask.

import { roomForQueues, roomForRow, roomForTaker, rowsLeft } from "./capacity.ts";
import type { DeliveredJob, Delivery } from "./delivery.ts";
import type { Job } from "../index/job.ts";
import type { RateState } from "../index/rate_state.ts";
import { MAX_TAKE_BYTES } from "../bounds.ts";
import { noRows } from "../refusals.ts";
import type { Queue } from "../index/queue.ts";
import type { Consumer, TakeRequest } from "./consumers.ts";
import type { QueueRing } from "../index/queue_rotation.ts";
import type { WorkQueue } from "./work_queue.ts";

/**
 * How many jobs are given or dropped in one go: what is left is for the next turn of the event loop, which a million that
 * expire at once, or a thousand takers that are served at once, shall not hold.
 */
const AT_ONCE = 500;

/** How many jobs may still be given or dropped. */
interface Budget {
  left: number;
}

/** Jobs that are ready now; `undefined` where there are none. */
export function take(work: WorkQueue, wish: TakeRequest): Delivery | undefined {
  work.mayChange();
  roomForRow(work);
  const queues: Queue[] = [];
  for (const name of wish.queues) {
    const queue = work.jobs.queues.get(name);
    if (queue !== undefined) queues.push(queue);
  }
  return grant(work, queues, wish, work.turns.of(wish.queues));
}

/** Lines up for a job; to be called where `take` found none, in the same turn. */
export function wait(work: WorkQueue, wish: TakeRequest, time: number): Consumer {
  roomForTaker(work);
  roomForQueues(work, wish.queues);
  const taker = work.takers.join(wish, time);
  // There is more where so many had expired that they were not all dropped.
  for (const name of wish.queues) {
    const queue = work.jobs.queue(name);
    if (queue.next !== undefined) work.unserved.add(queue);
  }
  return taker;
}

/** A taker is gone: it waits no longer, and what it was given goes back. */
export function abandon(work: WorkQueue, taker: Consumer): void {
  work.takers.leave(taker);
  if (taker.grant !== undefined) giveBack(work, taker.grant.given);
}

/** How often a job goes back at most whose taker may have read it: one that brings down its takers is not given for ever. */
const MOST_UNCOUNTED = 3;

/**
 * Nobody was told of these, or, where `mayBeRead`, most likely nobody: they are ready again at their old places, and
 * neither does the attempt count nor is the key or a rate charged. No number of an attempt that may have been read is used
 * again.
 */
export function giveBack(
  work: WorkQueue,
  given: readonly DeliveredJob[],
  mayBeRead: boolean = false,
): void {
  // Too late to store it: their leases will run out.
  if (work.closing) return;
  const queues = new Set<Queue>();
  for (const { id, attempt } of given) {
    const job = work.jobs.get(id);
    if (job === undefined || job.state !== "taken" || job.attempt !== attempt) continue;
    // Its lease will run out.
    if (mayBeRead && job.uncountedAttempts >= MOST_UNCOUNTED) continue;
    job.queue.order.refund(job);
    unspend(work, job);
    // Nobody waits for this one; where it fails the journal has said so.
    work.change(job, () => mayBeRead ? job.release(undefined) : job.giveBack());
    queues.add(job.queue);
  }
  for (const queue of queues) serve(work, queue);
}

/** The takers of a queue get what is ready, each in its turn. */
export function serve(work: WorkQueue, queue: Queue): void {
  if (work.journal.failure !== undefined || queue.line.first === undefined) return;
  const budget = { left: AT_ONCE };
  for (let taker; (taker = queue.line.first) !== undefined && queue.next !== undefined;) {
    if (budget.left <= 0) {
      work.unserved.add(queue);
      return;
    }
    if (rowsLeft(work) < 1) {
      work.takers.leave(taker);
      taker.refuse(noRows());
      continue;
    }
    const given = grant(work, [queue], taker.wish, work.turns.of([queue.name]), budget);
    if (given !== undefined) {
      work.takers.leave(taker);
      taker.give(given);
    }
  }
}

/** The next job that may be taken; one that has expired is dropped, as long as the budget allows. */
function nextOf(work: WorkQueue, queue: Queue, budget: Budget): Job | undefined {
  for (let job; (job = queue.next) !== undefined;) {
    if (!work.dropExpired(job)) return job;
    if (--budget.left <= 0) return undefined;
  }
}

function grant(
  work: WorkQueue,
  queues: readonly Queue[],
  { max, lease, held, client }: TakeRequest,
  rotation: QueueRing,
  budget: Budget = { left: AT_ONCE },
): Delivery | undefined {
  const now = work.now();
  const given: DeliveredJob[] = [];
  const unread: DeliveredJob[] = [];
  let written: Promise<void> | undefined;
  let room = MAX_TAKE_BYTES;
  const most = Math.min(max, rowsLeft(work));
  for (let queue; given.length < most && (queue = rotation.next(queues)) !== undefined;) {
    const next = nextOf(work, queue, budget);
    if (budget.left <= 0) break;
    if (next === undefined) continue;
    const { size } = next;
    if (given.length > 0 && size > room) break;
    room -= size;
    rotation.charge(queue);
    const job = queue.order.take();
    const { id, key, kind } = job;
    const length = lease ?? kind.lease;
    written = work.change(job, () => job.take(client, now + length, held));
    spend(work, job, now);
    const body = work.recentBody(id);
    const each: DeliveredJob = {
      id,
      queue: queue.name,
      key: key === "" ? undefined : key,
      attempt: job.attempt,
      lease: length,
      body,
    };
    given.push(each);
    budget.left--;
    if (body === undefined) unread.push(each);
  }
  if (written === undefined) return undefined;
  const grant: Delivery = {
    given,
    whole: unread.length === 0
      ? written.then(() => grant)
      : Promise.all([read(work, unread), written]).then(() => {
        grant.given = given.filter(({ body }) => body !== undefined);
        return grant;
      }),
  };
  return grant;
}

/** Counts a job that is taken towards the rates of its queue and key. */
function spend(work: WorkQueue, { queue, tenant }: Job, now: number): void {
  queue.rates.count("taken", now);
  if (queue.limits !== undefined) pace(work, queue.limits, now);
  if (tenant.limits !== undefined) {
    pace(work, tenant.limits, now);
    queue.review(tenant);
  }
}

/** Nobody has taken a job that was counted towards rates. */
function unspend(work: WorkQueue, { queue, tenant }: Job): void {
  const now = work.now();
  for (const limits of [queue.limits, tenant.limits]) {
    if (limits === undefined || limits.pace.rate === 0) continue;
    if (limits.place !== -1) work.paces.remove(limits);
    if (limits.refund(now)) work.paces.add(limits);
    if (limits.isSlow) work.journal.write({ kind: "rules", rules: limits.kept(now) });
  }
  if (tenant.limits !== undefined) queue.review(tenant);
}

function pace(work: WorkQueue, limits: RateState, now: number): void {
  if (limits.spend(now)) work.paces.add(limits);
  if (limits.isSlow) work.journal.write({ kind: "rules", rules: limits.kept(now) });
}

/** Reads bodies. A job whose body cannot be read is dead: others shall not wait for it. */
async function read(work: WorkQueue, unread: readonly DeliveredJob[]): Promise<void> {
  const bodies = await work.journal.read(unread.map(({ id }) => id));
  const dying: Promise<unknown>[] = [];
  for (const [at, body] of bodies.entries()) {
    if (body instanceof Error) dying.push(unreadable(work, unread[at], body));
    else unread[at].body = body;
  }
  await Promise.all(dying);
}

async function unreadable(
  work: WorkQueue,
  { id, attempt }: DeliveredJob,
  error: Error,
): Promise<void> {
  work.log({ level: "error", message: "body cannot be read, job is dead", job: id, error });
  const job = work.jobs.get(id);
  if (work.closing || job?.state !== "taken" || job.attempt !== attempt) return;
  const reason = `Its body cannot be read: ${error.message}.`;
  const written = work.change(job, () => job.fail(work.now(), false, true, reason));
  work.results.dead(id, `Job ${id} is dead: ${reason}`);
  await written.catch(() => {});
}
