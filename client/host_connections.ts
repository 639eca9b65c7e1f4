// The connections of a client: one for each host, opened when a call needs it, and left alone for a while when it fails.

import type { Address } from "../net/address.ts";
import { onAbort } from "../net/on_abort.ts";
import type { ByteStream } from "../net/stream.ts";
import { Refusal } from "../protocol/errors.ts";
import type { Clock } from "../scheduling/clock.ts";
import { ConnectionLost } from "./errors.ts";
import { draw, type Host, isOpen, observe } from "./hosts.ts";
import { openSessionAt } from "./open_session.ts";
import type { Platform } from "./platform/platform.ts";
import type { ClientEvent, PoolOptions } from "./pool_options.ts";
import { backoff, isFailing } from "./retry.ts";
import type { Session } from "./session.ts";

/** So many failed answers in a row are a failure of the host. */
const FAILURES = 5;
const REST_CAP_MS = 30_000;

/** The pool as its connections see it. */
export interface ConnectionsOwner {
  /** Does with each new session what must be done first. */
  ready(session: Session): Promise<void>;
  /** A host may have become usable, or all may be gone. */
  changed(): void;
  /** No host could be connected to. */
  unreachable(error: Error): void;
  /** Whether calls wait for a connection. */
  isWanted(): boolean;
  emit(event: ClientEvent): void;
}

/** The connections of a client. */
export interface HostConnections {
  /** The reason why there will be no connection any more: a stream that has ended cannot be opened again. */
  readonly gone: ConnectionLost | undefined;
  /** Connects to one of the hosts. Rejects with the last error where none answers. */
  start(): Promise<void>;
  /** A host with a connection; where there is none, one is opened. */
  pick(): Host | undefined;
  /** Whether one host alone is asked. */
  readonly isSingle: boolean;
  /** A host answered a request of the time `triedAt`, 0 where nobody measured. */
  answered(host: Host, triedAt: number): void;
  /** A request to a host failed. */
  failed(host: Host, error: Error): void;
  /** Ends all connections at once. */
  cut(): void;
  /** Closes all connections once they are idle, after `within` ms at most. Opens none any more. */
  close(within: number): Promise<void>;
}

/** The connections to the hosts behind `places`. */
export function createHostConnections(
  platform: Platform,
  places: readonly (Address | ByteStream)[],
  options: PoolOptions & { clock: Clock; random: () => number },
  { base, cap }: { base: number; cap: number },
  owner: ConnectionsOwner,
): HostConnections {
  const { clock, random } = options;
  const abort = new AbortController();
  const { signal } = abort;
  const lookUp = platform.createLookUp(places, clock, options.resolve);
  let hosts: readonly Host[] = [];
  let gone: ConnectionLost | undefined;

  async function open(host: Host): Promise<void> {
    host.connecting = true;
    const began = clock.now();
    try {
      const session = await openSessionAt(
        platform,
        host.place,
        { ...options, signal },
        owner.ready,
      );
      host.session = session;
      observe(host, clock.now() - began, began);
      session.closed.then(() => {
        lost(host, session);
        // Calls that came meanwhile found no connection.
        owner.changed();
      });
      owner.emit({ type: "connected", address: host.name });
    } catch (error) {
      if (!signal.aborted) rest(host);
      throw error;
    } finally {
      host.connecting = false;
    }
  }

  /** Opens a connection in the background, after the pause that its failures ask for. */
  function connect(host: Host): void {
    if (host.connecting || host.session || gone || signal.aborted) return;
    const pause = host.retryAt - clock.now();
    if (pause > 0) {
      host.connecting = true;
      host.stopPause = clock.after(pause, () => {
        host.connecting = false;
        if (owner.isWanted()) connect(host);
      });
      return;
    }
    open(host).then(owner.changed, async (error) => {
      owner.emit({ type: "disconnected", address: host.name, error });
      if (!hosts.some(isOpen)) owner.unreachable(error);
      hosts = await lookUp();
      owner.changed();
    });
  }

  function lost(host: Host, session: Session): void {
    if (host.session !== session) return;
    host.session = undefined;
    const error = session.error!;
    if ("read" in host.place) {
      const message = `the connection is closed: ${error.message}`;
      gone = new ConnectionLost(message, "no", { cause: error });
    }
    owner.emit({ type: "disconnected", address: host.name, error });
  }

  /** Leaves a host alone for a while; the longer, the more often it has failed. */
  function rest(host: Host): void {
    host.failures++;
    const now = clock.now();
    const luck = random();
    host.retryAt = now + backoff(host.failures, base, cap, luck);
    const ms = backoff(host.failures, base, REST_CAP_MS, luck);
    host.restsUntil = now + ms;
    if (hosts.length > 1) owner.emit({ type: "resting", address: host.name, ms });
  }

  return {
    get gone() {
      return gone;
    },
    get isSingle() {
      return hosts.length === 1;
    },
    async start() {
      options.signal?.throwIfAborted();
      const unlisten = onAbort(options.signal, () => abort.abort(options.signal!.reason));
      try {
        hosts = await lookUp();
        let last: unknown = new ConnectionLost("there is no address", "no");
        // One that is drawn by lot, and then the others.
        const order = [...hosts];
        order.push(...order.splice(0, random() * order.length));
        for (const host of order) {
          try {
            return await open(host);
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
      if (hosts.length === 1 && isOpen(hosts[0])) return hosts[0];
      const drawn = draw(hosts, clock.now(), random);
      for (const host of drawn) connect(host);
      return drawn.find(isOpen) ?? hosts.find(isOpen);
    },
    answered(host, triedAt) {
      host.failures = host.restsUntil = host.retryAt = 0;
      if (triedAt > 0) observe(host, clock.now() - triedAt, clock.now());
    },
    failed(host, error) {
      const { session } = host;
      if (session?.error) {
        // Once for all that were in flight.
        lost(host, session);
        rest(host);
      } else if (error instanceof Refusal && isFailing(error)) {
        if (host.failures + 1 < FAILURES) host.failures++;
        else rest(host);
      }
    },
    cut() {
      abort.abort();
      for (const { session } of hosts) session?.cut();
    },
    async close(within) {
      abort.abort();
      for (const host of hosts) host.stopPause?.();
      await Promise.all(hosts.map(({ session }) => session?.close(within)));
    },
  };
}
