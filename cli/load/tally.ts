// The counts of one thread, sent to the main thread at each tick.

import { Recorder } from "./histogram.ts";

/** The counts of one kind of request since the last tick. */
export interface KindTick {
  /** Latencies of OK replies, each counted from when its request was due, in HdrHistogram's encoding. */
  readonly latency: string | undefined;
  /** ERR replies by code. */
  readonly errors: Readonly<Record<string, number>>;
}

/** The counts of a thread since the last tick. */
export interface Tick {
  /** Milliseconds since the measured time began; negative in the warm-up. */
  readonly at: number;
  readonly kinds: readonly KindTick[];
  /** How late requests were handed to their sockets, in HdrHistogram's encoding. */
  readonly behind: string | undefined;
  readonly sent: number;
  /** Requests that were sent and never answered. */
  readonly unanswered: number;
  /** Requests that were due and never sent. */
  readonly unsent: number;
  /** Connections that ended or failed, by reason. */
  readonly lost: Readonly<Record<string, number>>;
  readonly bytesSent: number;
  readonly bytesReceived: number;
}

/** Counts the requests that are due in the measured time. */
export class ThreadTally {
  #from = Infinity;
  readonly #latency: readonly Recorder[];
  #errors: Record<string, number>[];
  readonly #behind = new Recorder();
  #sent = 0;
  #unanswered = 0;
  #unsent = 0;
  #lost: Record<string, number> = {};
  /** When the last answer came, in ms. */
  last = 0;

  constructor(kinds: number) {
    this.#latency = Array.from({ length: kinds }, () => new Recorder());
    this.#errors = this.#latency.map(() => ({}));
  }

  /** Sets the beginning of the measured time. */
  begin(from: number): void {
    this.#from = from;
  }

  sent(due: number, now: number): void {
    if (due < this.#from) return;
    this.#sent++;
    this.#behind.record(now - due);
  }

  answered(kind: number, due: number, code: string | undefined, now: number): void {
    if (due < this.#from) return;
    this.last = now;
    if (code === undefined) this.#latency[kind].record(now - due);
    else count(this.#errors[kind], code);
  }

  unanswered(due: number): void {
    if (due >= this.#from) this.#unanswered++;
  }

  unsent(requests: number): void {
    this.#unsent += requests;
  }

  lost(reason: string): void {
    count(this.#lost, reason);
  }

  /** The counts since the last call. */
  tick(now: number, bytesSent: number, bytesReceived: number): Tick {
    const tick = {
      at: now - this.#from,
      kinds: this.#latency.map((recorder, i) => ({
        latency: recorder.take(),
        errors: this.#errors[i],
      })),
      behind: this.#behind.take(),
      sent: this.#sent,
      unanswered: this.#unanswered,
      unsent: this.#unsent,
      lost: this.#lost,
      bytesSent,
      bytesReceived,
    };
    this.#errors = this.#latency.map(() => ({}));
    this.#lost = {};
    this.#sent = this.#unanswered = this.#unsent = 0;
    return tick;
  }
}

/** A server may invent codes without end: the table of names is bounded. */
const MOST_NAMES = 64;

/** Adds to the count of a name. */
export function count(counts: Record<string, number>, name: string, more = 1): void {
  if (!Object.hasOwn(counts, name) && Object.keys(counts).length >= MOST_NAMES) name = "(others)";
  counts[name] = (counts[name] ?? 0) + more;
}
