import type { Store } from "./store.ts";

/** The body of a job, or why it cannot be read. */
export type ReadBody = Uint8Array | Error;

/** Bodies that somebody waits for. */
interface PendingRead {
  readonly ids: readonly number[];
  resolve(bodies: ReadBody[] | Promise<ReadBody[]>): void;
}

/** Reads bodies: what gathers between two calls of `send` is one request to the store. */
export class BodyReads {
  readonly #store: Store;
  #pending: PendingRead[] = [];

  constructor(store: Store) {
    this.#store = store;
  }

  /** The bodies of jobs, or the results of those that are done; asked for by the next `send`. */
  add(ids: readonly number[]): Promise<ReadBody[]> {
    const { promise, resolve } = Promise.withResolvers<ReadBody[]>();
    this.#pending.push({ ids, resolve });
    return promise;
  }

  /** Asks the store for what has gathered. */
  send(): void {
    if (this.#pending.length === 0) return;
    const reads = this.#pending;
    this.#pending = [];
    this.#store.bodies(reads.flatMap(({ ids }) => ids)).then((bodies) => {
      let at = 0;
      for (const { ids, resolve } of reads) resolve(ids.map((id) => bodies[at++] ?? noBody(id)));
    }, () => {
      // One that cannot be read shall not take the others with it.
      for (const { ids, resolve } of reads) {
        resolve(Promise.all(ids.map((id) => this.#readOne(id))));
      }
    });
  }

  async #readOne(id: number): Promise<ReadBody> {
    try {
      return (await this.#store.bodies([id]))[0] ?? noBody(id);
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error));
    }
  }
}

function noBody(id: number): Error {
  return new Error(`the store has no body of job ${id}`);
}
