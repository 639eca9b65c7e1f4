// A simple model of the queue, for one priority and key: arrays, searched from end to end. Tests compare the real queue
// with it.

interface ModelJob {
  readonly id: number;
  readonly queue: string;
  readonly attempts: number;
  readonly lease: number;
  readonly unique: string | undefined;
  /** The time at which it expires, if it is not taken then. */
  readonly expires: number;
  state: "delayed" | "ready" | "taken" | "dead";
  attempt: number;
  /** The number of attempts that do not count. */
  spared: number;
  /** The time at which it is or was ready, or its lease ends. */
  ready: number;
  until: number;
  holder: number | undefined;
}

interface ModelTaker {
  readonly name: string;
  readonly queue: string;
  readonly max: number;
  readonly until: number;
}

/** The model. Its answers are the exact replies of the server. */
export class Model {
  now: number;
  jobs: ModelJob[] = [];
  takers: ModelTaker[] = [];
  /** The answers to TAKEs that have waited, by their names. */
  answers: Map<string, string> = new Map();
  /** The queues that are paused. */
  paused: Set<string> = new Set();
  /** The most taken jobs of a queue. Queues without an entry have no limit. */
  running: Map<string, number> = new Map();
  #last = 0;

  constructor(now: number) {
    this.now = now;
  }

  put(
    queue: string,
    delay: number,
    lease: number,
    attempts: number,
    unique?: string,
    expires = Infinity,
  ): string {
    const same = this.jobs.find((job) => job.queue === queue && job.unique === unique);
    if (unique !== undefined && same !== undefined) return `OK id=${same.id} duplicate=yes`;
    const id = ++this.#last;
    const state = delay > 0 ? "delayed" : "ready";
    const ready = this.now + delay;
    const rest = { attempt: 0, spared: 0, until: 0, holder: undefined };
    const over = this.now + expires;
    this.jobs.push({ id, queue, attempts, lease, unique, expires: over, state, ready, ...rest });
    this.#serve();
    return `OK id=${id}`;
  }

  take(queue: string, max: number, holder: number | undefined): string {
    const of = this.jobs.filter((job) => job.queue === queue);
    const taken = of.filter((job) => job.state === "taken").length;
    const room = this.paused.has(queue) ? 0 : (this.running.get(queue) ?? Infinity) - taken;
    const ready = of.filter((job) => job.state === "ready");
    ready.sort((a, b) => a.ready - b.ready || a.id - b.id);
    const items = ready.slice(0, Math.max(0, Math.min(max, room))).map((job) => {
      job.state = "taken";
      job.attempt++;
      job.until = this.now + job.lease;
      job.holder = holder;
      const body = `body-${job.id}`;
      const { id, attempt, lease } = job;
      return `* id=${id} queue=${queue} attempt=${attempt} lease=${
        duration(lease)
      } {${body.length}}\n${body}\n`;
    });
    return `${items.join("")}OK count=${items.length}`;
  }

  wait(name: string, queue: string, max: number, time: number): void {
    this.takers.push({ name, queue, max, until: this.now + time });
    this.#serve();
  }

  cancel(name: string): void {
    this.takers = this.takers.filter((taker) => taker.name !== name);
  }

  done(id: number, holder: number, attempt: number | undefined): string {
    const job = this.#taken(id, holder, attempt);
    if (typeof job === "string") return job;
    this.#remove([job]);
    return "OK";
  }

  release(id: number, holder: number, attempt: number | undefined, delay: number): string {
    const job = this.#taken(id, holder, attempt);
    if (typeof job === "string") return job;
    job.spared++;
    job.state = delay > 0 ? "delayed" : "ready";
    if (delay > 0) job.ready = this.now + delay;
    const { state } = job;
    this.#expire();
    this.#serve();
    return `OK state=${state}`;
  }

  drop(id: number): string {
    const job = this.jobs.find((each) => each.id === id);
    if (job === undefined) return "ERR not-found";
    this.#remove([job]);
    return "OK";
  }

  purge(queue: string, state: string): string {
    const jobs = this.jobs.filter((job) => job.queue === queue && job.state === state);
    this.#remove(jobs);
    return `OK count=${jobs.length}`;
  }

  revive(queue: string): string {
    const jobs = this.jobs.filter((job) => job.queue === queue && job.state === "dead");
    for (const job of jobs) {
      job.spared = job.attempt;
      job.state = "ready";
      job.ready = this.now;
    }
    this.#expire();
    this.#serve();
    return `OK count=${jobs.length}`;
  }

  pause(queue: string, paused: boolean): string {
    if (paused) this.paused.add(queue);
    else this.paused.delete(queue);
    this.#serve();
    return "OK";
  }

