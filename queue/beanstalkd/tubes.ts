// The tubes that clients use and watch, and what has happened to them.

import type { JobScope, RankedEngine, ScopeCounts } from "../engine/ranked_engine.ts";
import type { Right } from "../rights.ts";
import { busy } from "../refusals.ts";
import type { TubeNames } from "./tube_names.ts";

/** The tube of clients that name none. */
export const DEFAULT_TUBE = "default";

/** A tube. It exists while a client uses or watches it, or it has jobs. */
export interface Tube {
  readonly name: string;
  /** Where its jobs are put. */
  readonly scope: JobScope;
  /** Where it has jobs: where they are put, and in the queue of its name, which may be older than the patterns. */
  readonly scopes: readonly JobScope[];
  using: number;
  watching: number;
  /** How many clients wait for a job of it. */
  waiting: number;
  /** How many jobs clients of beanstalkd have put and deleted. */
  puts: number;
  deletes: number;
  pauses: number;
  /** How long the last pause is, in ms, and when it ends; 0 for none. */
  pause: number;
  pausedUntil: number;
}

/** Beyond so many tubes, those that nobody needs are forgotten. */
const LEAST_SWEPT = 1_000;
/** The most tubes, and how long they are not swept again where there are as many, in ms. */
const MOST = 100_000, SWEEP_MS = 10_000;

/** All tubes that were named. */
export class Tubes {
  readonly names: TubeNames;
  readonly #engine: RankedEngine;
  readonly #all = new Map<string, Tube>();
  #sweepAt = LEAST_SWEPT;
  #sweptAt = 0;

  constructor(engine: RankedEngine, names: TubeNames) {
    this.#engine = engine;
    this.names = names;
    // It exists always.
    this.named(DEFAULT_TUBE);
  }

  /** The tube of a name, made if there is none. Throws `bad-arguments`, or `busy` if there are too many. */
  named(name: string): Tube {
    let tube = this.#all.get(name);
    if (tube === undefined) {
      const { size } = this.#all;
      const isFull = size >= MOST && this.#engine.now() >= this.#sweptAt + SWEEP_MS;
      if (size >= this.#sweepAt || isFull) this.#sweep();
      if (this.#all.size >= MOST) throw busy(`There are ${MOST} tubes, as many as may be.`);
      this.#all.set(name, tube = newTube(name, this.names));
    }
    return tube;
  }

  /** The tube of a name if it exists, for a client that may know of it. Throws `bad-arguments`. */
  find(name: string, engine: RankedEngine): Tube | undefined {
    const found = this.#find(name);
    return found !== undefined && isKnown(found, engine) ? found : undefined;
  }

  #find(name: string): Tube | undefined {
    const tube = this.#all.get(name);
    if (tube !== undefined) return this.#exists(tube) ? tube : undefined;
    const other = newTube(name, this.names);
    if (!this.#hasJobs(other)) return undefined;
    return this.named(name);
  }

  /** The tube of a queue and key, if it was named. */
  of(queue: string, key: string): Tube | undefined {
    return this.#all.get(this.names.tubeOf(queue, key));
  }

  /** A client no longer uses or watches a tube: it is forgotten if nobody needs it. */
  leave(tube: Tube): void {
    if (!this.#exists(tube)) this.#forget(tube);
  }

  /** The names of all tubes that exist, for a client that may know of them. */
  async list(engine: RankedEngine): Promise<Set<string>> {
    const names = new Set<string>();
    for (const tube of this.#all.values()) {
      const { name } = tube;
      // That one exists always, and tells nothing.
      if (name !== DEFAULT_TUBE && !isKnown(tube, engine)) continue;
      if (this.#exists(tube)) names.add(name);
    }
    for await (const { queue } of engine.queues()) {
      // Without patterns, all keys of a queue are one tube.
      for (const key of this.names.haveKeys ? engine.keysOf(queue) : [""]) {
        if (names.size >= MOST) return names;
        names.add(this.names.tubeOf(queue, key));
      }
    }
    return names;
  }

  /** Gives out no job of a tube for so many ms. Throws `busy`, and `forbidden`. */
  pause(tube: Tube, ms: number, engine: RankedEngine): void {
    for (const scope of scopesFor(tube, "manage", engine)) engine.pauseFor(scope, ms);
    tube.pauses++;
    tube.pause = ms;
    tube.pausedUntil = this.#engine.now() + ms;
  }

  #exists(tube: Tube): boolean {
    return tube.using + tube.watching > 0 || tube.name === DEFAULT_TUBE || this.#hasJobs(tube);
  }

  /** How many jobs a tube has, as far as the client of an engine may know. */
  counts(tube: Tube, engine: RankedEngine = this.#engine): ScopeCounts {
    const [first, ...others] = scopesFor(tube, "see", engine).map((scope) => engine.counts(scope));
    const names = Object.keys(first) as (keyof ScopeCounts)[];
    const sum = (name: keyof ScopeCounts): number =>
      others.reduce((total, each) => total + each[name], first[name]);
    return Object.fromEntries(names.map((name) => [name, sum(name)])) as Record<
      keyof ScopeCounts,
      number
    >;
  }

  #hasJobs(tube: Tube): boolean {
    const { delayed, ready, taken, dead } = this.counts(tube);
    return delayed + ready + taken + dead > 0;
  }

  #forget(tube: Tube): void {
    this.#all.delete(tube.name);
    if (tube.pausedUntil <= this.#engine.now()) return;
    for (const scope of tube.scopes) this.#engine.pauseFor(scope, 0);
  }

  #sweep(): void {
    for (const tube of this.#all.values()) this.leave(tube);
    this.#sweepAt = Math.max(LEAST_SWEPT, 2 * this.#all.size);
    this.#sweptAt = this.#engine.now();
  }
}

function newTube(name: string, names: TubeNames): Tube {
  const scopes = names.scopesOf(name);
  return {
    name,
    scope: scopes[0],
    scopes,
    using: 0,
    watching: 0,
    waiting: 0,
    puts: 0,
    deletes: 0,
    pauses: 0,
    pause: 0,
    pausedUntil: 0,
  };
}

/** Whether the client of an engine may know of a tube. */
function isKnown({ scope }: Tube, engine: RankedEngine): boolean {
  return engine.may("see", scope);
}

/**
 * Where a tube has jobs: where they are put, and for a client with the right to it the queue of its name, which may be
 * older than the patterns.
 */
export function scopesFor(
  { scope, scopes }: Tube,
  right: Right,
  engine: RankedEngine,
): readonly JobScope[] {
  return scopes.filter((each) => each === scope || engine.may(right, each));
}
