// What handlers get of a request and its connection: what `Context` and `Client` say, and nothing that leads further.

import type { Request } from "./request.ts";
import type { Connection } from "../connection/connection.ts";
import type { Client, Context } from "./handlers.ts";

/** The context of one request. */
export class RequestContext implements Context {
  readonly #call: Request;

  constructor(call: Request) {
    this.#call = call;
  }

  get verb(): string {
    return this.#call.verb;
  }

  get client(): Client {
    return this.#call.connection.client;
  }

  get identity(): string | undefined {
    return this.#call.identity;
  }

  get signal(): AbortSignal {
    return this.#call.signal;
  }

  get deadline(): number {
    return this.#call.deadline;
  }

  get trace(): string | undefined {
    return this.#call.trace;
  }

  // Handlers take these apart from the context, so each comes bound to it.
  get log(): Context["log"] {
    return (message, details) => this.#call.log(message, details);
  }

  get park(): Context["park"] {
    return (promise) => this.#call.park(promise);
  }

  get hold(): Context["hold"] {
    return (bytes) => this.#call.hold(bytes);
  }

  get whenUnsent(): Context["whenUnsent"] {
    return (action) => this.#call.whenUnsent(action);
  }
}

/** The other end of a connection. */
export class ConnectedClient implements Client {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  get id(): number {
    return this.#connection.id;
  }

  get peer(): string {
    return this.#connection.peer;
  }

  get agent(): string | undefined {
    return this.#connection.agent;
  }

  get closed(): boolean {
    return this.#connection.closed;
  }

  get halfClosed(): boolean {
    return this.#connection.halfClosed;
  }

  get whenClosed(): Client["whenClosed"] {
    return (action) => this.#connection.whenClosed(action);
  }
}

// A handler cannot make one of another request or connection, nor learn how.
for (const { prototype } of [RequestContext, ConnectedClient]) {
  delete (prototype as { constructor?: unknown }).constructor;
}
