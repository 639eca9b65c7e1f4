// The events of a server that are worth an object each.

import type { ReloadOutcome } from "./reloads.ts";

/**
 * An event of a server, beside those of requests. `client` is an address as in `ConnectedClient.peer`; `verb` is the verb
 * of the request. Further kinds may come with later versions.
 */
export type ServerEvent =
  /** A connection is served from now on. `connection` is its number, which no other connection of the server has. */
  | { readonly kind: "connection-opened"; readonly client: string; readonly connection: number }
  /** A connection is closed, for any reason. */
  | {
    readonly kind: "connection-closed";
    readonly client: string;
    readonly connection: number;
    /** Requests of known commands. */
    readonly requests: number;
    /** Failures that were answered. */
    readonly errors: number;
    /** The time that it was open. */
    readonly seconds: number;
  }
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
  /** A client proved no identity: its token or its certificate is that of none, or the time of that is over. */
  | { readonly kind: "authentication-failed"; readonly client: string; readonly why: string }
  /** A request was refused: its client has no identity, or one that may not make it. */
  | {
    readonly kind: "access-refused";
    readonly client: string;
    readonly identity: string | undefined;
    readonly verb: string;
    readonly code: string;
    readonly why: string;
  }
  /** A connection ends because its identity has lost a right, or is no more. */
  | {
    readonly kind: "access-ended";
    readonly client: string;
    readonly identity: string;
    readonly why: string;
  }
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
  /** Once a day: the certificate in `file` has expired, or does so within a week, at `until` (ms since 1970). */
  | {
    readonly kind: "certificate-ends";
    readonly file: string;
    readonly until: number;
    readonly expired: boolean;
  }
  /** The server accepts no more connections. Requests in flight have `within` ms. */
  | { readonly kind: "draining"; readonly within: number; readonly connections: number }
  /** The server has shut down, for any reason. */
  | { readonly kind: "closed" }
  /** The event loop was late by `ms`: measured four times a second while a connection has work, else twice a minute. */
  | { readonly kind: "loop-lag"; readonly ms: number }
  /** A subscriber threw an error. It gets no further events. */
  | { readonly kind: "subscriber-failed"; readonly error: unknown }
  /** The server has shut down because of a signal. The figures are those since its start. */
  | {
    readonly kind: "shut-down";
    readonly address: string;
    readonly seconds: number;
    readonly connections: number;
    readonly requests: number;
    readonly errors: number;
  };
