// The promises of the queue, checked from outside: acknowledged changes last, done jobs are gone, a job has one lease
// at a time, attempts go up, limits hold, counts are right, keys are served in order, and no job starves.

import type { Job } from "../../../queue/index/job.ts";
import type { QueueView } from "../../../queue/index/queue.ts";
import type { NewJob } from "../../../queue/store/job_values.ts";
import { countedAttempts } from "../../../queue/engine/lifecycle.ts";
import {
  type JobProgress,
  type JobState,
  states,
  type StoredJob,
} from "../../../queue/store/job_fields.ts";
import type { WorkQueue } from "../../../queue/engine/work_queue.ts";

/** The number of steps between two expensive checks. */
const RARELY = 16;

/** The known facts of one job. A job that does not exist has the state "". */
interface Known {
  /** Its state at the last acknowledged change. */
  lasting: string;
  /** Its state after each change since. */
  readonly pending: { readonly change: number; readonly looks: string }[];
  /** The highest attempt that a client was told of. */
  told: number;
  readonly attempts: Set<number>;
  /** The end of the last known lease. */
  until: number;
  /** The time at which it expires. */
  readonly expires: number;
}

/** The beginning of a job's wait, in jobs given by its queue, and the number of jobs before it in its row. */
interface Waiting {
  readonly since: number;
  readonly behind: number;
}

/** Checks a queue. Throws where a promise is broken. */
export class Promises {
  readonly #jobs = new Map<number, Known>();
  /** The number of changes of jobs. */
  changes = 0;
  #expired = 0;
  #broken: Error | undefined = undefined;
  #givenBy = new Map<string, number>();
  #waiting = new Map<number, Waiting>();

  /** Throws for a broken promise. The next `look` throws it too, where the caller drops this error. */
  broken(how: string): never {
    throw this.#broken ??= new Error(how);
  }

  /** The job of a name, which a PUT of that name must return. */
  named(work: WorkQueue, { queue, unique }: NewJob): number | undefined {
    if (unique === "") return undefined;
    const named = [...work.jobs].filter((job) => job.queue.name === queue && job.unique === unique);
    if (named.length > 1) this.broken(`${named.length} jobs of ${queue} are named ${unique}`);
    return named.find((job) => !hasExpired(job.state, job.expiresAt, work.clock.now()))?.id;
  }

