// What the server counts for `stats`.

import type { BeanstalkdClient } from "./client.ts";

/** How often a command came. */
export interface CommandCount {
  commands: number;
}

/** The counts of commands and clients. */
export class ClientCounts {
  /** How many clients there were, and are. A connection is a client from its first valid command on. */
  totalClients = 0;
  clients = 0;
  producers = 0;
  workers = 0;
  /** How many clients wait for a job. */
  waiting = 0;
  readonly #commands = new Map<string, CommandCount>();

  /** The count of a command. */
  of(verb: string): CommandCount {
    let count = this.#commands.get(verb);
    if (count === undefined) this.#commands.set(verb, count = { commands: 0 });
    return count;
  }

  /** A connection has sent its first valid command. */
  enter(): void {
    this.totalClients++;
    this.clients++;
  }

  /** A client puts its first job. */
  produces(client: BeanstalkdClient): void {
    client.isProducer = true;
    this.producers++;
  }

  /** A client reserves its first job. */
  works(client: BeanstalkdClient): void {
    client.isWorker = true;
    this.workers++;
  }

  /** A client has gone. */
  leave({ isProducer, isWorker }: BeanstalkdClient): void {
    this.clients--;
    if (isProducer) this.producers--;
    if (isWorker) this.workers--;
  }
}
