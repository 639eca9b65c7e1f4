// The certain knowledge of a queue's clients while its server is killed again and again: acknowledged changes must be
// stored, unanswered requests may be.

import type { Counted } from "./caps.ts";

/** The facts of a request that the ledger needs. */
export type Operation =
  | {
    readonly kind: "put";
    readonly body: string;
    readonly delayed: boolean;
    readonly attempts: number;
  }
  | {
    readonly kind: "take";
    readonly queue: string;
    readonly max: number;
    readonly lease: number;
    readonly wait: number;
    readonly sent: number;
  }
  | { readonly kind: "done"; readonly id: number; readonly attempt: number }
  | { readonly kind: "fail"; readonly id: number; readonly attempt: number; readonly way: Way }
  | {
    readonly kind: "extend";
    readonly id: number;
    readonly attempt: number;
    readonly lease: number;
    readonly sent: number;
  }
  | { readonly kind: "limit"; readonly scope: string; readonly running: number };

/** The result of a failed attempt: ready again at once, after a time beyond the test, or never. */
export type Way = "ready" | "delayed" | "dead";

type State = "delayed" | "ready" | "taken" | "dead" | "done";

/** The end of a lease: between the end counted from the request and the end counted from the answer. */
type Span = readonly [from: number, to: number];

interface Known {
  readonly id: number;
  readonly attempts: number;
  readonly body: string;
  state: State;
  attempt: number;
  ends: Span;
}

/** A job that a client holds. */
export interface Held {
  readonly id: number;
  readonly attempt: number;
}

/** A job as the server shows it after a restart. */
export interface Shown {
  readonly state: State;
  readonly attempt: number;
  readonly attempts: number;
  readonly body: string;
  /** The end of the lease, as the reply allows it. */
  readonly ends: Span;
}

/** A lease that is over before a server can start again. */
export const BRIEF = 1;
/** A lease that never ends in a test. */
export const LONG_LEASE = 86_400_000;
/** The server shares its clock with the test, and tells times in whole ms. */
export const ROUNDING = 2;

/** The knowledge about all jobs of a file. */
export class Ledger {
  readonly #jobs = new Map<number, Known>();
  readonly #given = new Set<string>();
  #lastId = 0;
  #doneLately: number[] = [];
  readonly #precision: number;
  readonly #shards: number;

  /**
   * A lease may end so many ms later than it was granted. The queues have the first two of so many shards, whose numbers are
   * those with the shard as their remainder.
   */
  constructor(precision: number, shards: number) {
    this.#precision = precision;
    this.#shards = shards;
  }

