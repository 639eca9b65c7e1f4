// Calls in flight: each takes a connection, waits for one, or pauses before its next attempt.

import type { Address } from "../net/address.ts";
import { systemClock } from "../net/clock.ts";
import { Condition } from "../net/condition.ts";
import type { ByteStream } from "../net/stream.ts";
import { type CallDispatcher, guarded, type PendingCall } from "./call.ts";
import { asMaybe, ConnectionLost, Throttled } from "./errors.ts";
import { createEndpointConnections } from "./endpoint_connections.ts";
import type { Endpoint } from "./endpoints.ts";
import { losesItems } from "./leaving.ts";
import type { Platform } from "./platform/platform.ts";
import type { ClientEvent, PoolOptions } from "./pool_options.ts";
import { executedOf } from "./retry.ts";
import { createRetryPolicy } from "./retry_policy.ts";
import type { Session } from "./session.ts";
import { SendQueue } from "./send_queue.ts";

/** Sends calls to one of several addresses. */
export interface Pool extends CallDispatcher {
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

/** A pool; `ready` prepares each new session. */
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
    retry: { attempts = 4, base = 50, cap = 2000, budget = 0.2 } = {},
  } = options;
  const emit = (event: ClientEvent): void => guarded(onEvent, event);
  const policy = createRetryPolicy({ attempts, base, cap, budget }, clock, random);
  const waiting = new SendQueue<PendingCall>(maxWaiting);
  const paused = new Set<PendingCall>();
  const idle = new Condition();
  let outstanding = 0;
  let closing: Promise<void> | undefined;
  let isCut = false;

  const connections = createEndpointConnections(
    platform,
    places,
    { ...options, clock, random },
    { base, cap },
    {
      ready,
      emit,
      changed: drain,
      isWanted: () => waiting.size > 0,
      // An attempt of each waiting call has failed.
      unreachable(error) {
        for (let left = waiting.size; left > 0; left--) {
          const call = waiting.shift()!;
          call.tries++;
          if (!policy.hasMore(call)) give(call, error);
          else {
            repeat(call, error, 0);
            waiting.add(call, call);
          }
        }
      },
    },
  );

  function drain(): void {
    while (waiting.size > 0) {
      const endpoint = connections.pick();
      if (!endpoint && !connections.gone) return;
      dispatch(waiting.shift()!, endpoint);
    }
  }

  function dispatch(call: PendingCall, endpoint: Endpoint | undefined = connections.pick()): void {
    try {
      if (endpoint) {
        call.tries++;
        call.triedOn = endpoint;
        if (!connections.isSingle) call.triedAt = clock.now();
        const session = endpoint.session!;
        if (losesItems(call.call)) session.introduce();
        call.sent = session.send(call, call);
      } else if (connections.gone) throw connections.gone;
      else waiting.add(call, call);
    } catch (error) {
      call.reject(error);
    }
  }

  /** Ends a call with the error of its last attempt. */
  function give(call: PendingCall, error: Error): void {
    call.reject(call.maybe ? asMaybe(error) : error);
  }

  /** Tells that a call is sent again. */
  function repeat(call: PendingCall, error: Error, ms: number): void {
    const { head: verb, tries: attempt, triedOn } = call;
    const info = { verb, address: triedOn?.name, attempt, ms, error };
    emit({ type: "retry", ...info });
    guarded(call.onRetry, info);
  }

  /** Sends a call again, at once or after a pause; false where it has no further attempt. */
  function again(call: PendingCall, error: Error): boolean {
    if (connections.gone || isCut) return false;
    const ms = policy.pauseFor(call, error);
    if (ms === undefined) return false;
    repeat(call, error, ms);
    call.sent = undefined;
    call.maybe ||= executedOf(error, call.call.errors) !== "no";
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
    isCut = true;
    connections.cut();
    const error = new ConnectionLost("it was closed here", "no");
    for (const call of paused) give(call, error);
    for (let call; (call = waiting.shift());) give(call, error);
  }

  return {
    clock,
    get closed() {
      return (closing ?? connections.gone) !== undefined;
    },
    start: connections.start,
    submit(call) {
      outstanding++;
      if (closing) {
        call.reject(new ConnectionLost("the connection is closed", "no"));
      } else if (!policy.admits()) {
        emit({ type: "throttled", verb: call.head });
        call.reject(new Throttled("the server refuses most requests"));
      } else dispatch(call);
    },
    answered({ triedOn, triedAt }) {
      policy.tally(undefined);
      connections.answered(triedOn!, triedAt);
    },
    failed(call, error) {
      policy.tally(error);
      connections.failed(call.triedOn!, error);
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
        await connections.close(within);
        stop();
      })();
    },
  };
}
