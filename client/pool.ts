// Calls on their way: which connection each takes, what is tried again, what waits for a connection.

import type { Address } from "../net/address.ts";
import { Condition } from "../net/condition.ts";
import type { ByteStream } from "../net/stream.ts";
import { guarded, type PendingCall, type Sender } from "./call.ts";
import { systemClock } from "../net/clock.ts";
import { Refusal } from "../protocol/errors.ts";
import { asMaybe, ConnectionLost, Throttled } from "./errors.ts";
import { draw, type Host, isOpen, observe } from "./hosts.ts";
import { givesAway } from "./leaving.ts";
import { openSessionAt, type SessionOptions } from "./open_session.ts";
import type { Resolve } from "./look_up.ts";
import type { Platform } from "./platform/platform.ts";
import { onAbort } from "../net/on_abort.ts";
import {
  adaptiveThrottle,
  backoff,
  executedOf,
  hintOf,
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
  resolve?: Resolve;
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

/** A pool; `ready` does with each new session what must be done first. */
export function createPool(
  platform: Platform,
  places: readonly (Address | ByteStream)[],
  options: PoolOptions,
  ready: (session: Session) => Promise<void>,
): Pool {
  const {
    clock = systemClock,
    random = Math.random,
    maxWaiting = 10_000,
    onEvent,
    retry: { attempts = 4, base = 50, cap = 2000, budget: share = 0.2 } = {},
  } = options;
  const emit = (event: ClientEvent): void => guarded(onEvent, event);
  const budget = retryBudget(share, clock);
  const throttle = adaptiveThrottle(clock, random);
  const waiting = new Waiting<PendingCall>(maxWaiting);
  const paused = new Set<PendingCall>();
  const idle = new Condition();
  const abort = new AbortController();
  const { signal } = abort;
  const lookUp = platform.createLookUp(places, clock, options.resolve);
  let hosts: readonly Host[] = [];
  let outstanding = 0;
  let closing: Promise<void> | undefined;
  /** Why there will be no connection any more: a stream that ended cannot be opened again. */
  let gone: ConnectionLost | undefined;

  async function open(host: Host): Promise<void> {
    host.connecting = true;
    const began = clock.now();
    try {
      const session = await openSessionAt(platform, host.place, { ...options, signal }, ready);
      host.session = session;
      observe(host, clock.now() - began, began);
      session.closed.then(() => {
        lost(host, session);
        // What came meanwhile, and found no connection.
        drain();
      });
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
    if (host.connecting || host.session || gone || signal.aborted) {
      return;
    }
    const pause = host.retryAt - clock.now();
    if (pause > 0) {
      host.connecting = true;
      host.stopPause = clock.after(pause, () => {
        host.connecting = false;
        if (waiting.size > 0) connect(host);
      });
      return;
    }
    open(host).then(drain, async (error) => {
      emit({ type: "disconnected", address: host.name, error });
      // Those who wait have seen an attempt fail, unless another may still succeed.
      if (!hosts.some(isOpen)) {
        for (let left = waiting.size; left > 0; left--) {
          const call = waiting.shift()!;
          if (++call.tries < attempts) waiting.add(call, call);
          else give(call, error);
        }
      }
      hosts = await lookUp();
      drain();
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
    if (hosts.length === 1 && isOpen(hosts[0])) return hosts[0];
    const drawn = draw(hosts, clock.now(), random);
    for (const host of drawn) connect(host);
    return drawn.find(isOpen) ?? hosts.find(isOpen);
  }

  function drain(): void {
    while (waiting.size > 0) {
      const host = pick();
      if (!host && !gone) return;
      dispatch(waiting.shift()!, host);
    }
  }

  function dispatch(call: PendingCall, host: Host | undefined = pick()): void {
    try {
      if (host) {
        call.tries++;
        call.triedOn = host;
        if (hosts.length > 1) call.triedAt = clock.now();
        const session = host.session!;
        if (givesAway(call.call)) session.introduce();
        call.sent = session.send(call, call);
      } else if (gone) throw gone;
      else waiting.add(call, call);
    } catch (error) {
      call.reject(error);
    }
  }

  /** Ends a call with the error of its last attempt. */
  function give(call: PendingCall, error: Error): void {
    call.reject(call.maybe ? asMaybe(error) : error);
  }

  function again(call: PendingCall, error: Error): boolean {
    if (gone || signal.aborted || call.unrepeatable || call.tries >= attempts) {
      return false;
    }
    const executed = executedOf(error, call.call.errors);
    if (!isPassing(error) || (executed !== "no" && !call.call.idempotent)) return false;
    const isLost = error instanceof ConnectionLost && executed === "no";
    const ms = isLost ? 0 : hintOf(error) + backoff(call.tries, base, cap, random());
    if (clock.now() + ms >= call.deadline) return false;
    // What was never written costs the server nothing; what one broken connection held, little.
    const isFree = isLost || (!(error instanceof Refusal) && call.triedOn!.failures < 2);
    if (!isFree && (!budget.spend() || throttle.refuses())) return false;
    emit({ type: "retry", verb: call.head, attempt: call.tries, ms, error });
    call.sent = undefined;
    call.maybe ||= executed !== "no";
    const go = (): void => {
      call.stopPause = undefined;
      paused.delete(call);
      dispatch(call);
    };
    if (ms === 0) go();
    else {
      paused.add(call);
      call.stopPause = clock.after(ms, go);
    }
    return true;
  }

  function cut(): void {
    abort.abort();
    for (const { session } of hosts) session?.cut();
    const error = new ConnectionLost("it was closed here", "no");
    for (const call of paused) give(call, error);
    for (let call; (call = waiting.shift());) give(call, error);
  }

  return {
    clock,
    get closed() {
      return (closing ?? gone) !== undefined;
    },
    async start() {
      const { signal } = options;
      signal?.throwIfAborted();
      const unlisten = onAbort(signal, () => abort.abort(signal!.reason));
      try {
        hosts = await lookUp();
        let last: unknown = new ConnectionLost("there is no address", "no");
        // Whichever comes first by lot, and then the others.
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
    submit(call) {
      outstanding++;
      if (closing) {
        call.reject(new ConnectionLost("the connection is closed", "no"));
      } else if (throttle.refuses()) {
        emit({ type: "throttled", verb: call.head });
        call.reject(new Throttled("the server refuses most requests"));
      } else {
        budget.earn();
        dispatch(call);
      }
    },
    answered({ triedOn: host, triedAt }) {
      throttle.tally(true);
      host!.failures = host!.restsUntil = host!.retryAt = 0;
      if (triedAt > 0) observe(host!, clock.now() - triedAt, clock.now());
    },
    failed(call, error) {
      const host = call.triedOn!;
      const { session } = host;
      throttle.tally(!isFailing(error));
      if (session?.error) {
        // Once for all that were in flight.
        lost(host, session);
        failed(host, true);
      } else if (error instanceof Refusal && isFailing(error)) failed(host, false);
      if (!again(call, error)) give(call, error);
    },
    settled(call) {
      if (waiting.size > 0) waiting.delete(call);
      if (paused.size > 0) paused.delete(call);
      if (--outstanding === 0) idle.broadcast();
    },
    close(within = CLOSE_MS) {
      return closing ??= (async () => {
        const stop = clock.after(within, cut);
        while (outstanding > 0) await idle.changed();
        abort.abort();
        for (const host of hosts) host.stopPause?.();
        await Promise.all(hosts.map(({ session }) => session?.close(within)));
        stop();
      })();
    },
  };
}
