// Jobs of one state looked at and changed one by one: for clients that reserve, peek and kick.

import type { Job } from "../index/job.ts";
import type { JobsView } from "../index/jobs.ts";
import { JobSlice } from "../index/job_slice.ts";
import type { QueueView } from "../index/queue.ts";
import { noRows, notDead, notTaken } from "../refusals.ts";
import type { JournalView } from "../store/journal.ts";
import type { Bodies } from "./bodies.ts";
import type { Caller, QueueClient } from "./caller.ts";
import type { CapacityCheck } from "./capacity.ts";
import type { DeliveredJob } from "./engine.ts";
import type { QueueClock } from "./queue_clock.ts";
import type { JobScope, JobWithBody, ScopeCounts } from "./ranked_engine.ts";
import type { SliceScheduler } from "./slice_scheduler.ts";
import type { Transitions } from "./transitions.ts";

/** The states in which a job can be taken whatever its turn. */
const TAKEABLE = ["ready", "delayed", "dead"];

/** The parts that these functions work with. */
interface RankedParts {
  readonly jobs: JobsView;
  readonly transitions: Transitions;
  readonly journal: JournalView;
  readonly capacity: CapacityCheck;
  readonly bodies: Bodies;
  readonly clock: QueueClock;
  readonly scheduler: SliceScheduler;
}

/** Takes a job, whatever its turn. */
export async function takeJob(
  { transitions, capacity, bodies, clock }: RankedParts,
  id: number,
  client: QueueClient,
): Promise<DeliveredJob> {
  const job = transitions.job(id);
  const { state, key, options } = job;
  if (!TAKEABLE.includes(state)) throw notTaken(`Job ${id} cannot be taken: it is ${state}.`);
  if (capacity.storeRoom.rows < 1) throw noRows();
  const { lease } = options;
  const takenAt = clock.now();
  const endsAt = takenAt + lease;
  const reading = bodies.read(id);
  const written = transitions.change(job, {
    kind: "take",
    client,
    takenAt,
    endsAt,
    releaseOnDisconnect: true,
    inTurn: false,
  });
  const { attempt } = job;
  const [body] = await Promise.all([reading, written]);
  const trace = job.trace || undefined;
  return { id, queue: options.queue, key: key || undefined, attempt, lease, trace, body };
}

/** The first job of a state, with its body. */
export async function firstJob(
  { jobs, bodies }: RankedParts,
  scope: JobScope,
  state: "ready" | "delayed" | "dead",
): Promise<JobWithBody | undefined> {
  const found = state === "ready" ? firstReady(jobs, scope) : firstAside(jobs, scope, state);
  if (found === undefined) return undefined;
  const job = found.stored();
  return { job, body: await bodies.read(job.id) };
}

/** Makes a dead or delayed job ready. */
export async function wake({ transitions, clock }: RankedParts, id: number): Promise<void> {
  const job = transitions.job(id);
  if (job.state !== "dead" && job.state !== "delayed") throw notDead(id, job.state);
  await transitions.change(job, { kind: "revive", readyAt: clock.now() });
}

/** Makes dead jobs ready; delayed ones if there are none. */
export async function wakeFirst(
  parts: RankedParts,
  scope: JobScope,
  most: number,
  caller: Caller,
): Promise<number> {
  const { jobs, transitions, journal, clock, scheduler } = parts;
  transitions.ask();
  const state = countsOf(jobs, scope).dead > 0 ? "dead" : "delayed";
  // Jobs that come meanwhile stay: there could be no end.
  const count = Math.min(most, countsOf(jobs, scope)[state]);
  if (count === 0) return 0;
  let kicked = 0;
  const kick = (left: number): number => {
    transitions.ask();
    const now = clock.now();
    const slice = new JobSlice(clock, now);
    function* some(): Generator<Job, void, void> {
      for (; left > 0; left--) {
        const job = firstAside(jobs, scope, state);
        if (job === undefined) {
          left = 0;
          return;
        }
        yield job;
        if (slice.spend()) {
          left--;
          return;
        }
      }
    }
    transitions.changeEach(some(), () => ({ kind: "revive", readyAt: now }), () => kicked++);
    return left;
  };
  let left = kick(count);
  if (left > 0) {
    await scheduler.run(caller, async (turn) => {
      while (left > 0) {
        await turn();
        caller.signal.throwIfAborted();
        left = kick(left);
      }
    });
  }
  await journal.settled();
  return kicked;
}

/** How many jobs a scope has in each state. */
export function countsOf(jobs: JobsView, scope?: JobScope): ScopeCounts {
  if (scope === undefined) return { ...jobs.counts, urgent: jobs.urgent };
  const queue = jobs.queues.get(scope.queue);
  if (scope.key === undefined) return withUrgent(queue?.counts, queue);
  const key = queue?.find(scope.key);
  return withUrgent(key, key);
}

function withUrgent(
  counts: Omit<ScopeCounts, "urgent"> | undefined,
  owner: { readonly urgent: number } | undefined,
): ScopeCounts {
  const { delayed = 0, ready = 0, taken = 0, dead = 0, done = 0 } = counts ?? {};
  return { delayed, ready, taken, dead, done, urgent: owner?.urgent ?? 0 };
}

function firstReady(jobs: JobsView, scope: JobScope): Job | undefined {
  const queue = jobs.queues.get(scope.queue);
  const slot = scope.key === undefined ? queue?.order.first : queue?.firstOf(scope.key);
  return slot === undefined ? undefined : jobs.at(slot);
}

function firstAside(
  jobs: JobsView,
  { queue: name, key }: JobScope,
  state: "delayed" | "dead",
): Job | undefined {
  const queue = jobs.queues.get(name);
  let first: Job | undefined;
  for (const slot of queue === undefined ? [] : asideSlots(queue, key, state)) {
    const job = jobs.at(slot);
    if (first === undefined || job.readyAt < first.readyAt) first = job;
  }
  return first;
}

/** The first job of each key. */
function* asideSlots(
  queue: QueueView,
  key: string | undefined,
  state: "delayed" | "dead",
): Generator<number, void, void> {
  const keys = key === undefined ? queue.all() : [queue.find(key)];
  for (const each of keys) {
    const slot = each?.aside?.[state];
    if (slot !== undefined) yield slot;
  }
}
