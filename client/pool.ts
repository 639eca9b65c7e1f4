// Calls on their way: which connection each takes, what is tried again, what waits for a connection.

import type { Address } from "../net/address.ts";
import type { ByteStream } from "../net/stream.ts";
import { guarded, type PendingCall, type Sender } from "./call.ts";
import { systemClock } from "./clock.ts";
import { Refusal } from "../protocol/errors.ts";
import { asError, asMaybe, ConnectionLost, Throttled } from "./errors.ts";
import { draw, type Host, observe, toHost } from "./hosts.ts";
import { openSession, type SessionOptions } from "./open_session.ts";
import { resolveAll, resolveName } from "./resolve.ts";
import {
  adaptiveThrottle,
  backoff,
  executedOf,
  isFailing,
  isPassing,
  retryBudget,
  type RetryOptions,
} from "./retry.ts";
import type { Session } from "./session.ts";
import { Waiting } from "./waiting.ts";

/** What happens to a client's connections and calls. */
export type ClientEvent =
  | { readonly type: "connected"; readonly address: string }
  | { readonly type: "disconnected"; readonly address: string; readonly error: Error }
  /** An address is left alone for `ms`, where there are others. */
  | { readonly type: "resting"; readonly address: string; readonly ms: number }
  /** A call that failed is tried again, in `ms`. */
  | {
    readonly type: "retry";
    readonly verb: string;
    readonly attempt: number;
    readonly ms: number;
    readonly error: Error;
  }
  /** A call was refused here. */
  | { readonly type: "throttled"; readonly verb: string };

/** How a client keeps its connections. */
export interface PoolOptions extends SessionOptions {
  /** How failures are met. */
  retry?: RetryOptions;
  /** Numbers from 0 to 1, 1 excluded. Default: `Math.random`. */
  random?: () => number;
  /** The addresses of a host name. Default: DNS where the runtime can ask it and may, else the name itself. */
  resolve?: (hostname: string) => Promise<readonly string[]>;
  /** Is told what happens. */
  onEvent?: (event: ClientEvent) => void;
}

/** Sends calls to one of several addresses. */
export interface Pool extends Sender {
  /** Connects to one of the addresses. Rejects with the last error where none can be. */
  start(): Promise<void>;
  /** Takes a call on. */
  submit(call: PendingCall): void;
  /** Whether nothing can be sent any more. */
  readonly closed: boolean;
  /** Lets calls come to their end, for `within` milliseconds at most; then ends all. */
  close(within?: number): Promise<void>;
}

const CLOSE_MS = 10_000;
const FAILURES = 5;
const REST_CAP_MS = 30_000;
const RESOLVE_AGAIN_MS = 10_000;

