// The load of a server: the memory held for clients, and the lateness of the event loop. Policies ask for it.

/**
 * The marks at which the server defends itself, most of them as shares of the memory for clients (after Envoy's
 * overload manager). Infinity is never.
 */
export interface PressureMarks {
  /** Time limits of clients become a quarter as long. Default 0.85. */
  hasten: number;
  /** Further connections are taken from this machine only. Default 0.92. */
  closeGate: number;
  /** No further requests are taken. Default 0.95. */
  shed: number;
  /** The client that holds most is dropped. Default 1. */
  drop: number;
  /** Lateness of the event loop, in ms, above which no further connections are taken either. Default 250. */
  late: number;
}

/** The default marks. */
export const PRESSURE_MARKS: Readonly<PressureMarks> = {
  hasten: 0.85,
  closeGate: 0.92,
  shed: 0.95,
  drop: 1,
  late: 250,
};

const HASTY_DIVISOR = 4;

/** The load of a server. */
export class Pressure {
  /** Bytes that may be held for clients. */
  memory: number;
  /** Bytes that are held for clients. */
  held = 0;
  /** The recent lateness of the event loop in ms. */
  lag = 0;

  readonly #marks: PressureMarks;

  constructor(memory: number, marks: PressureMarks) {
    this.memory = memory;
    this.#marks = marks;
  }

  /** Records that the event loop was late by `ms`. One late turn counts by half. */
  late(ms: number): void {
    this.lag = ms > this.lag ? (this.lag + ms) / 2 : ms;
  }

  /** The divisor of clients' time limits: 1 without pressure. */
  get timeoutDivisor(): number {
    return this.held > this.#marks.hasten * this.memory ? HASTY_DIVISOR : 1;
  }

  /** Whether the event loop is too late for further connections. */
  get lags(): boolean {
    return this.lag > this.#marks.late;
  }

  /** Whether further connections are taken from this machine only. */
  get refusesConnections(): boolean {
    return this.held > this.#marks.closeGate * this.memory || this.lags;
  }

  /** Whether no further requests are taken. */
  get shedsRequests(): boolean {
    return this.held > this.#marks.shed * this.memory;
  }

  /** Whether the client that holds most must be dropped. */
  get overflows(): boolean {
    return this.held > this.#marks.drop * this.memory;
  }
}
