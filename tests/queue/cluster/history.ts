// The certain knowledge of the clients of a cluster, and of its database: each event is judged when it happens.

interface KnownJob {
  /** Whether a client was told that it is put. */
  isPut: boolean;
  /** Whether a client has ever asked to end it. */
  isEnding: boolean;
  /** Whether a client was told that it is done. */
  isDone: boolean;
}

/** The number of events of each kind: a test checks that each kind happened. */
export type Tally = Record<
  "put" | "duplicate" | "shown" | "taken" | "none" | "done" | "failed" | "moved" | "refused",
  number
>;

/** The promises of a cluster to its clients. Each method throws where one is broken. */
export class History {
  readonly tally: Tally = {
    put: 0,
    duplicate: 0,
    shown: 0,
    taken: 0,
    none: 0,
    done: 0,
    failed: 0,
    moved: 0,
    refused: 0,
  };
  /** The first promise that was broken. */
  broken: Error | undefined = undefined;
  readonly #jobs = new Map<string, KnownJob>();
  readonly #attempts = new Set<string>();
  /** For each shard, the jobs that clients hold. */
  readonly #held = new Map<number, Set<number>>();
  readonly #running: number;

  /** At most so many jobs of a shard may be held at a time. */
  constructor(running: number) {
    this.#running = running;
  }

  /** A promise is broken. Kept, because it may be noticed where nobody hears of an error. */
  fail(message: string): never {
    this.broken ??= new Error(message);
    throw this.broken;
  }

  /** The database has another owner of a shard. */
  moved(_shard: number, owner: string | undefined): void {
    if (owner !== undefined) this.tally.moved++;
  }

  /** The database has the row of a job, new or once more. */
  stored(shard: number, id: number): void {
    if (this.#job(shard, id).isDone) this.fail(`job ${shard}/${id} is done, and comes back`);
  }

  /** The database has removed a job. */
  dropped(shard: number, id: number): void {
    if (!this.#job(shard, id).isEnding) this.fail(`job ${shard}/${id} is removed by nobody`);
  }

  /** A client is told that a job is put. `isThere`: the database has it. */
  put(shard: number, id: number, isThere: boolean): void {
    this.tally.put++;
    const job = this.#job(shard, id);
    if (job.isPut) this.fail(`job ${shard}/${id} is put a second time`);
    job.isPut = true;
    this.#mustBeThere(shard, id, isThere);
  }

  /** Whether a client was told that it is put, and none has asked to end it. */
  isSurelyThere(shard: number, id: number): boolean {
    const { isPut, isEnding } = this.#job(shard, id);
    return isPut && !isEnding;
  }

  /** Whether a client was told that it is done. */
  isDone(shard: number, id: number): boolean {
    return this.#job(shard, id).isDone;
  }

  /** A client is told that it has taken a job. `isThere`: the database has it. */
  taken(shard: number, id: number, attempt: number, isThere: boolean): void {
    this.tally.taken++;
    const name = `${shard}/${id}/${attempt}`;
    if (this.#attempts.has(name)) this.fail(`attempt ${name} is given twice`);
    this.#attempts.add(name);
    if (this.#job(shard, id).isDone) this.fail(`job ${shard}/${id} is done, and given again`);
    this.#mustBeThere(shard, id, isThere);
    const held = this.#heldOf(shard);
    held.add(id);
    if (held.size > this.#running) {
      this.fail(`${held.size} jobs of shard ${shard} are held, and ${this.#running} may be`);
    }
  }

  /** A client is about to end its hold of a job. */
  letGo(shard: number, id: number, isEnd: boolean): void {
    this.#heldOf(shard).delete(id);
    if (isEnd) this.#job(shard, id).isEnding = true;
  }

  /** A client is told that its job is done. `isThere`: the database has it. */
  done(shard: number, id: number, isThere: boolean): void {
    this.tally.done++;
    if (isThere) this.fail(`job ${shard}/${id} is done, and the database has it`);
    this.#job(shard, id).isDone = true;
  }

  /** The jobs that must be in the rows of a shard. */
  *mustHave(shard: number): Generator<number, void, void> {
    const start = `${shard}/`;
    for (const [name, { isPut, isEnding }] of this.#jobs) {
      if (isPut && !isEnding && name.startsWith(start)) yield Number(name.slice(start.length));
    }
  }

  #mustBeThere(shard: number, id: number, isThere: boolean): void {
    if (!isThere && !this.#job(shard, id).isEnding) this.fail(`job ${shard}/${id} is lost`);
  }

  #heldOf(shard: number): Set<number> {
    let held = this.#held.get(shard);
    if (held === undefined) this.#held.set(shard, held = new Set());
    return held;
  }

  #job(shard: number, id: number): KnownJob {
    const name = `${shard}/${id}`;
    let job = this.#jobs.get(name);
    if (job === undefined) {
      this.#jobs.set(name, job = { isPut: false, isEnding: false, isDone: false });
    }
    return job;
  }
}
