// Clients that are slow, never read, stay idle, or leave before they send anything.

import type { Socket } from "node:net";
import { exponential } from "../../tests/seeded_random.ts";
import type { Clients, LoadSource } from "./requests.ts";
import { Tally } from "./tally.ts";
import { Barred, dial, loopback, RequestConnection } from "./request_connection.ts";

const OPENING = 64;
const COME_BACK_MS = 1000;

/** Hostile clients of one kind. */
abstract class HostileClients implements LoadSource {
  readonly tally: Tally;
  protected readonly port: number;
  protected readonly clients: Clients;

  constructor(port: number, clients: Clients) {
    this.port = port;
    this.clients = clients;
    this.tally = new Tally(clients.name, Infinity);
  }

  abstract open(): Promise<void>;
  abstract run(from: number, until: number): Promise<void>;
}

/** Connections that stay open, and open again a second after the server has closed them. */
abstract class KeptConnections extends HostileClients {
  async open(): Promise<void> {
    let next = 0;
    const opener = async () => {
      while (next < this.clients.connections) await this.#connect(next++);
    };
    await Promise.all(Array.from({ length: OPENING }, opener));
  }

  #connect(index: number): Promise<void> {
    const address = loopback(this.clients.net, index % (this.clients.addresses ?? 1));
    const socket = dial(this.port, address);
    return new Promise((resolve) => {
      let stop: (() => void) | undefined;
      let opened = false;
      socket.on("connect", () => {
        opened = true;
        this.tally.opened();
        stop = this.begin(socket);
        resolve();
      });
      socket.on("close", () => {
        if (opened) this.tally.lost();
        else this.tally.barred("failed");
        stop?.();
        resolve();
        setTimeout(() => this.#connect(index), COME_BACK_MS);
      });
    });
  }

  /** Begins the work of a connection. Returns a function that stops it. */
  protected abstract begin(socket: Socket): (() => void) | undefined;

  run(_from: number, until: number): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, Math.max(0, until - performance.now())));
  }
}

/** Sends nothing. */
export class Idle extends KeptConnections {
  protected override begin(socket: Socket): undefined {
    socket.resume();
  }
}

/** Sends a byte a second of a request that never ends. */
export class Dribble extends KeptConnections {
  readonly #start: string;
  readonly #random: () => number;

  constructor(port: number, clients: Clients & { start: string }, random: () => number) {
    super(port, clients);
    this.#start = clients.start;
    this.#random = random;
  }

  protected override begin(socket: Socket): () => void {
    socket.resume();
    socket.write(this.#start);
    let timer = setTimeout(
      () => timer = setInterval(() => socket.write("x"), 1000),
      1000 * this.#random(),
    );
    return () => clearTimeout(timer);
  }
}

/** Asks for long answers, and reads nothing. */
export class Deaf extends KeptConnections {
  protected override begin(socket: Socket): undefined {
    socket.pause();
    socket.write("STREAM 1000000\n".repeat(20));
  }
}

/** Connects and closes as fast as it can, some connections at a time. */
export class Storm extends HostileClients {
  open(): Promise<void> {
    return Promise.resolve();
  }

  async run(_from: number, until: number): Promise<void> {
    const { net, addresses = 1, connections } = this.clients;
    let next = 0;
    const loop = async () => {
      while (performance.now() < until) {
        const socket = dial(this.port, loopback(net, next++ % addresses));
        const failed = await new Promise<boolean>((resolve) => {
          socket.on("connect", () => {
            this.tally.opened();
            socket.destroy();
          });
          socket.on("close", resolve);
        });
        // Without a pause, a server that refuses at once would make this loop starve the rest of the process.
        if (failed) await new Promise((resolve) => setTimeout(resolve, 1));
      }
    };
    await Promise.all(Array.from({ length: connections }, loop));
  }
}

/** Honest clients that connect, send one PING and leave. They show whether anybody can still connect. */
export class Newcomers implements LoadSource {
  readonly tally: Tally;
  readonly #port: number;
  readonly #clients: Clients;
  readonly #rate: number;
  readonly #deadline: number;
  readonly #random: () => number;

  constructor(
    port: number,
    clients: Clients & { rate: number; deadline: number },
    random: () => number,
  ) {
    this.#port = port;
    this.#clients = clients;
    this.#rate = clients.rate;
    this.#deadline = clients.deadline;
    this.#random = random;
    this.tally = new Tally(clients.name, clients.deadline);
  }

  open(): Promise<void> {
    return Promise.resolve();
  }

  async run(from: number, until: number): Promise<void> {
    this.tally.measure(from, until);
    for (
      let due = performance.now();
      due < until;
      due += exponential(this.#random, 1000 / this.#rate)
    ) {
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, due - performance.now())));
      this.#visit(due);
    }
    await new Promise((resolve) => setTimeout(resolve, 2 * this.#deadline));
  }

  async #visit(due: number): Promise<void> {
    this.tally.due(due);
    this.tally.sent(due, performance.now());
    const answered = (wire: RequestConnection, _due: number, code: string) => {
      this.tally.answered(due, code, performance.now());
      wire.close();
    };
    try {
      const address = loopback(this.#clients.net, 0);
      const wire = await RequestConnection.open(this.#port, address, {
        answered,
        closed: () => {},
      });
      this.tally.opened();
      wire.ask("PING", due, false);
      wire.flush();
    } catch (error) {
      if (!(error instanceof Barred)) throw error;
      this.tally.barred(error.message);
    }
  }
}
