// One client: the tube that it uses, those that it watches, and the reserve that holds its further commands back.

import { MAX_WATCHED } from "../bounds.ts";
import type { Caller, QueueClient } from "../engine/caller.ts";
import type { TakeRequest } from "../engine/engine.ts";
import type { RankedEngine } from "../engine/ranked_engine.ts";
import { busy } from "../refusals.ts";
import { DEFAULT_TUBE, scopesFor, type Tube, type Tubes } from "./tubes.ts";

/** The state of one connection. */
export class BeanstalkdClient {
  /** Whether it has put a job, and reserved one. */
  isProducer = false;
  isWorker = false;
  readonly #client: QueueClient;
  readonly #tubes: Tubes;
  #used: Tube;
  readonly #watched = new Map<string, Tube>();
  /** What it takes from, until it watches other tubes. */
  #request: TakeRequest | undefined = undefined;
  /** The same without the tube that nobody has asked for. */
  #narrowRequest: TakeRequest | undefined = undefined;
  /** Whether it has asked for the tube that it watches from the beginning. */
  #namedDefault = false;
  /** Settled once the commands that must end before the next one begins have ended. */
  #tail: Promise<unknown> | undefined = undefined;

  constructor(client: QueueClient, tubes: Tubes) {
    this.#client = client;
    this.#tubes = tubes;
    this.#used = tubes.named(DEFAULT_TUBE);
    this.#used.using++;
    this.#add(this.#used);
  }

  /** The tube into which it puts jobs. */
  get used(): Tube {
    return this.#used;
  }

  /** The tubes from which it reserves. */
  get watched(): ReadonlyMap<string, Tube> {
    return this.#watched;
  }

  /** Puts jobs into another tube from now on. Throws `bad-arguments` or `busy`. */
  use(name: string): void {
    const before = this.#used;
    const tube = this.#tubes.named(name);
    tube.using++;
    before.using--;
    this.#used = tube;
    this.#tubes.leave(before);
  }

  /** Reserves from a tube too. Throws `bad-arguments` or `busy`. */
  watch(name: string): void {
    if (name === DEFAULT_TUBE && !this.#namedDefault) {
      this.#namedDefault = true;
      this.#request = this.#narrowRequest = undefined;
    }
    if (this.#watched.has(name)) return;
    if (this.#watched.size >= MAX_WATCHED) {
      throw busy(`A client watches at most ${MAX_WATCHED} tubes.`);
    }
    this.#add(this.#tubes.named(name));
  }

  /** Reserves from a tube no longer. Returns false for the only one that it watches. */
  ignore(name: string): boolean {
    const tube = this.#watched.get(name);
    if (tube === undefined) return true;
    if (this.#watched.size === 1) return false;
    this.#watched.delete(name);
    this.#leave(tube);
    this.#request = this.#narrowRequest = undefined;
    return true;
  }

  /**
   * What it takes: one job of the tubes that it watches. The tube that it watches from the beginning is left out where it
   * has others and may not take from that one.
   */
  requestFor(engine: RankedEngine): TakeRequest {
    if (this.#watched.size > 1 && !this.#namedDefault) {
      const usual = this.#watched.get(DEFAULT_TUBE);
      if (usual !== undefined && !engine.may("take", usual.scope)) {
        const others = [...this.#watched.values()].filter((tube) => tube !== usual);
        return this.#narrowRequest ??= requestOf(this.#client, others, engine);
      }
    }
    return this.#request ??= requestOf(this.#client, [...this.#watched.values()], engine);
  }

  /** Whether its next command must wait for a reserve that waits for a job. */
  get waits(): boolean {
    return this.#tail !== undefined;
  }

  /** Runs a command behind the reserve that waits, and behind the commands that wait for that already. */
  inOrder<T>({ park }: Pick<Caller, "park">, run: () => T | Promise<T>): Promise<T> {
    const running = park(this.#tail ?? Promise.resolve()).then(run);
    this.holdBack(running);
    return running;
  }

  /** Commands that come from now on wait until this one has ended. */
  holdBack(running: Promise<unknown>): void {
    const tail = running.then(() => {}, () => {}).then(() => {
      if (this.#tail === tail) this.#tail = undefined;
    });
    this.#tail = tail;
  }

  /** The connection has ended. */
  close(): void {
    this.#used.using--;
    this.#tubes.leave(this.#used);
    for (const tube of this.#watched.values()) this.#leave(tube);
  }

  #add(tube: Tube): void {
    tube.watching++;
    this.#watched.set(tube.name, tube);
    this.#request = this.#narrowRequest = undefined;
  }

  #leave(tube: Tube): void {
    tube.watching--;
    this.#tubes.leave(tube);
  }
}

function requestOf(
  client: QueueClient,
  tubes: readonly Tube[],
  engine: RankedEngine,
): TakeRequest {
  const keys = new Map<string, Set<string>>();
  const whole = new Set<string>();
  for (const { queue, key } of tubes.flatMap((tube) => scopesFor(tube, "take", engine))) {
    if (key === undefined) whole.add(queue);
    else keys.set(queue, (keys.get(queue) ?? new Set()).add(key));
  }
  for (const queue of whole) keys.delete(queue);
  return {
    queues: [...whole, ...keys.keys()],
    keys: keys.size === 0 ? undefined : keys,
    byRank: true,
    max: 1,
    lease: undefined,
    releaseOnDisconnect: true,
    client,
  };
}