/** A pool; `ready` does with each new session what must be done first. */
export function createPool(
  places: readonly Address[] | readonly [ByteStream],
  options: PoolOptions,
  ready: (session: Session) => Promise<void>,
): Pool {
  const { clock = systemClock, random = Math.random, onEvent, resolve = resolveName } = options;
  const { attempts = 4, base = 50, cap = 2000, budget: share = 0.2 } = options.retry ?? {};
  const emit = (event: ClientEvent): void => guarded(onEvent, event);
  const budget = retryBudget(share, clock);
  const throttle = adaptiveThrottle(clock, random);
  const waiting = new Waiting<PendingCall>(options.maxWaiting ?? 10_000);
  const paused = new Set<PendingCall>();
  const abort = new AbortController();
  const { signal } = abort;
  const timers = new Set<() => void>();
  let hosts: Host[] = [];
  let resolvedAt = -Infinity;
  let outstanding = 0;
  let closing: Promise<void> | undefined;
  let onIdle = (): void => {};

  const after = (ms: number, action: () => void): () => void => {
    const stop = clock.after(ms, () => {
      timers.delete(cancel);
      action();
    });
    const cancel = (): void => {
      timers.delete(cancel);
      stop();
    };
    timers.add(cancel);
    return cancel;
  };

  /** DNS is asked again where connections fail; sessions to addresses that it no longer names are closed. */
  async function lookUp(): Promise<void> {
    const now = clock.now();
    if (now - resolvedAt < RESOLVE_AGAIN_MS) return;
    resolvedAt = now;
    const [place] = places;
    const found = place !== undefined && "read" in place
      ? [place]
      : await resolveAll(places as Address[], resolve);
    const old = new Map(hosts.map((host) => [host.name, host]));
    const fresh = new Map<string, Host>();
    for (const place of found) {
      const host = toHost(place);
      fresh.set(host.name, old.get(host.name) ?? host);
    }
    hosts = [...fresh.values()];
    for (const host of old.values()) {
      if (!fresh.has(host.name)) host.session?.close();
    }
  }

  async function open(host: Host): Promise<void> {
    host.connecting = true;
    const began = clock.now();
    try {
      if (host.gone !== undefined) throw host.gone;
      const session = await openSession(host.place, { ...options, signal }, ready);
      host.session = session;
      observe(host, clock.now() - began, began);
      session.closed.then(() => lost(host, session));
      emit({ type: "connected", address: host.name });
    } catch (error) {
      if (!signal.aborted) failed(host, true);
      throw error;
    } finally {
      host.connecting = false;
    }
  }

  /** Opens a connection in the background, after the pause that its failures ask for. */
  function connect(host: Host): void {
    if (host.connecting || host.session !== undefined || signal.aborted) return;
    const pause = host.retryAt - clock.now();
    if (pause > 0) {
      host.connecting = true;
      after(pause, () => {
        host.connecting = false;
        if (waiting.size > 0) connect(host);
      });
      return;
    }
    open(host).then(drain, async (error) => {
      emit({ type: "disconnected", address: host.name, error });
      // Those who wait have seen an attempt fail, unless another may still succeed.
      if (!hosts.some((each) => each.session?.open)) {
        for (let left = waiting.size; left > 0; left--) {
          const call = waiting.shift()!;
          if (++call.attempts < attempts && host.gone === undefined) waiting.add(call, call);
          else call.reject(call.maybe ? asMaybe(error) : error);
        }
      }
      await lookUp();
      if (waiting.size > 0) drain();
    });
  }

  function lost(host: Host, session: Session): void {
    if (host.session !== session) return;
    host.session = undefined;
    const error = session.error!;
    if ("read" in host.place) {
      host.gone = new ConnectionLost(`the connection is closed: ${error.message}`, "no", {
        cause: error,
      });
    }
    emit({ type: "disconnected", address: host.name, error });
  }

  function failed(host: Host, atOnce: boolean): void {
    if (++host.failures < FAILURES && !atOnce) return;
    const now = clock.now();
    const luck = random();
    host.retryAt = now + backoff(host.failures, base, cap, luck);
    const ms = backoff(host.failures, base, REST_CAP_MS, luck);
    host.restsUntil = now + ms;
    if (hosts.length > 1) emit({ type: "resting", address: host.name, ms });
  }

  /** A host with a connection; where there is none, one is opened. */
  function pick(): Host | undefined {
    if (hosts.length === 1 && hosts[0].session?.open) return hosts[0];
    const drawn = draw(hosts, clock.now(), random);
    for (const host of drawn) connect(host);
    const isOpen = (host: Host): boolean => host.session?.open === true;
    return drawn.find(isOpen) ?? hosts.find(isOpen);
  }

  function drain(): void {
    while (waiting.size > 0) {
      const host = pick();
      if (host === undefined) return;
      attempt(waiting.shift()!, host);
    }
  }

  function dispatch(call: PendingCall): void {
    const host = pick();
    if (host !== undefined) return attempt(call, host);
    const gone = hosts.every((each) => each.gone) ? hosts[0]?.gone : undefined;
    if (gone !== undefined) return call.reject(gone);
    try {
      waiting.add(call, call);
    } catch (error) {
      call.reject(error);
    }
  }

  function attempt(call: PendingCall, host: Host): void {
    call.attempts++;
    call.host = host;
    if (hosts.length > 1) call.triedAt = clock.now();
    try {
      call.sent = host.session!.send(call, call);
    } catch (error) {
      call.reject(error);
    }
  }

  function again(call: PendingCall, error: Error): boolean {
    if (hosts.every((host) => host.gone !== undefined)) return false;
    const isLost = error instanceof ConnectionLost && error.executed === "no";
    const executed = executedOf(error, call.call.executed);
    if (
      call.attempts >= attempts || call.begun || !isPassing(error) ||
      (executed !== "no" && !call.call.idempotent)
    ) return false;
    const hint = "retry" in error ? Number(error.retry ?? 0) : 0;
    const ms = isLost ? 0 : hint + backoff(call.attempts, base, cap, random());
    if (clock.now() + ms >= call.deadline) return false;
    // What was never written costs the server nothing; what one broken connection held, little.
    const isFree = isLost || (!(error instanceof Refusal) && call.host!.failures < 2);
    if (!isFree && (!budget.retry() || throttle.refuses())) return false;
    emit({ type: "retry", verb: call.head, attempt: call.attempts, ms, error });
    call.sent = undefined;
    call.maybe ||= executed === "maybe";
    if (ms === 0) dispatch(call);
    else {
      paused.add(call);
      call.stopPause = after(ms, () => {
        call.stopPause = undefined;
        paused.delete(call);
        dispatch(call);
      });
    }
    return true;
  }

  return {
    clock,
    get closed() {
      return closing !== undefined ||
        (hosts.length > 0 && hosts.every((host) => host.gone !== undefined));
    },
    async start() {
      const { signal } = options;
      signal?.throwIfAborted();
      const onAbort = (): void => abort.abort(signal!.reason);
      signal?.addEventListener("abort", onAbort);
      try {
        await lookUp();
        let last: unknown = new ConnectionLost("there is no address", "no");
        // Whichever comes first by lot, and then the others.
        const from = Math.floor(random() * hosts.length);
        for (const host of [...hosts.slice(from), ...hosts.slice(0, from)]) {
          try {
            return await open(host);
          } catch (error) {
            signal?.throwIfAborted();
            last = error;
          }
        }
        throw last;
      } finally {
        signal?.removeEventListener("abort", onAbort);
      }
    },
    submit(call) {
      outstanding++;
      if (closing !== undefined) {
        call.reject(new ConnectionLost("the connection is closed: it was closed here", "no"));
      } else if (throttle.refuses()) {
        emit({ type: "throttled", verb: call.head });
        call.reject(new Throttled("the server refuses most requests; this one was not sent"));
      } else {
        budget.request();
        dispatch(call);
      }
    },
    answered({ host, triedAt }) {
      throttle.count(true);
      if (host!.failures > 0) host!.failures = host!.restsUntil = host!.retryAt = 0;
      if (triedAt > 0) observe(host!, clock.now() - triedAt, clock.now());
    },
    failed(call, error) {
      const host = call.host!;
      const { session } = host;
      throttle.count(!isFailing(error));
      if (session?.error !== undefined) {
        // Once for all that were in flight.
        lost(host, session);
        failed(host, true);
      } else if (error instanceof Refusal && isFailing(error)) failed(host, false);
      if (!again(call, error)) call.reject(call.maybe ? asMaybe(error) : error);
    },
    settled(call) {
      waiting.delete(call);
      paused.delete(call);
      if (--outstanding === 0) onIdle();
    },
    close(within = CLOSE_MS) {
      return closing ??= (async () => {
        const cut = (): void => {
          const error = new ConnectionLost("it was closed here", "no");
          for (const call of paused) call.reject(error);
          for (let call; (call = waiting.shift()) !== undefined;) call.reject(error);
          for (const { session } of hosts) session?.cut();
        };
        const stop = clock.after(within, cut);
        if (outstanding > 0) await new Promise<void>((resolve) => onIdle = resolve);
        abort.abort(asError("it was closed here"));
        for (const cancel of timers) cancel();
        await Promise.all(hosts.map(({ session }) => session?.close(within)));
        stop();
      })();
    },
  };
}
