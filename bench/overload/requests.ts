// Clients that send requests: at their own pace, whatever the server does, or as fast as it answers.

import { exponential } from "../../tests/seeded_random.ts";
import { Tally } from "./tally.ts";
import { Barred, type Listening, loopback, RequestConnection } from "./request_connection.ts";

/** The origin of requests. */
export interface Clients {
  name: string;
  /** The network: addresses are 127.`net`.x.y. */
  net: number;
  /** The number of addresses (default 1). */
  addresses?: number;
  connections: number;
}

/** The requests. */
export interface Asking {
  line: string;
  /** How many bytes of body follow the line. */
  body?: number;
  /** In milliseconds. A later answer is not a good one. */
  deadline: number;
}

/** A source of load in a load process. */
export interface LoadSource {
  readonly tally: Tally;
  open(): Promise<void>;
  /** Measures between two times. Resolves when no more requests are due, and no more answers can be good. */
  run(from: number, until: number): Promise<void>;
}

// Requests a second. Below this rate each request is sent at its microsecond, above it in batches at each millisecond.
const PRECISE = 200;
const RECONNECT_MS = 100;
const OPENING = 64;

/** Connections that open again when they are lost. */
abstract class Connected implements LoadSource, Listening {
  readonly tally: Tally;
  readonly #port: number;
  readonly #clients: Clients;
  protected readonly wires: RequestConnection[] = [];

  constructor(port: number, clients: Clients, deadline: number) {
    this.#port = port;
    this.#clients = clients;
    this.tally = new Tally(clients.name, deadline);
  }

  async open(): Promise<void> {
    const { connections } = this.#clients;
    let next = 0;
    const opener = async () => {
      while (next < connections) await this.#connect(next++);
    };
    await Promise.all(Array.from({ length: OPENING }, opener));
  }

  async #connect(index: number): Promise<void> {
    const address = loopback(this.#clients.net, index % (this.#clients.addresses ?? 1));
    try {
      this.wires[index] = await RequestConnection.open(this.#port, address, this);
      this.tally.opened();
      this.connected(this.wires[index]);
    } catch (error) {
      if (!(error instanceof Barred)) throw error;
      this.tally.barred(error.message);
      setTimeout(() => this.#connect(index), RECONNECT_MS);
    }
  }

  protected connected(_wire: RequestConnection): void {}

  answered(_wire: RequestConnection, due: number, code: string): void {
    this.tally.answered(due, code, performance.now());
  }

  closed(wire: RequestConnection): void {
    this.tally.lost();
    setTimeout(() => this.#connect(this.wires.indexOf(wire)), RECONNECT_MS);
  }

  abstract run(from: number, until: number): Promise<void>;
}

/** Poisson arrivals on connections chosen at random, whether the server answers or not. */
export class OpenLoop extends Connected {
  readonly #asking: Asking;
  readonly #rate: number;
  readonly #tagged: boolean;
  readonly #random: () => number;

  constructor(
    port: number,
    clients: Clients & Asking & { rate: number; tagged: boolean },
    random: () => number,
  ) {
    super(port, clients, clients.deadline);
    this.#asking = clients;
    this.#rate = clients.rate;
    this.#tagged = clients.tagged;
    this.#random = random;
  }

  run(from: number, until: number): Promise<void> {
    this.tally.measure(from, until);
    let due = performance.now();
    const { promise, resolve } = Promise.withResolvers<void>();
    const pump = () => {
      const now = performance.now();
      const touched = new Set<RequestConnection>();
      for (; due <= now && due < until; due += exponential(this.#random, 1000 / this.#rate)) {
        const wire = this.#ask(due, now);
        if (wire !== undefined) touched.add(wire);
      }
      for (const wire of touched) wire.flush();
      const wait = Math.min(due, until) - performance.now();
      if (due >= until) setTimeout(resolve, 2 * this.#asking.deadline);
      else if (this.#rate > PRECISE) setTimeout(pump, Math.max(1, wait));
      else if (wait > 2) setTimeout(pump, wait - 2);
      else setImmediate(pump);
    };
    pump();
    return promise;
  }

  #ask(due: number, now: number): RequestConnection | undefined {
    this.tally.due(due);
    const wire = this.wires[Math.floor(this.#random() * this.wires.length)];
    if (!wire?.open || wire.full) return undefined;
    wire.ask(this.#asking.line, due, this.#tagged);
    this.tally.sent(due, now);
    return wire;
  }
}

/** Each connection sends its next request after the answer to the last one. */
export class ClosedLoop extends Connected {
  readonly #line: string;
  readonly #body: Uint8Array | undefined;
  #until = 0;

  constructor(port: number, clients: Clients & Asking) {
    super(port, clients, clients.deadline);
    const { line, body } = clients;
    this.#line = line;
    this.#body = body === undefined ? undefined : new Uint8Array(body + 1).fill(0x0a, body);
  }

  run(from: number, until: number): Promise<void> {
    this.tally.measure(from, until);
    this.#until = until;
    for (const wire of this.wires) if (wire?.open) this.#ask(wire);
    return new Promise((resolve) =>
      setTimeout(resolve, Math.max(0, until - performance.now()) + 200)
    );
  }

  protected override connected(wire: RequestConnection): void {
    this.#ask(wire);
  }

  #ask(wire: RequestConnection): void {
    const now = performance.now();
    if (now >= this.#until) return;
    this.tally.due(now);
    this.tally.sent(now, now);
    wire.ask(this.#line, now, false);
    wire.flush(this.#body);
  }

  override answered(wire: RequestConnection, due: number, code: string): void {
    super.answered(wire, due, code);
    if (wire.open) this.#ask(wire);
  }
}