  /** Records an acknowledged PUT. Another client may have taken and ended the job before this reply was read. */
  put(id: number, { body, delayed, attempts }: Operation & { kind: "put" }): void {
    const there = this.#jobs.get(id);
    check(
      there === undefined || there.body === body,
      `PUT ${body} was told the number of another job, ${id}`,
    );
    if (there !== undefined) return;
    this.#add({
      id,
      attempts,
      body,
      state: delayed ? "delayed" : "ready",
      attempt: 0,
      ends: [0, 0],
    });
  }

  /** Records a job that a TAKE got. */
  given(
    id: number,
    attempt: number,
    body: string,
    { lease, sent }: Operation & { kind: "take" },
  ): void {
    const name = `${id}/${attempt}`;
    check(!this.#given.has(name), `attempt ${attempt} of job ${id} was given twice`);
    this.#given.add(name);
    const job = this.#jobs.get(id) ??
      this.#add({ id, attempts: attemptsOf(body), body, state: "ready", attempt: 0, ends: [0, 0] });
    check(job.body === body, `job ${id} was given as ${body}, and is ${job.body}`);
    check(attempt <= job.attempts, `job ${id} was given a ${attempt}th time of ${job.attempts}`);
    // The reply is late: the lease is over, and another client had the job meanwhile and may have ended it.
    if (attempt < job.attempt) return;
    check(job.state !== "done", `job ${id} is done, and was given again`);
    job.attempt = attempt;
    job.state = lease !== BRIEF ? "taken" : attempt === job.attempts ? "dead" : "ready";
    job.ends = [sent + lease, Date.now() + lease];
  }

  /** Records an acknowledged DONE. */
  done({ id }: Held): void {
    this.#jobs.get(id)!.state = "done";
    this.#doneLately.push(id);
  }

  /** Records an acknowledged FAIL. */
  failed({ id, attempt, way }: Operation & { kind: "fail" }, told: string): void {
    const job = this.#jobs.get(id)!;
    const state = failedState(job, attempt, way);
    check(told === state, `FAIL ${id} answered ${told} instead of ${state}`);
    if (job.attempt === attempt) job.state = state;
  }

  /** Records an acknowledged EXTEND. */
  extended({ id, lease, sent }: Operation & { kind: "extend" }): void {
    this.#jobs.get(id)!.ends = [sent + lease, Date.now() + lease];
  }

  /** The jobs to check after a restart: all that are not done for long, and those that may be new. */
  suspects(unanswered: readonly Operation[]): number[] {
    const ids = [...this.#jobs.values()].filter(({ state }) => state !== "done").map(({ id }) =>
      id
    );
    const puts = unanswered.filter(({ kind }) => kind === "put").length;
    // An unanswered PUT may have any unknown id up to the last known one.
    const unknown: number[] = [];
    for (let id = 1; id <= this.#lastId + puts * this.#shards; id++) {
      if (id % this.#shards < 2 && !this.#jobs.has(id)) unknown.push(id);
    }
    return [...ids, ...this.#doneLately, ...unknown];
  }

  /** Compares the jobs of the server with the allowed ones, and goes on from there. `undefined` for a missing job. */
  settle(shown: ReadonlyMap<number, Shown | undefined>, unanswered: readonly Operation[]): void {
    // Of two requests about one job, the later attempt counts: another client took it after an answer that was not
    // read.
    const asked = new Map(
      unanswered.flatMap((each) => "id" in each ? [each] : [])
        .sort((a, b) => a.attempt - b.attempt)
        .map((each) => [each.id, each]),
    );
    const puts = new Map(
      unanswered.flatMap((each) => each.kind === "put" ? [[each.body, each]] : []),
    );
    let takes = unanswered.reduce((sum, each) => sum + (each.kind === "take" ? each.max : 0), 0);
    for (const [id, found] of shown) {
      const job = this.#jobs.get(id);
      if (found === undefined) {
        if (job !== undefined) this.#mayBeGone(job, asked.get(id));
        continue;
      }
      if (job === undefined) this.#mayBeNew(id, found, puts);
      takes -= this.#mayBe(this.#jobs.get(id)!, found, asked.get(id));
    }
    check(takes >= 0, `${-takes} jobs more were taken than asked for`);
    this.#doneLately = [];
  }

  /** The number of jobs of a queue in each state. */
  counts(queue: string): Record<Exclude<State, "done">, number> {
    const counts = { delayed: 0, ready: 0, taken: 0, dead: 0 };
    for (const { state, body } of this.#jobs.values()) {
      if (state !== "done" && placeOf(body).queue === queue) counts[state]++;
    }
    return counts;
  }

  /** A job, as caps count it. */
  counted(id: number): Counted {
    return { id, ...placeOf(this.#jobs.get(id)!.body) };
  }

  /** The taken jobs. Any client may finish them. */
  held(): Held[] {
    return [...this.#jobs.values()].filter(({ state }) => state === "taken")
      .map(({ id, attempt }) => ({ id, attempt }));
  }

  #add(job: Known): Known {
    this.#jobs.set(job.id, job);
    this.#lastId = Math.max(this.#lastId, job.id);
    return job;
  }

  #mayBeGone(job: Known, asked: Operation | undefined): void {
    const mayBe = job.state === "done" || asked?.kind === "done";
    check(mayBe, `job ${job.id} is lost: it was ${job.state} in attempt ${job.attempt}`);
    job.state = "done";
  }

  #mayBeNew(
    id: number,
    { body, attempts }: Shown,
    puts: Map<string, Operation & { kind: "put" }>,
  ): void {
    const put = puts.get(body);
    check(put !== undefined, `job ${id} is there, ${body}, and nobody put it`);
    puts.delete(body);
    check(
      put!.attempts === attempts,
      `job ${id} has ${attempts} attempts instead of ${put!.attempts}`,
    );
    this.put(id, put!);
  }

  /** The number of times that unanswered TAKEs have taken it. */
  #mayBe(job: Known, found: Shown, asked: Operation | undefined): number {
    const { id } = job;
    const what = `job ${id} is ${found.state} in attempt ${found.attempt}`;
    check(job.state !== "done", `${what}, and was done`);
    check(found.body === job.body, `${what} and has another body`);
    const taken = found.attempt - job.attempt;
    const states: State[] = [job.state];
    if (asked?.kind === "fail" && asked.attempt === job.attempt) {
      states.push(failedState(job, asked.attempt, asked.way));
    }
    if (taken === 0) {
      check(
        states.includes(found.state),
        `${what}, which should be ${states.join(" or ")} in ${job.attempt}`,
      );
    } else {
      check(taken > 0, `${what}, and was in ${job.attempt}`);
      check(
        states.includes("ready"),
        `${what}, taken although it was ${job.state} in ${job.attempt}`,
      );
      check(found.attempt <= job.attempts, `${what} of ${job.attempts}`);
    }
    if (found.state === "taken" && taken === 0 && asked?.kind !== "extend") {
      const inTime = found.ends[0] - this.#precision <= job.ends[1] &&
        job.ends[0] <= found.ends[1] + ROUNDING;
      check(inTime, `${what}; its lease ends ${found.ends}, and was to end ${job.ends}`);
    } else job.ends = found.ends;
    job.state = found.state;
    job.attempt = found.attempt;
    return taken;
  }
}

/** The attempts of a job, by its body. */
export function attemptsOf(body: string): number {
  return Number(body.slice(body.lastIndexOf("-") + 1));
}

/** The queue and the key of a job, by its body. */
export function placeOf(body: string): { queue: string; key: string } {
  const key = body.charCodeAt(body.indexOf("-") + 1) % 3;
  return { queue: body.slice(0, body.indexOf(".")), key: `k${key}` };
}

function failedState({ attempts }: Known, attempt: number, way: Way): Way {
  return attempt >= attempts ? "dead" : way;
}

function check(so: boolean, otherwise: string): void {
  if (!so) throw new Error(otherwise);
}
