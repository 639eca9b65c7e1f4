// How hard it goes: the memory held for clients, and how late the event loop is. Feeds admission.

/** The marks at which something is done, as shares of the memory that may be held (after Envoy's overload manager). */
const MARKS = { hasten: 0.85, closeGate: 0.92, shed: 0.95 } as const;
const LATE_MS = 250;
const HASTE = 4;

/** Memory and time of a server. */
export class Pressure {
  /** Bytes that may be held for clients. */
  readonly memory: number;
  /** Bytes that are held for clients. */
  held = 0;
  /** How late the event loop was lately, in ms. */
  lag = 0;

  constructor(memory: number) {
    this.memory = memory;
  }

  /** The loop was late by `ms`; one late turn is no trouble. */
  late(ms: number): void {
    this.lag = ms > this.lag ? (this.lag + ms) / 2 : ms;
  }

  /** By how much the times that clients are given are cut. */
  get haste(): number {
    return this.held > MARKS.hasten * this.memory ? HASTE : 1;
  }

  /** Whether no more clients are taken, but those on this machine. */
  get closesGate(): boolean {
    return this.held > MARKS.closeGate * this.memory || this.lag > LATE_MS;
  }

  /** Whether no more requests are taken. */
  get sheds(): boolean {
    return this.held > MARKS.shed * this.memory;
  }

  /** Whether whoever holds most must go. */
  get overflows(): boolean {
    return this.held > this.memory;
  }
}
