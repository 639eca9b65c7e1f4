// The telemetry of a server: counters, and events for the log and for other subscribers.

import type { ReloadOutcome } from "./reloads.ts";

/** Counters since the start. They only grow. */
export interface Counters {
  /** Connections that were served. */
  connections: number;
  /** Connections that were refused, by reason: too many of all or too much load, or too many of their client. */
  readonly connectionsRefused: Record<"busy" | "quota", number>;
  /** Requests of known commands, including those that were refused for the load. */
  requests: number;
  /** Bytes that clients sent. */
  received: number;
  /** Connections that were closed because their clients did not read, vanished, or held most. */
  dropped: number;
  /** The number of times that a connection was not read until its client had read, or was answered. */
  heldBack: number;
  /** The number of times that a connection was not read because its client went on asking although it was refused. */
  paused: number;
  /** Connections whose TLS handshake or request for a WebSocket did not come in time, or gave way to others. */
  unopened: number;
  /** WebSocket messages that were too long. */
  longMessages: number;
  /** Failures that were answered, by their code. */
  readonly errors: Map<string, number>;
}

/** An event. `client` is an address as in `ConnectedClient.peer`; `verb` is the verb of the request. */
export type ServerEvent =
  /** A notable connection ended: its client is a foreign one, or its input ended the connection. */
  | {
    readonly kind: "connection-ended";
    readonly client: string;
    /** Requests of known commands. */
    readonly requests: number;
    /** Failures that were answered. */
    readonly errors: number;
    /** The time that it was open. */
    readonly seconds: number;
    /** The code of the failure that ended it; `undefined` where none did. */
    readonly code?: string;
    readonly why?: string;
  }
  /** A connection was refused: there are as many as there may be, of its client or in all. */
  | {
    readonly kind: "connection-refused";
    readonly client: string;
    readonly code: string;
    readonly why: string;
  }
  /** The server closed a connection at once because of its client. `bytes` is the memory that was held for it. */
  | {
    readonly kind: "connection-dropped";
    readonly client: string;
    readonly why: string;
    readonly bytes?: number;
  }
  /** A connection failed in the server. */
  | { readonly kind: "connection-failed"; readonly client: string; readonly error: unknown }
  /** A handler threw an error that its command does not declare. `incident` is the number that the client was told. */
  | {
    readonly kind: "handler-failed";
    readonly client: string;
    readonly verb: string;
    readonly incident: string;
    readonly error: unknown;
    /** The code of a `Refusal` that the command does not declare. */
    readonly undeclared?: string;
  }
  /** A handler wrote to the log. */
  | {
    readonly kind: "handler-logged";
    readonly client: string;
    readonly verb: string;
    readonly message: string;
    readonly details?: Readonly<Record<string, unknown>>;
  }
  /** A connection of a listener for proxies had no PROXY header of a listed proxy. */
  | { readonly kind: "proxy-header-missing"; readonly client: string; readonly why: string }
  /** A listener could not accept a connection, and will try again. */
  | { readonly kind: "accept-failed"; readonly address: string; readonly error: string }
  /** A listener accepts again, after a number of failures. */
  | { readonly kind: "accept-resumed"; readonly address: string; readonly failures: number }
  /** A handler in a worker did not stop in time, so another worker takes its place. */
  | { readonly kind: "worker-replaced"; readonly client: string; readonly verb: string }
  /** A worker ended by itself, and is started again. */
  | { readonly kind: "worker-ended"; readonly error: unknown }
  /** A signal asks the server to end: it drains for `drain` ms, or, at a second signal, cuts off what is left. */
  | {
    readonly kind: "signalled";
    /** The addresses of the server, a space between each two: a process may have several servers. */
    readonly address: string;
    readonly signal: string;
    readonly drain?: number;
  }
  /** At SIGHUP one of `ServeOptions.reloads` was read again: what it did, or why nothing changed. */
  | { readonly kind: "reloaded" } & ReloadOutcome
  /** The server has shut down because of a signal. The figures are those since its start. */
  | {
    readonly kind: "shut-down";
    readonly address: string;
    readonly seconds: number;
    readonly connections: number;
    readonly requests: number;
    readonly errors: number;
  };

/** Called with each event, at once. Must not throw. */
export type EventSubscriber = (event: ServerEvent) => void;

/** The counters of one server, and the subscribers of its events. */
export class Telemetry {
  /** Counters since the start. The code that causes an event counts it. */
  readonly counters: Counters = {
    connections: 0,
    connectionsRefused: { busy: 0, quota: 0 },
    requests: 0,
    received: 0,
    dropped: 0,
    heldBack: 0,
    paused: 0,
    unopened: 0,
    longMessages: 0,
    errors: new Map(),
  };
  readonly #subscribers: EventSubscriber[] = [];

  /** Tells `subscriber` of each event from now on. */
  subscribe(subscriber: EventSubscriber): void {
    this.#subscribers.push(subscriber);
  }

  /** Tells all subscribers. */
  tell(event: ServerEvent): void {
    for (const subscriber of this.#subscribers) subscriber(event);
  }

  /** Counts a failure that was answered. */
  countError(code: string): void {
    const { errors } = this.counters;
    errors.set(code, (errors.get(code) ?? 0) + 1);
  }
}
