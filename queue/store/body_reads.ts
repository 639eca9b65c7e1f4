import { type Store, StoreUnreachable } from "./store.ts";

/** The body of a job, or why it cannot be read. */
export type ReadBody = Uint8Array | Error;

/** A call that waits for bodies. */
interface PendingRead {
  readonly ids: readonly number[];
  resolve(bodies: ReadBody[] | Promise<ReadBody[]>): void;
}

/** Reads bodies. All calls between two `send` are one request to the store. */
export class BodyReads {
  readonly #store: Store;
  #pending: PendingRead[] = [];

  constructor(store: Store) {
    this.#store = store;
  }

  /** The bodies of jobs, or the results of those that are done. The next `send` asks for them. */
  add(ids: readonly number[]): Promise<ReadBody[]> {
    const { promise, resolve } = Promise.withResolvers<ReadBody[]>();
    this.#pending.push({ ids, resolve });
    return promise;
  }

  /** Sends all calls so far to the store. */
  send(): void {
    if (this.#pending.length === 0) return;
    const reads = this.#pending;
    this.#pending = [];
    this.#store.bodies(reads.flatMap(({ ids }) => ids)).then((bodies) => {
      let at = 0;
      for (const { ids, resolve } of reads) resolve(ids.map((id) => bodies[at++] ?? noBody(id)));
    }, (error) => {
      const isForAll = error instanceof StoreUnreachable;
      // A body that cannot be read must not fail the others.
      for (const { ids, resolve } of reads) {
        resolve(isForAll ? ids.map(() => error) : Promise.all(ids.map((id) => this.#readOne(id))));
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
