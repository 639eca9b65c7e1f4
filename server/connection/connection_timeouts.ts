// Decides which time limit of a connection is over.

import type { Timeouts } from "./timeouts.ts";

/** The state of a connection's output. */
export interface OutputState {
  /** Bytes that wait to be read by the client, those being written included. */
  readonly held: number;
  /** The number of writes that have ended. */
  readonly writes: number;
}

/** The reason for which a connection must end. */
export interface Overdue {
  /** The text: for the client, or for the log where the client does not read. */
  readonly message: string;
  /** Whether the client does not read, so that it cannot be told. */
  readonly deaf: boolean;
}

// A client is given up after this many silent heartbeats, seen twice with at least this time between.
const MISSED_HEARTBEATS = 2.5;
const MISSED_AGAIN_MS = 1000;

/** The time limits of one connection. */
export class ConnectionTimeouts {
  /** Whether the server waits for bytes of the client, and not the client for the server. */
  listening = false;
  /** Whether the client has ended its side. */
  halfClosed = false;
  /** The heartbeat that the client has announced: the longest time between its bytes, in ms. */
  heartbeat = Infinity;
  #hasAsked = false;
  #active: number;
  /** The time of the last bytes that came while the server read. */
  #heard: number;
  /** The time at which a missed heartbeat was first seen. */
  #missedAt: number | undefined = undefined;
  #isSilent = false;
  #requestSince: number | undefined = undefined;
  #requestBytes = 0;
  #writes = 0;
  #stalledSince: number | undefined = undefined;
  #softSince: number | undefined = undefined;

  constructor(now: number) {
    this.#active = this.#heard = now;
  }

  /** Called when bytes came: with `whole` requests among them, and with one `begun` behind those. */
  received(bytes: number, whole: boolean, begun: boolean, now: number): void {
    this.#active = this.#heard = now;
    if (whole) this.#hasAsked = true;
    if (!begun) this.#requestSince = undefined;
    else if (whole || this.#requestSince === undefined) {
      this.#requestSince = now;
      this.#requestBytes = bytes;
    } else this.#requestBytes += bytes;
  }

  /** A request was answered. */
  answered(now: number): void {
    this.#active = now;
  }

  /** Whether only the idle limit counts, so that a rare check will do. */
  get quiet(): boolean {
    return this.#hasAsked && this.#requestSince === undefined && this.#softSince === undefined &&
      !this.#isSilent;
  }

  /** The time since which nothing has come; Infinity within a request. */
  get idleSince(): number {
    return this.#requestSince === undefined ? this.#active : Infinity;
  }

  /** The reason to end the connection now; `undefined` for none. Times are divided by `divisor`: 1 without pressure. */
  overdue(
    now: number,
    limits: Timeouts,
    output: OutputState,
    inFlight: number,
    divisor: number,
  ): Overdue | undefined {
    const deaf = this.#unread(now, limits, output) ?? this.#abandoned(now, limits, divisor) ??
      this.#vanished(now);
    if (deaf !== undefined) return { message: deaf, deaf: true };
    const late = this.#late(now, limits, inFlight, divisor);
    return late === undefined ? undefined : { message: late, deaf: false };
  }

  #unread(now: number, limits: Timeouts, { held, writes }: OutputState): string | undefined {
    if (held === 0 || writes !== this.#writes) this.#stalledSince = undefined;
    if (this.halfClosed && writes !== this.#writes) this.#active = now;
    this.#writes = writes;
    if (held > limits.outputHard) return `${held} bytes wait for a client that does not read`;
    if (held > 0 && now - (this.#stalledSince ??= now) > limits.stall) {
      return "the client does not read what it was sent";
    }
    if (held <= limits.outputSoft) this.#softSince = undefined;
    else if (now - (this.#softSince ??= now) > limits.stall) {
      return `${held} bytes wait for a client that reads too slowly`;
    }
    return undefined;
  }

  #abandoned(now: number, { idle }: Timeouts, divisor: number): string | undefined {
    if (!this.halfClosed || now - this.#active <= idle / divisor) return undefined;
    return `the client has ended its side, and nothing was answered within ${
      seconds(idle / divisor)
    }`;
  }

  // A missed heartbeat counts when it is seen twice. If this process was stopped, it reads the input that came
  // meanwhile between the two.
  #vanished(now: number): string | undefined {
    if (!this.listening) this.#heard = now;
    const silence = now - this.#heard;
    this.#isSilent = silence > this.heartbeat;
    if (silence <= MISSED_HEARTBEATS * this.heartbeat) this.#missedAt = undefined;
    else if (now - (this.#missedAt ??= now) > MISSED_AGAIN_MS) {
      return `nothing came from the client for ${seconds(silence)}, and its heartbeat is ${
        seconds(this.heartbeat)
      }`;
    }
    return undefined;
  }

  #late(now: number, limits: Timeouts, inFlight: number, divisor: number): string | undefined {
    if (!this.listening) return undefined;
    if (this.#requestSince !== undefined) {
      const allowed = limits.request / divisor + this.#requestBytes / limits.requestRate * 1000;
      if (now - this.#requestSince <= allowed) return undefined;
      return `A request must be here within ${
        seconds(limits.request / divisor)
      } of its first byte.`;
    }
    if (inFlight > 0) return undefined;
    const [limit, event] = this.#hasAsked
      ? [limits.idle, "Nothing came"] as const
      : [limits.handshake, "No request came"] as const;
    if (now - this.#active <= limit / divisor) return undefined;
    return `${event} within ${seconds(limit / divisor)}.`;
  }
}

function seconds(ms: number): string {
  return `${Math.round(ms / 100) / 10} s`;
}
