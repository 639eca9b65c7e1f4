import type { VirtualClock } from "../../../testing/virtual_clock.ts";
import type { SimulatedDatabase, Statement } from "./simulated_database.ts";
import type { SimulatedProcess } from "./simulated_process.ts";

/** The connection broke: it is unknown whether its statement was executed. */
export class Broken extends Error {}

/** How long an answer may take before the connection counts as broken, in ms. */
const ANSWER_MS = 4_000;
/** A message that is late takes so long at most, in ms. */
const LATE_MS = 6_000;
/** Which part of all messages is late, and at which part of all statements the connection breaks. */
const RARELY = { late: 0.005, broken: 0.02 };

/** Whether anything fails, or is late. */
export interface Weather {
  isCalm: boolean;
}

/** The network between a process and its database. */
export interface Network {
  readonly clock: VirtualClock;
  readonly random: () => number;
  readonly database: SimulatedDatabase;
  readonly process: SimulatedProcess;
  readonly weather: Weather;
  /** Nothing passes before this time. */
  cutUntil: number;
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
      this.#pass(() => process.do(() => this.isBroken || end(how)));
    };
    const arrive = (): void => {
      database.execute(statement).then(
        (result) => answer(() => resolve(result)),
        (error) => answer(() => reject(error)),
      );
    };
    this.#pass(() => {
      // What was sent on a broken connection may arrive.
      if (!this.isBroken || random() < 0.5) arrive();
    });
    if (this.#happens("broken")) clock.setTimer(4 * random(), () => this.break());
    return promise;
  }

  /** Lets a message pass the network. */
  #pass(arrive: () => void): void {
    const { clock, random, cutUntil } = this.#network;
    const cut = Math.max(0, cutUntil - clock.now());
    clock.setTimer(cut + random() * (this.#happens("late") ? LATE_MS : 1), arrive);
  }

  #happens(what: keyof typeof RARELY): boolean {
    const { random, weather } = this.#network;
    return !weather.isCalm && random() < RARELY[what];
  }

  /** Cuts it. What was sent may arrive, even late. */
  break(): void {
    this.isBroken = true;
    this.#break?.();
  }
}
