// The states of one connection: made when it opens, disposed when it has ended.

import type { Failure } from "../../dialects/dialect.ts";
import { Refusal } from "../../protocol/errors.ts";
import type { Clock } from "../../scheduling/clock.ts";
import type { ConnectedClient } from "../request/handlers.ts";

/** Makes the state of a service for a connection. */
export type StateMaker = (client: ConnectedClient) => unknown;

/** The states of a connection whose services have none. */
const NO_STATES: readonly unknown[] = Object.freeze([]);

/** The time in ms for states to be disposed. */
const DISPOSAL_MS = 10_000;

/** A state, as far as it can be disposed. */
type Disposed = Partial<Disposable & AsyncDisposable> | null | undefined;

/** The states of one connection. */
export class ConnectionStates {
  /** One for each service; empty where no service has one. */
  values: readonly unknown[] = NO_STATES;
  /** Resolves once all are disposed, or the time for that is over. */
  disposed: Promise<void> | undefined = undefined;
  readonly #clock: Clock;
  readonly #onError: (error: unknown) => void;

  constructor(clock: Clock, onError: (error: unknown) => void) {
    this.#clock = clock;
    this.#onError = onError;
  }

  /** Makes the states. Returns the reason for which a service refuses the connection. */
  make(
    makers: readonly (StateMaker | undefined)[],
    client: ConnectedClient,
  ): Failure | undefined {
    if (makers.length === 0) return undefined;
    const made: unknown[] = [];
    this.values = made;
    try {
      for (const make of makers) made.push(make?.(client));
      return undefined;
    } catch (error) {
      if (error instanceof Refusal) return error;
      this.#onError(error);
      const message = "The connection could not be opened; the server's log says why.";
      return { code: "internal", message };
    }
  }

  /** Disposes the states, the last one first. */
  dispose(): void {
    if (this.values.length > 0) this.disposed = this.#dispose();
  }

  async #dispose(): Promise<void> {
    const all = this.values.toReversed().map((state) =>
      dispose(state as Disposed).catch(this.#onError)
    );
    const { promise: late, resolve } = Promise.withResolvers<void>();
    const stop = this.#clock.after(DISPOSAL_MS, () => {
      this.#onError(new Error(`a state was not disposed within ${DISPOSAL_MS} ms`));
      resolve();
    });
    await Promise.race([Promise.all(all), late]);
    stop();
  }
}

async function dispose(state: Disposed): Promise<void> {
  if (state?.[Symbol.asyncDispose] !== undefined) await state[Symbol.asyncDispose]!();
  else state?.[Symbol.dispose]?.();
}
