// The clients of other nodes, as the engines of this node know them: each is one connection to its node.

import type { Clock } from "../../scheduling/clock.ts";
import type { QueueClient } from "../engine/caller.ts";

/** A client as its node names it. */
export interface ClientName {
  /** Its number; no other client of its node has it. */
  readonly n: number;
  /** Its address. */
  readonly peer?: string;
  /** Its identity. */
  readonly identity?: string;
}

/** How long a node may be without a connection to this one before its clients count as gone, in ms. */
const GRACE_MS = 5_000;

/** A client of another node. */
class RemoteClient implements QueueClient {
  readonly peer: string | undefined;
  readonly identity: string | undefined;
  readonly halfClosed = false;
  closed = false;
  readonly #onClosed: (() => void)[] = [];

  constructor({ peer, identity }: ClientName) {
    this.peer = peer;
    this.identity = identity;
  }

  whenClosed(action: () => void): void {
    if (this.closed) queueMicrotask(action);
    else this.#onClosed.push(action);
  }

  close(): void {
    this.closed = true;
    for (const action of this.#onClosed.splice(0)) action();
  }
}

/** The clients of one node. */
class ClientsOfNode {
  readonly clients = new Map<number, RemoteClient>();
  connections = 0;
  stopGrace: (() => void) | undefined;
}

/** The clients of all other nodes that have taken jobs here. */
export class NodeClients {
  readonly #clock: Clock;
  readonly #nodes = new Map<string, ClientsOfNode>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A node has another connection to this one. */
  connected(node: string): void {
    let known = this.#nodes.get(node);
    if (known === undefined) this.#nodes.set(node, known = new ClientsOfNode());
    known.connections++;
    known.stopGrace?.();
    known.stopGrace = undefined;
  }

  /** One of them has ended. If it was the last, the clients are gone too, unless the node is soon back. */
  disconnected(node: string): void {
    const known = this.#nodes.get(node)!;
    if (--known.connections > 0) return;
    known.stopGrace = this.#clock.after(GRACE_MS, () => {
      this.#nodes.delete(node);
      for (const client of known.clients.values()) client.close();
    });
  }

  /** A client of a node. It is remembered from the first time that it takes jobs, until it is gone. */
  of(node: string, name: ClientName, takes: boolean): QueueClient {
    const { clients } = this.#nodes.get(node)!;
    let client = clients.get(name.n);
    if (client === undefined) {
      client = new RemoteClient(name);
      if (takes) clients.set(name.n, client);
    }
    return client;
  }

  /** A client has disconnected from its node. */
  gone(node: string, n: number): void {
    const { clients } = this.#nodes.get(node)!;
    clients.get(n)?.close();
    clients.delete(n);
  }
}
