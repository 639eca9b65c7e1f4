// What happens in a server: counters, and events for the log and for whatever else watches.

/** Counts since the start; each only grows. */
export interface Counters {
  /** Connections that were served. */
  connections: number;
  /** Connections that were refused, by why: too many in all or too much to do, or too many of their client. */
  readonly connectionsRefused: Record<"busy" | "quota", number>;
  /** Requests of known commands, those refused for too much to do included. */
  requests: number;
  /** Bytes that clients sent. */
  received: number;
  /** Connections that were closed because their clients did not read, vanished, or held most. */
  dropped: number;
  /** How often a connection was not read until its client had read, or was answered. */
  heldBack: number;
  /** How often a connection was not read because its client went on asking although it was refused. */
  paused: number;
  /** Connections whose TLS handshake or request for a WebSocket did not come in time, or gave way to others. */
  unopened: number;
  /** WebSocket messages that were too long. */
  longMessages: number;
  /** Failures that were answered, by their code. */
  readonly errors: Map<string, number>;
}

/** One thing that happened. `client` is an address as `ConnectedClient.peer` has it; `verb` is that of the request. */
export type ServerEvent =
  /** A connection ended that is worth a line: its client is none of ours, or what it sent ended it. */
  | {
    readonly kind: "connection-ended";
    readonly client: string;
    /** Requests of known commands. */
    readonly requests: number;
    /** Failures that were answered. */
    readonly errors: number;
    /** How long it was open. */
    readonly seconds: number;
    /** The code of the failure that ended it; `undefined` where none did. */
    readonly code?: string;
    readonly why?: string;
  }
  /** The server closed a connection at once because of what its client does; `bytes` is what was held for it. */
  | {
    readonly kind: "connection-dropped";
    readonly client: string;
    readonly why: string;
    readonly bytes?: number;
  }
  /** A connection failed in the server. */
  | { readonly kind: "connection-failed"; readonly client: string; readonly error: unknown }
  /** A handler threw what its command does not declare; `incident` is what the client was told. */
  | {
    readonly kind: "handler-failed";
    readonly client: string;
    readonly verb: string;
    readonly incident: string;
    readonly error: unknown;
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
  /** A listener accepts again, after so many failures. */
  | { readonly kind: "accept-resumed"; readonly address: string; readonly failures: number }
  /** A handler in a worker did not stop in time, so another worker takes its place. */
  | { readonly kind: "worker-replaced"; readonly client: string; readonly verb: string }
  /** A worker ended by itself, and is started again. */
  | { readonly kind: "worker-ended"; readonly error: unknown };

/** Is told of each event, at once; must not throw. */
export type EventSubscriber = (event: ServerEvent) => void;

/** The counters of one server, and who is told of its events. */
export class Telemetry {
  /** Counts since the start; the code that causes something counts it. */
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
