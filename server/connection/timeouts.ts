// How long a server waits for one client: for a whole line or body, for the first request, for any, for its reading.

/** Times in ms and what goes with them. */
export interface Timeouts {
  /**
   * For a connection to be open: its TLS handshake, its request for a WebSocket, its PROXY header; and for one that is
   * refused to take the line that says so. Default 10000.
   */
  opening: number;
  /** For the first request. Default 60000: a person reads the greeting first. */
  handshake: number;
  /** For a line, or a request with its body, from its first byte to its last. Default 10000. */
  request: number;
  /** Bytes a second that a request must come with beyond `request`. Default 500, as Apache's MinRate. */
  requestRate: number;
  /**
   * With nothing in flight and nothing coming; and for requests in flight of a client that has ended its side, with
   * nothing answered, since nothing tells whether it is there. Default 3600000.
   */
  idle: number;
  /** For a client to read something of what it was sent. Default 10000, as NATS' write_deadline. */
  stall: number;
  /** Bytes of answers that may wait for a client for longer than `stall`. Default 2 MiB. */
  outputSoft: number;
  /** Bytes of answers that may wait for a client at all. Default 8 MiB, as Redis gives its subscribers. */
  outputHard: number;
}

/** The times of a server that sets none. */
export const TIMEOUTS: Readonly<Timeouts> = {
  opening: 10_000,
  handshake: 60_000,
  request: 10_000,
  requestRate: 500,
  idle: 3_600_000,
  stall: 10_000,
  outputSoft: 2 << 20,
  outputHard: 8 << 20,
};

/** What is known of the output of a connection. */
export interface Waiting {
  /** Bytes that wait to be read by the client, and those being written. */
  readonly held: number;
  /** How many writes have ended. */
  readonly writes: number;
}

/** Why a connection has to end: said to the client, or only to the log where it does not read. */
export interface Overdue {
  readonly message: string;
  readonly deaf: boolean;
}

/** Nothing comes for so many heartbeats from a client that has vanished. */
const MISSED = 2.5;
const MISSED_AGAIN_MS = 1000;

/** The patience with one connection. */
export class ConnectionTimeouts {
  /** The server waits for bytes of the client, and not the client for the server. */
  listening = false;
  /** The client has ended its side. */
  hungUp = false;
  /** How often something comes from the client at least, as it has said, in ms. */
  heartbeat = Infinity;
  #greeted = false;
  #active: number;
  /** When something came last, while the server read. */
  #heard: number;
  /** When it was first seen that nothing had come for too long. */
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

  /** Bytes came; `whole` requests were among them, and whether another has begun behind them. */
  came(bytes: number, whole: boolean, begun: boolean, now: number): void {
    this.#active = this.#heard = now;
    if (whole) this.#greeted = true;
    if (!begun) this.#requestSince = undefined;
    else if (whole || this.#requestSince === undefined) {
      this.#requestSince = now;
      this.#requestBytes = bytes;
    } else this.#requestBytes += bytes;
  }

  /** Whether nothing but the idle limit counts. */
  get quiet(): boolean {
    return this.#greeted && this.#requestSince === undefined && this.#softSince === undefined &&
      !this.#isSilent;
  }

  /** Since when nothing has come; `Infinity` within a request. */
  get idleSince(): number {
    return this.#requestSince === undefined ? this.#active : Infinity;
  }

  /** A request was answered. */
  answered(now: number): void {
    this.#active = now;
  }

  /** Why the connection has to end now; `undefined` where it need not. `haste` divides the times, 1 in calm. */
  overdue(
    now: number,
    limits: Timeouts,
    output: Waiting,
    inFlight: number,
    haste: number,
  ): Overdue | undefined {
    const deaf = this.#deaf(now, limits, output) ?? this.#gone(now, limits, haste) ??
      this.#vanished(now);
    if (deaf !== undefined) return { message: deaf, deaf: true };
    const late = this.#late(now, limits, inFlight, haste);
    return late === undefined ? undefined : { message: late, deaf: false };
  }

  #deaf(now: number, limits: Timeouts, { held, writes }: Waiting): string | undefined {
    if (held === 0 || writes !== this.#writes) this.#stalledSince = undefined;
    if (this.hungUp && writes !== this.#writes) this.#active = now;
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

  #gone(now: number, { idle }: Timeouts, haste: number): string | undefined {
    if (!this.hungUp || now - this.#active <= idle / haste) return undefined;
    return `the client has ended its side, and nothing was answered within ${
      seconds(idle / haste)
    }`;
  }

  // Its heartbeat is missed twice, the second time a moment later: where this process stood still, what has come
  // meanwhile is read in between.
  #vanished(now: number): string | undefined {
    if (!this.listening) this.#heard = now;
    const silence = now - this.#heard;
    this.#isSilent = silence > this.heartbeat;
    if (silence <= MISSED * this.heartbeat) this.#missedAt = undefined;
    else if (now - (this.#missedAt ??= now) > MISSED_AGAIN_MS) {
      return `nothing came from the client for ${seconds(silence)}, and its heartbeat is ${
        seconds(this.heartbeat)
      }`;
    }
    return undefined;
  }

  #late(now: number, limits: Timeouts, inFlight: number, haste: number): string | undefined {
    if (!this.listening) return undefined;
    if (this.#requestSince !== undefined) {
      const allowed = limits.request / haste + this.#requestBytes / limits.requestRate * 1000;
      if (now - this.#requestSince <= allowed) return undefined;
      return `A request must be here within ${seconds(limits.request / haste)} of its first byte.`;
    }
    if (inFlight > 0) return undefined;
    const [limit, what] = this.#greeted
      ? [limits.idle, "Nothing came"] as const
      : [limits.handshake, "No request came"] as const;
    if (now - this.#active <= limit / haste) return undefined;
    return `${what} within ${seconds(limit / haste)}.`;
  }
}

function seconds(ms: number): string {
  return `${Math.round(ms / 100) / 10} s`;
}
