// The certain knowledge of clients about `LIMIT running=` while the server is killed again and again: the caps that
// may be in force, and the jobs that are held at least.

/** A job that counts towards caps: its id, its queue and its key. */
export interface Counted {
  readonly id: number;
  readonly queue: string;
  readonly key: string;
}

/** A cap: its scope, and the knowledge about it. */
interface Cap {
  /** `queue` or `queue/key`. */
  readonly scope: string;
  /** The value that was acknowledged last; 0 for none. */
  running: number;
  /** The most jobs that may be held: a lowered cap takes no job away. */
  allowed: number;
  /** The jobs that are held under a lease that goes on. */
  readonly held: Set<number>;
}

/** The caps of a file. */
export class Caps {
  readonly #caps: readonly Cap[];

  /** Makes the caps of these scopes. None is set yet. */
  constructor(scopes: readonly string[]) {
    this.#caps = scopes.map((scope) => ({ scope, running: 0, allowed: Infinity, held: new Set() }));
  }

  /** Records that a client is about to ask for a cap: from now on it may be in force. */
  asked(scope: string, running: number): void {
    const cap = this.#cap(scope);
    cap.allowed = Math.max(cap.allowed, running || Infinity);
  }

  /** Records an acknowledged cap. */
  set(scope: string, running: number): void {
    this.#cap(scope).running = running;
  }

  /** Records a held job. Throws where it is one too many. */
  hold(job: Counted): void {
    for (const cap of this.#of(job)) {
      if (cap.held.has(job.id)) continue;
      cap.held.add(job.id);
      this.#look(cap, "are held");
    }
  }

  /** Throws where more may be held: a cap that nothing reaches proves nothing. */
  reached(scope: string): void {
    const { running, held } = this.#cap(scope);
    if (held.size >= running) return;
    throw new Error(`${held.size} jobs of ${scope} are held, and ${running} may be`);
  }

  /** Records that a client is about to release a job. */
  letGo(job: Counted): void {
    for (const cap of this.#of(job)) cap.held.delete(job.id);
  }

  /**
   * Goes on after a restart, from the taken jobs and the caps of LIMITS. `asked` are the caps that were requested
   * without an answer.
   */
  settle(
    taken: readonly Counted[],
    told: ReadonlyMap<string, number>,
    asked: readonly { readonly scope: string; readonly running: number }[],
  ): void {
    for (const scope of told.keys()) this.#cap(scope);
    for (const cap of this.#caps) {
      const { scope } = cap;
      const running = told.get(scope) ?? 0;
      const may = [
        cap.running,
        ...asked.filter((each) => each.scope === scope)
          .map(({ running }) => running),
      ];
      if (!may.includes(running)) {
        throw new Error(`the cap of ${scope} is ${running}, and should be ${may.join(" or ")}`);
      }
      cap.running = running;
      cap.held.clear();
      for (const job of taken) if (this.#of(job).includes(cap)) cap.held.add(job.id);
      this.#look(cap, "are taken behind a kill");
      cap.allowed = running === 0 ? Infinity : Math.max(running, cap.held.size);
    }
  }

  #look({ scope, allowed, held }: Cap, what: string): void {
    if (held.size <= allowed) return;
    throw new Error(`${held.size} jobs of ${scope} ${what}, and its cap is ${allowed}`);
  }

  #of({ queue, key }: Counted): Cap[] {
    return this.#caps.filter(({ scope }) => scope === queue || scope === `${queue}/${key}`);
  }

  #cap(scope: string): Cap {
    const cap = this.#caps.find((each) => each.scope === scope);
    if (cap === undefined) throw new Error(`${scope} has a cap, and nobody set it`);
    return cap;
  }
}
