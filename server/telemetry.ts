// The telemetry of a server: its counters, and the subscribers of its events.

import { REQUEST_METHODS, RequestFeed } from "./request_feed.ts";
import type { ServerEvent } from "./server_event.ts";
import type { TelemetrySubscriber } from "./telemetry_subscriber.ts";

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
  /** Proofs of an identity: tokens and certificates. */
  authenticated: number;
  /** Proofs that were none. */
  unauthenticated: number;
  /** Failures that were answered, by their code. */
  readonly errors: Map<string, number>;
}

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
    authenticated: 0,
    unauthenticated: 0,
    errors: new Map(),
  };
  /** Tells of requests; `undefined` while nobody listens, so that a request costs nothing more. */
  requests: RequestFeed | undefined = undefined;
  #subscribers: readonly TelemetrySubscriber[] = [];

  /** Tells `subscriber` of each event from now on, until the function returned is called. */
  subscribe(subscriber: TelemetrySubscriber): () => void {
    this.#set([...this.#subscribers, subscriber]);
    return () => this.#set(this.#subscribers.filter((each) => each !== subscriber));
  }

  #set(subscribers: readonly TelemetrySubscriber[]): void {
    this.#subscribers = subscribers;
    const isWatched = subscribers.some((each) =>
      REQUEST_METHODS.some((method) => each[method] !== undefined)
    );
    this.requests = isWatched
      ? new RequestFeed(subscribers, (each, error) => this.#failed(each, error))
      : undefined;
  }

  /** Tells all subscribers. */
  tell(event: ServerEvent): void {
    for (const subscriber of this.#subscribers) {
      try {
        subscriber.event?.(event);
      } catch (error) {
        this.#failed(subscriber, error);
      }
    }
  }

  /** A subscriber must not end a request: it gets no further events. */
  #failed(subscriber: TelemetrySubscriber, error: unknown): void {
    this.#set(this.#subscribers.filter((each) => each !== subscriber));
    this.tell({ kind: "subscriber-failed", error });
  }

  /** Counts a failure that was answered. */
  countError(code: string): void {
    const { errors } = this.counters;
    errors.set(code, (errors.get(code) ?? 0) + 1);
  }
}