  /** Records a new job. */
  put(id: number, expires: number): void {
    if (this.#jobs.has(id)) this.broken(`number ${id} was given to two jobs`);
    this.#jobs.set(id, {
      lasting: "",
      pending: [],
      told: 0,
      attempts: new Set(),
      until: 0,
      expires,
    });
  }

  /** Records a change of a job. Returns the number for `acknowledged`. */
  changed(work: WorkQueue, id: number): number {
    const job = work.jobs.get(id);
    const change = ++this.changes;
    this.#jobs.get(id)!.pending.push({
      change,
      looks: job === undefined ? "" : looks(job),
    });
    return change;
  }

  /** Records that a client was told that a change is stored: then all earlier ones are stored too. */
  acknowledged(id: number, change: number): void {
    const known = this.#jobs.get(id);
    if (known === undefined) return;
    for (let first; (first = known.pending[0]) !== undefined && first.change <= change;) {
      known.lasting = first.looks;
      known.pending.shift();
    }
    if (known.lasting === "" && known.pending.length === 0) this.#jobs.delete(id);
  }

  /** Checks a delivery to a client that is not told yet. */
  given(work: WorkQueue, id: number, attempt: number): void {
    const known = this.#jobs.get(id) ?? this.broken(`job ${id} was given and is done`);
    const job = work.jobs.get(id)!;
    const { queue, keyState, attempts } = job;
    const used = countedAttempts(job);
    if (known.expires <= work.clock.now()) this.broken(`job ${id} was given and has expired`);
    if (known.until > work.clock.now()) this.broken(`job ${id} was given while somebody holds it`);
    if (attempt <= known.told) this.broken(`attempt ${attempt} of job ${id} after ${known.told}`);
    if (used > attempts) this.broken(`job ${id} was given ${used} times of ${attempts}`);
    for (
      const { limits, taken } of [{ limits: queue.limits, taken: queue.counts.taken }, keyState]
    ) {
      const { paused = false, running = 0 } = limits?.limits ?? {};
      if (paused) this.broken(`job ${id} was given while it was paused`);
      // Other jobs may have been taken before the limit was set, but this one was given against it.
      if (running > 0 && taken > running) this.broken(`${taken} are taken of ${running}`);
    }
    known.until = job.endsAt;
    const given = (this.#givenBy.get(queue.name) ?? 0) + 1;
    this.#givenBy.set(queue.name, given);
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (waiting !== undefined && given - waiting.since > patience(job, waiting)) {
      this.broken(`job ${id} waited while ${given - waiting.since} others were given`);
    }
  }

  /** Checks jobs that were given together: no ready job was before them in their rows. */
  inOrder(work: WorkQueue, ids: readonly number[]): void {
    const given = ids.map((id) => work.jobs.get(id)!);
    const rest = [...work.jobs].filter(({ state }) => state === "ready");
    given.forEach((job, at) => {
      for (const other of [...given.slice(at + 1), ...rest]) {
        if (other.keyState !== job.keyState || other.options.priority !== job.options.priority) {
          continue;
        }
        if (other.readyAt < job.readyAt || (other.readyAt === job.readyAt && other.id < job.id)) {
          this.broken(`job ${job.id} was given before ${other.id} of the same key`);
        }
      }
    });
  }

  /** Records that a client was told of an attempt. */
  told(work: WorkQueue, id: number, attempt: number): void {
    const known = this.#jobs.get(id);
    // A job whose body comes from the disk is told late: its lease may be over, and another client may have ended it.
    if (known === undefined) return;
    if (known.attempts.has(attempt)) this.broken(`attempt ${attempt} of job ${id} was told twice`);
    known.attempts.add(attempt);
    if (attempt < known.told) return;
    known.told = attempt;
    const job = work.jobs.get(id);
    if (job?.attempt !== attempt || job.state !== "taken") known.until = 0;
  }

  /** Records that a job has no holder any more. */
  ended(id: number): void {
    this.#jobs.get(id)!.until = 0;
  }

  /** Records a lease that begins anew. */
  extended(work: WorkQueue, id: number): void {
    this.#jobs.get(id)!.until = work.jobs.get(id)!.endsAt;
  }

  /** Checks the store after a crash: it must have the acknowledged states, or states that were requested since. */
  restart(stored: ReadonlyMap<number, StoredJob>): void {
    for (const id of stored.keys()) {
      if (!this.#jobs.has(id)) this.broken(`job ${id} is back, and was done`);
    }
    for (const [id, known] of this.#jobs) {
      const job = stored.get(id);
      const now = job === undefined ? "" : looks(job);
      const may = [known.lasting, ...known.pending.map(({ looks }) => looks)];
      // A result is kept only while there is room.
      const forgotten = job === undefined && may.some((looks) => looks.startsWith("done "));
      if (!may.includes(now) && !forgotten) {
        this.broken(`job ${id} was ${known.lasting || "gone"}, and is ${now || "gone"}`);
      }
      known.lasting = now;
      known.pending.length = 0;
      if (job === undefined) this.#jobs.delete(id);
      else known.until = job.attempt === known.told ? job.endsAt : 0;
    }
    this.#givenBy = new Map();
    this.#waiting = new Map();
  }

  /** Checks the next process: it has all jobs, and leases and delays that are over by now are over. */
  loaded(work: WorkQueue, stored: ReadonlyMap<number, StoredJob>, now: number): void {
    let gone = 0;
    for (const [id, before] of stored) {
      const over = before.state === "taken" && (before.releaseOnDisconnect || before.endsAt <= now);
      const state = over
        ? before.attempt - before.uncountedAttempts >= before.attempts ? "dead" : "ready"
        : before.state === "delayed" && before.readyAt <= now
        ? "ready"
        : before.state;
      const expired = hasExpired(state, before.expiresAt, now);
      if (expired || (state === "done" && before.endsAt <= now)) {
        gone++;
        if (work.jobs.get(id) !== undefined) this.broken(`job ${id} has expired, and is loaded`);
        this.changed(work, id);
        continue;
      }
      const job = work.jobs.get(id) ?? this.broken(`job ${id} is not loaded`);
      if (job.state !== state) {
        this.broken(`job ${id} was ${before.state} and is ${job.state}, not ${state}`);
      }
      if (job.state === "taken" && job.endsAt !== before.endsAt) {
        this.broken(`the lease of job ${id} ends at another time`);
      }
      if (before.releaseOnDisconnect) {
        this.changed(work, id);
        this.ended(id);
      }
    }
    if (work.jobs.size + gone !== stored.size) {
      this.broken(`${work.jobs.size} of ${stored.size} jobs are loaded, and ${gone} have expired`);
    }
    this.#expired = work.transitions.expired;
  }

  /** Checks everything, at some of the steps. */
  look(work: WorkQueue, step: number): void {
    if (this.#broken !== undefined) throw this.#broken;
    if (work.transitions.expired !== this.#expired) this.#someExpired(work);
    for (const { consumers, next, name } of work.jobs.queues.values()) {
      if (consumers > 0 && next !== undefined && work.journal.failure === undefined) {
        this.broken(`somebody waits at ${name}, where job ${work.jobs.at(next).id} is ready`);
      }
    }
    if (step % RARELY !== 0) return;
    const counted = new Map<QueueView, number[]>();
    const ahead = new Map<string, number>();
    for (const job of work.jobs) {
      const { queue, state } = job;
      let counts = counted.get(queue);
      if (counted.get(queue) === undefined) counted.set(queue, counts = states.map(() => 0));
      counts![states.indexOf(state)]++;
      if (state === "ready") this.#wait(job, ahead);
      else this.#waiting.delete(job.id);
    }
    for (const queue of work.jobs.queues.values()) {
      const counts = counted.get(queue) ?? states.map(() => 0);
      for (const [at, state] of states.entries()) {
        if (queue.counts[state] !== counts[at]) {
          this.broken(
            `${queue.name} counts ${queue.counts[state]} ${state}, and has ${counts[at]}`,
          );
        }
      }
      if (queue.order.size !== queue.counts.ready) this.broken(`${queue.name} lost a ready job`);
    }
  }

  /** Checks jobs that were dropped because the store has no room: none of them was acknowledged. */
  givenUp(work: WorkQueue): void {
    for (const [id, { lasting, pending, expires }] of this.#jobs) {
      const looked = pending.at(-1)?.looks ?? lasting;
      if (work.jobs.get(id) !== undefined || looked === "") continue;
      // Results and expired jobs go by themselves.
      if (looked.startsWith("done ") || expires <= work.clock.now()) continue;
      if (lasting !== "") this.broken(`job ${id} is given up, and was acknowledged as ${lasting}`);
      this.changed(work, id);
    }
  }

  #someExpired(work: WorkQueue): void {
    this.#expired = work.transitions.expired;
    for (const [id, { lasting, pending, expires }] of this.#jobs) {
      const looked = pending.at(-1)?.looks ?? lasting;
      if (work.jobs.get(id) !== undefined || looked === "" || looked.startsWith("done ")) continue;
      if (expires > work.clock.now()) this.broken(`job ${id} is gone, and was ${looked}`);
      this.changed(work, id);
    }
  }

  #wait({ id, queue, keyState, options: { priority } }: Job, ahead: Map<string, number>): void {
    // A job whose key or queue has limits waits for the limits.
    if (queue.limits !== undefined || keyState.limits !== undefined) {
      this.#waiting.delete(id);
      return;
    }
    const row = `${queue.name} ${priority} ${keyState.key}`;
    const behind = ahead.get(row) ?? 0;
    ahead.set(row, behind + 1);
    if (!this.#waiting.has(id)) {
      this.#waiting.set(id, { since: this.#givenBy.get(queue.name) ?? 0, behind: keyState.ready });
    }
  }
}

/** Whether a job has expired, and may be gone at any moment. */
function hasExpired(state: JobState, expires: number, now: number): boolean {
  return expires > 0 && expires <= now && (state === "ready" || state === "delayed");
}

function looks(
  { state, attempt, uncountedAttempts, readyAt, endsAt, releaseOnDisconnect }: JobProgress,
): string {
  return `${state} attempt=${attempt} uncounted=${uncountedAttempts} ready=${readyAt} ` +
    `ends=${endsAt} release=${releaseOnDisconnect}`;
}

/**
 * The most jobs of its queue that may be given before a job: the jobs before it in its row, each with a turn of the
 * other two keys, and each turn of its priority with turns of the other two priorities, by the shares 4 : 2 : 1. It is
 * twice that, because lifted limits and released jobs let other jobs catch up.
 */
function patience({ options: { priority } }: Job, { behind }: Waiting): number {
  const turns = 7 / 2 ** (6 - priority);
  return 2 * (behind + 2) * 3 * turns + 32;
}
