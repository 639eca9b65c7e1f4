// What clients of a queue know for certain while its server is killed again and again: what was acknowledged must be
// so, what was asked and not answered may be.

import type { Counted } from "./caps.ts";

/** A request, as far as the ledger has to know it. */
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

/** How an attempt fails: ready again at once, after a time that the test does not live to see, or never. */
export type Way = "ready" | "delayed" | "dead";

type State = "delayed" | "ready" | "taken" | "dead" | "done";

/** When a lease ends: between when it was asked for and when it was told of. */
type Span = readonly [from: number, to: number];

interface Known {
  readonly id: number;
  readonly attempts: number;
  readonly body: string;
  state: State;
  attempt: number;
  ends: Span;
}

/** A job that a client may speak of. */
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
  /** The lease's end as it may be read out of the reply. */
  readonly ends: Span;
}

/** A lease that is over before a server can start again. */
export const BRIEF = 1;
/** One that never ends in a test. */
export const LONG_LEASE = 86_400_000;
// The server's times are those of the clock it shares with the test, told in whole ms.
const ROUNDING = 2;

/** What is known of all jobs of a file. */
export class Ledger {
  readonly #jobs = new Map<number, Known>();
  readonly #given = new Set<string>();
  #lastId = 0;
  #doneLately: number[] = [];

  /** PUT was acknowledged. Another may have taken and ended the job before this reply was read. */
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

  /** TAKE was given a job. */
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
    // Told late: its lease was over, and somebody else had the job meanwhile, who may have ended it.
    if (attempt < job.attempt) return;
    check(job.state !== "done", `job ${id} is done, and was given again`);
    job.attempt = attempt;
    job.state = lease !== BRIEF ? "taken" : attempt === job.attempts ? "dead" : "ready";
    job.ends = [sent + lease, Date.now() + lease];
  }

  /** DONE was acknowledged. */
  done({ id }: Held): void {
    this.#jobs.get(id)!.state = "done";
    this.#doneLately.push(id);
  }

  /** FAIL was acknowledged. */
  failed({ id, attempt, way }: Operation & { kind: "fail" }, told: string): void {
    const job = this.#jobs.get(id)!;
    const state = failedState(job, attempt, way);
    check(told === state, `FAIL ${id} answered ${told} instead of ${state}`);
    if (job.attempt === attempt) job.state = state;
  }

  /** EXTEND was acknowledged. */
  extended({ id, lease, sent }: Operation & { kind: "extend" }): void {
    this.#jobs.get(id)!.ends = [sent + lease, Date.now() + lease];
  }

  /** Those whose state after a restart has to be looked at: all that are not done for long, and who may be new. */
  suspects(unanswered: readonly Operation[]): number[] {
    const ids = [...this.#jobs.values()].filter(({ state }) => state !== "done").map(({ id }) =>
      id
    );
    const puts = unanswered.filter(({ kind }) => kind === "put").length;
    // Of those told of numbers up to the last, any may have come before one that was not.
    const unknown: number[] = [];
    for (let id = 1; id <= this.#lastId + puts; id++) if (!this.#jobs.has(id)) unknown.push(id);
    return [...ids, ...this.#doneLately, ...unknown];
  }

  /** Compares what the server shows with what it may, and goes on from there. `undefined` for what is not found. */
  settle(shown: ReadonlyMap<number, Shown | undefined>, unanswered: readonly Operation[]): void {
    // Of two about one job the later attempt counts: an answer that was not read let somebody else take it.
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

  /** How many jobs of a queue there are in each state. */
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

  /** The jobs that are taken, for whoever wants to speak of them. */
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

  /** How many times it was taken by a TAKE that was not answered. */
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
      const inTime = found.ends[0] - ROUNDING <= job.ends[1] &&
        job.ends[0] <= found.ends[1] + ROUNDING;
      check(inTime, `${what}; its lease ends ${found.ends}, and was to end ${job.ends}`);
    } else job.ends = found.ends;
    job.state = found.state;
    job.attempt = found.attempt;
    return taken;
  }
}

/** The attempts that the body of a job says it has. */
export function attemptsOf(body: string): number {
  return Number(body.slice(body.lastIndexOf("-") + 1));
}

/** The queue and the key that the body of a job says it is of. */
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