  limit(queue: string, running: number): string {
    if (running === 0) this.running.delete(queue);
    else this.running.set(queue, running);
    this.#serve();
    return `OK${running === 0 ? "" : ` running=${running}`}`;
  }

  list(queue: string): string {
    const ids = this.jobs.filter((job) => job.queue === queue).map(({ id, state }) =>
      `${id} ${state}`
    );
    return ids.join();
  }

  fail(id: number, holder: number, attempt: number | undefined, retry: number): string {
    const job = this.#taken(id, holder, attempt);
    if (typeof job === "string") return job;
    job.state = this.#used(job) ? "dead" : retry > 0 ? "delayed" : "ready";
    job.ready = this.now + retry;
    this.#expire();
    const state = this.jobs.includes(job) ? job.state : "dead";
    this.#serve();
    return `OK state=${state}`;
  }

  extend(id: number, holder: number, attempt: number | undefined, lease: number): string {
    const job = this.#taken(id, holder, attempt);
    if (typeof job === "string") return job;
    job.until = this.now + lease;
    return `OK lease=${duration(lease)}`;
  }

  queues(): string {
    const names = new Set([...this.jobs, ...this.takers].map(({ queue }) => queue));
    for (const name of [...this.paused, ...this.running.keys()]) names.add(name);
    const lines = [...names].sort().map((queue) => {
      const jobs = this.jobs.filter((job) => job.queue === queue);
      const count = (state: string): number => jobs.filter((job) => job.state === state).length;
      const ready = jobs.filter((job) => job.state === "ready").map((job) => this.now - job.ready);
      const oldest = ready.length === 0 ? "" : ` oldest=${duration(Math.max(...ready))}`;
      const takers = this.takers.filter((taker) => taker.queue === queue).length;
      return `* ${queue} delayed=${count("delayed")} ready=${count("ready")} taken=${
        count("taken")
      } ` +
        `dead=${count("dead")}${oldest} takers=${takers}${
          this.paused.has(queue) ? " paused=yes" : ""
        }\n`;
    });
    return `${lines.join("")}OK count=${names.size}`;
  }

  elapse(ms: number): void {
    const end = this.now + ms;
    for (;;) {
      const next = Math.min(...this.#times());
      if (!(next <= end)) break;
      this.now = next;
      for (const job of this.jobs) {
        if (job.state === "delayed" && job.ready <= next) job.state = "ready";
        if (job.state !== "taken" || job.until > next) continue;
        job.state = this.#used(job) ? "dead" : "ready";
        job.ready = job.until;
      }
      this.#expire();
      for (const { name } of this.takers.filter(({ until }) => until <= next)) {
        this.cancel(name);
        this.answers.set(name, "OK count=0");
      }
      this.#serve();
    }
    this.now = end;
  }

  /** Restarts the server: no TAKE waits, and no lease has a known holder. */
  restart(): void {
    this.takers = [];
    for (const job of this.jobs) job.holder = undefined;
  }

  *#times(): Generator<number> {
    for (const job of this.jobs) {
      if (job.state === "delayed") yield job.ready;
      if (job.state === "delayed" || job.state === "ready") yield job.expires;
      if (job.state === "taken") yield job.until;
    }
    for (const { until } of this.takers) yield until;
  }

  #remove(jobs: readonly ModelJob[]): void {
    this.jobs = this.jobs.filter((job) => !jobs.includes(job));
    this.#serve();
  }

  #expire(): void {
    this.jobs = this.jobs.filter(({ state, expires }) =>
      expires > this.now || (state !== "ready" && state !== "delayed")
    );
  }

  #used(job: ModelJob): boolean {
    return job.attempt - job.spared >= job.attempts;
  }

  #serve(): void {
    for (const { name, queue, max } of [...this.takers]) {
      // Its connection closes as soon as it has its answer. Then any client may finish the job.
      const answer = this.take(queue, max, undefined);
      if (answer === "OK count=0") continue;
      this.cancel(name);
      this.answers.set(name, answer);
    }
  }

  #taken(id: number, holder: number, attempt: number | undefined): ModelJob | string {
    const job = this.jobs.find((each) => each.id === id);
    if (job === undefined) return "ERR not-found";
    if (job.state !== "taken") return "ERR not-taken";
    const yours = attempt === undefined
      ? job.holder === undefined || job.holder === holder
      : attempt === job.attempt;
    return yours ? job : "ERR not-taken";
  }
}

/** A duration as the server writes it. */
export function duration(ms: number): string {
  return ms % 1000 === 0 && ms > 0 ? `${ms / 1000}s` : `${ms}ms`;
}
