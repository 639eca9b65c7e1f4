// The connections of a client: one for each endpoint, opened when a call needs it, and left alone for a while when it fails.

import type { Address } from "../net/address.ts";
import { onAbort } from "../net/on_abort.ts";
import type { ByteStream } from "../net/stream.ts";
import { Refusal } from "../protocol/errors.ts";
import type { Clock } from "../scheduling/clock.ts";
import { ConnectionLost } from "./errors.ts";
import { draw, type Endpoint, isOpen, observe } from "./endpoints.ts";
import { openSessionAt } from "./open_session.ts";
import type { Platform } from "./platform/platform.ts";
import type { ClientEvent, PoolOptions } from "./pool_options.ts";
import { backoff, isFailing } from "./retry.ts";
import type { Session } from "./session.ts";

/** So many failed answers in a row are a failure of the endpoint. */
const FAILURES = 5;
const REST_CAP_MS = 30_000;

/** The pool as its connections see it. */
export interface ConnectionsOwner {
  /** Prepares each new session. */
  ready(session: Session): Promise<void>;
  /** An endpoint may have become usable, or all may be gone. */
  changed(): void;
  /** No endpoint could be connected to. */
  unreachable(error: Error): void;
  /** Whether calls wait for a connection. */
  isWanted(): boolean;
  emit(event: ClientEvent): void;
}

/** The connections of a client. */
export interface EndpointConnections {
  /** The reason why there will be no connection any more: a stream that has ended cannot be opened again. */
  readonly gone: ConnectionLost | undefined;
  /** Connects to one of the endpoints. Rejects with the last error where none answers. */
  start(): Promise<void>;
  /** An endpoint with a connection; where there is none, one is opened. */
  pick(): Endpoint | undefined;
  /** Whether one endpoint alone is asked. */
  readonly isSingle: boolean;
  /** An endpoint answered a request that was sent at `triedAt`; 0 for a time that was not taken. */
  answered(endpoint: Endpoint, triedAt: number): void;
  /** A request to an endpoint failed. */
  failed(endpoint: Endpoint, error: Error): void;
  /** Ends all connections at once. */
  cut(): void;
  /** Closes all connections once they are idle, after `within` ms at most. Opens none any more. */
  close(within: number): Promise<void>;
}

/** The connections to the endpoints behind `places`. */
export function createEndpointConnections(
  platform: Platform,
  places: readonly (Address | ByteStream)[],
  options: PoolOptions & { clock: Clock; random: () => number },
  { base, cap }: { base: number; cap: number },
  owner: ConnectionsOwner,
): EndpointConnections {
  const { clock, random } = options;
  const abort = new AbortController();
  const { signal } = abort;
  const lookUp = platform.createLookUp(places, clock, options.resolve);
  let endpoints: readonly Endpoint[] = [];
  let gone: ConnectionLost | undefined;
  /** Sessions with calls in flight whose servers shut down. */
  const leaving = new Set<Session>();

  async function open(endpoint: Endpoint): Promise<void> {
    endpoint.connecting = true;
    const began = clock.now();
    try {
      const session = await openSessionAt(
        platform,
        endpoint.place,
        { ...options, signal },
        owner.ready,
      );
      endpoint.session = session;
      observe(endpoint, clock.now() - began, began);
      session.left.then(() => {
        // A stream cannot be opened again.
        if (endpoint.session !== session || session.error || "read" in endpoint.place) return;
        endpoint.session = undefined;
        leaving.add(session);
        owner.changed();
      });
      session.closed.then(() => {
        leaving.delete(session);
        lost(endpoint, session);
        // Calls that came meanwhile found no connection.
        owner.changed();
      });
      owner.emit({ type: "connected", address: endpoint.name });
    } catch (error) {
      if (!signal.aborted) rest(endpoint);
      throw error;
    } finally {
      endpoint.connecting = false;
    }
  }

  /** Opens a connection in the background, after the pause that its failures ask for. */
  function connect(endpoint: Endpoint): void {
    if (endpoint.connecting || endpoint.session || gone || signal.aborted) return;
    const pause = endpoint.retryAt - clock.now();
    if (pause > 0) {
      endpoint.connecting = true;
      endpoint.stopPause = clock.after(pause, () => {
        endpoint.connecting = false;
        if (owner.isWanted()) connect(endpoint);
      });
      return;
    }
    open(endpoint).then(owner.changed, async (error) => {
      owner.emit({ type: "disconnected", address: endpoint.name, error });
      if (!endpoints.some(isOpen)) owner.unreachable(error);
      endpoints = await lookUp();
      owner.changed();
    });
  }

  function lost(endpoint: Endpoint, session: Session): void {
    if (endpoint.session !== session) return;
    endpoint.session = undefined;
    const error = session.error!;
    if ("read" in endpoint.place) {
      const message = `the connection is closed: ${error.message}`;
      gone = new ConnectionLost(message, "no", { cause: error });
    }
    owner.emit({ type: "disconnected", address: endpoint.name, error });
  }

  /** Leaves an endpoint alone for a while; the longer, the more often it has failed. */
  function rest(endpoint: Endpoint): void {
    endpoint.failures++;
    const now = clock.now();
    const luck = random();
    endpoint.retryAt = now + backoff(endpoint.failures, base, cap, luck);
    const ms = backoff(endpoint.failures, base, REST_CAP_MS, luck);
    endpoint.restsUntil = now + ms;
    if (endpoints.length > 1) owner.emit({ type: "resting", address: endpoint.name, ms });
  }

  const all = (): Session[] => [...endpoints.flatMap(({ session }) => session ?? []), ...leaving];

  return {
    get gone() {
      return gone;
    },
    get isSingle() {
      return endpoints.length === 1;
    },
    async start() {
      options.signal?.throwIfAborted();
      const unlisten = onAbort(options.signal, () => abort.abort(options.signal!.reason));
      try {
        endpoints = await lookUp();
        let last: unknown = new ConnectionLost("there is no address", "no");
        // One that is drawn by lot, and then the others.
        const order = [...endpoints];
        order.push(...order.splice(0, random() * order.length));
        for (const endpoint of order) {
          try {
            return await open(endpoint);
          } catch (error) {
            last = error;
          }
        }
        throw last;
      } finally {
        unlisten();
      }
    },
    pick() {
      if (endpoints.length === 1 && isOpen(endpoints[0])) return endpoints[0];
      const drawn = draw(endpoints, clock.now(), random);
      for (const endpoint of drawn) connect(endpoint);
      return drawn.find(isOpen) ?? endpoints.find(isOpen);
    },
    answered(endpoint, triedAt) {
      endpoint.failures = endpoint.restsUntil = endpoint.retryAt = 0;
      if (triedAt > 0) observe(endpoint, clock.now() - triedAt, clock.now());
    },
    failed(endpoint, error) {
      const { session } = endpoint;
      if (session?.error) {
        // Once for all that were in flight.
        lost(endpoint, session);
        rest(endpoint);
      } else if (error instanceof Refusal && isFailing(error)) {
        if (endpoint.failures + 1 < FAILURES) endpoint.failures++;
        else rest(endpoint);
      }
    },
    cut() {
      abort.abort();
      for (const session of all()) session.cut();
    },
    async close(within) {
      abort.abort();
      for (const endpoint of endpoints) endpoint.stopPause?.();
      await Promise.all(all().map((session) => session.close(within)));
    },
  };
}
