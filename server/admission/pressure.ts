// How hard it goes: the memory held for clients, and how late the event loop is. Feeds admission.

/**
 * The marks at which something is done, most of them as shares of the memory that may be held (after Envoy's overload
 * manager); Infinity is never.
 */
export interface PressureMarks {
  /** Times that clients are given are a quarter as long. Default 0.85. */
  hasten: number;
  /** No more clients are taken, but those on this machine. Default 0.92. */
  closeGate: number;
  /** No more requests are taken. Default 0.95. */
  shed: number;
  /** Whoever holds most is dropped. Default 1. */
  drop: number;
  /** Lateness of the event loop, in ms, at which no more clients are taken either. Default 250. */
  late: number;
}

/** The marks of a server that sets none. */
export const PRESSURE_MARKS: Readonly<PressureMarks> = {
  hasten: 0.85,
  closeGate: 0.92,
  shed: 0.95,
  drop: 1,
  late: 250,
};

const HASTE = 4;

/** Memory and time of a server. */
export class Pressure {
  /** Bytes that may be held for clients. */
  readonly memory: number;
  /** Bytes that are held for clients. */
  held = 0;
  /** How late the event loop was lately, in ms. */
  lag = 0;

  readonly #marks: PressureMarks;

  constructor(memory: number, marks: PressureMarks) {
    this.memory = memory;
    this.#marks = marks;
  }

  /** The loop was late by `ms`; one late turn is no trouble. */
  late(ms: number): void {
    this.lag = ms > this.lag ? (this.lag + ms) / 2 : ms;
  }

  /** By how much the times that clients are given are cut. */
  get timeoutDivisor(): number {
    return this.held > this.#marks.hasten * this.memory ? HASTE : 1;
  }

  /** Whether the event loop is so late that no more clients are taken, but those on this machine. */
  get lags(): boolean {
    return this.lag > this.#marks.late;
  }

  /** Whether no more clients are taken, but those on this machine. */
  get closesGate(): boolean {
    return this.held > this.#marks.closeGate * this.memory || this.lags;
  }

  /** Whether no more requests are taken. */
  get sheds(): boolean {
    return this.held > this.#marks.shed * this.memory;
  }

  /** Whether whoever holds most must go. */
  get overflows(): boolean {
    return this.held > this.#marks.drop * this.memory;
  }
}
