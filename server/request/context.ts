// The objects that handlers get of a request and its connection. They lead only to the members that `Context` and
// `ConnectedClient` document.

import type { Identity } from "../identity/identity.ts";
import type { ConnectedClient, Context } from "./handlers.ts";

/** The context of one request. */
export class RequestContext implements Context {
  readonly #request: Context;

  constructor(request: Context) {
    this.#request = request;
  }

  /**
   * A context of the same request with more members, for what is behind a middleware. Throws `TypeError` for a name that
   * every context has.
   */
  static extend(context: RequestContext, added: object): RequestContext {
    const taken = Object.keys(added).find((name) => name in RequestContext.prototype);
    if (taken !== undefined) {
      throw new TypeError(`next() cannot add ${taken}: the context of every request has it`);
    }
    return Object.assign(new RequestContext(context.#request), context, added);
  }

  get verb(): string {
    return this.#request.verb;
  }

  get client(): ConnectedClient {
    return this.#request.client;
  }

  get state(): unknown {
    return this.#request.state;
  }

  get identity(): Identity | undefined {
    return this.#request.identity;
  }

  get signal(): AbortSignal {
    return this.#request.signal;
  }

  get deadline(): number {
    return this.#request.deadline;
  }

  get trace(): string | undefined {
    return this.#request.trace;
  }

  // Handlers take these methods out of the context, so each is bound to it.
  get log(): Context["log"] {
    return (message, details) => this.#request.log(message, details);
  }

  get park(): Context["park"] {
    return (promise) => this.#request.park(promise);
  }

  get hold(): Context["hold"] {
    return (bytes) => this.#request.hold(bytes);
  }

  get whenUnsent(): Context["whenUnsent"] {
    return (action) => this.#request.whenUnsent(action);
  }
}

/** The other end of a connection. */
export class ClientView implements ConnectedClient {
  readonly #connection: ConnectedClient;

  constructor(connection: ConnectedClient) {
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

  get identity(): string | undefined {
    return this.#connection.identity;
  }

  get closed(): boolean {
    return this.#connection.closed;
  }

  get halfClosed(): boolean {
    return this.#connection.halfClosed;
  }

  get whenClosed(): ConnectedClient["whenClosed"] {
    return (action) => this.#connection.whenClosed(action);
  }
}

// A handler must not be able to make one for another request or connection.
for (const { prototype } of [RequestContext, ClientView]) {
  delete (prototype as { constructor?: unknown }).constructor;
}
