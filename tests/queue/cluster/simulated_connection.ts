import type { VirtualClock } from "../../../testing/virtual_clock.ts";
import type { SimulatedDatabase, Statement } from "./simulated_database.ts";
import type { SimulatedProcess } from "./simulated_process.ts";

/** The connection broke: it is unknown whether its statement was executed. */
export class Broken extends Error {}

/** How long an answer may take before the connection counts as broken, in ms. */
const ANSWER_MS = 1_500;
/** A statement on a broken connection arrives so much later at most, in ms, if it does. */
const LATE_MS = 6_000;

/** The network between a process and its database. */
export interface Network {
  readonly clock: VirtualClock;
  readonly random: () => number;
  readonly database: SimulatedDatabase;
  readonly process: SimulatedProcess;
}

/** A connection to the database, which may break at any moment. */
export class SimulatedConnection {
  isBroken = false;
  readonly #network: Network;
  #break: (() => void) | undefined = undefined;

  constructor(network: Network) {
    this.#network = network;
  }

  /** Executes a statement. One at a time. Rejects with `Broken`, or with the error of the database. */
  query<T>(statement: Statement<T>): Promise<T> {
    const { clock, random, database, process } = this.#network;
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    if (this.isBroken) return Promise.reject(new Broken());
    let isOver = false;
    const end = (how: () => void): void => {
      if (isOver) return;
      isOver = true;
      this.#break = undefined;
      cancel();
      how();
    };
    const cancel = process.after(ANSWER_MS, () => this.break());
    this.#break = () => end(() => reject(new Broken()));
    const answer = (how: () => void): void => {
      clock.setTimer(random(), () => process.do(() => this.isBroken || end(how)));
    };
    const arrive = (): void => {
      database.execute(statement).then(
        (result) => answer(() => resolve(result)),
        (error) => answer(() => reject(error)),
      );
    };
    clock.setTimer(random(), () => {
      if (!this.isBroken) arrive();
      else if (random() < 0.5) clock.setTimer(random() * LATE_MS, arrive);
    });
    return promise;
  }

  /** Cuts it. What was sent may arrive, even late. */
  break(): void {
    this.isBroken = true;
    this.#break?.();
  }
}
