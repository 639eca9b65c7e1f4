// Whether both ends of a session are still there: a peer that has vanished says nothing at all. The client asks the
// server while it owes an answer, and shows the server that it lives.

import type { Clock } from "../scheduling/clock.ts";
import { ConnectionLost } from "./errors.ts";

/** A connection that lasts so long introduces itself, in ms. */
const LASTING_MS = 1000;
/** The heartbeats that a server can be told of, in ms. */
const SHORTEST_BEAT = 1000, LONGEST_BEAT = 3_600_000;

/** The session as its liveness sees it. */
export interface LivenessTarget {
  /** Whether answers are owed. */
  owed(): boolean;
  /** Whether answers are read. */
  reads(): boolean;
  /** Sends a PING; its answer is ignored. */
  ping(): void;
  /** Sends an empty line, which has no answer. */
  blank(): void;
  /** Sends HELLO with these words, and calls `accepted` once the server has taken them. */
  hello(text: string, accepted: () => void): void;
  /** Nothing came for too long, not even the answer to a PING. */
  lost(error: ConnectionLost): void;
}

/** The liveness of a session. */
export interface Liveness {
  /** A request was sent: an answer is owed. */
  sent(): void;
  /** Something came. */
  heard(): void;
  /** Tells the server, once, the heartbeat and that the client is gone where its side ends. */
  introduce(): void;
  /** The session is over. */
  stop(): void;
}

/** The words of HELLO about a heartbeat of `ms` milliseconds; none where it is too long. */
export function heartbeatOption(ms: number): string {
  return ms > LONGEST_BEAT ? "" : ` heartbeat=${Math.max(SHORTEST_BEAT, Math.ceil(ms))}ms`;
}

/**
 * Watches over a session. Where an answer is owed, it looks every `beat` milliseconds whether anything came, then sends a
 * PING, and gives up when nothing comes for as long again. Once the server knows the heartbeat, something is sent at least
 * that often. `Infinity` for neither.
 */
export function createLiveness(clock: Clock, beat: number, target: LivenessTarget): Liveness {
  let hasSent = false, hasHeard = false, hasAsked = false, isIntroduced = false;
  let stopListening: (() => void) | undefined;
  let stopShowing = (): void => {};
  let stopIntroducing = clock.after(beat === Infinity ? Infinity : LASTING_MS, introduceLater);

  function listen(): void {
    if (beat < Infinity) stopListening ??= clock.after(beat, look);
  }

  function look(): void {
    stopListening = undefined;
    const isSilent = target.owed() && target.reads() && !hasHeard;
    if (isSilent && hasAsked) {
      const message = `the server said nothing for ${2 * beat} ms`;
      return target.lost(new ConnectionLost(message, "maybe"));
    }
    hasHeard = false;
    hasAsked = isSilent;
    if (!target.owed()) return;
    listen();
    if (isSilent) target.ping();
  }

  function show(): void {
    stopShowing = clock.after(beat / 2, () => {
      // While items are not taken, the answer to a PING could not be read.
      if (!hasSent) target.reads() ? target.ping() : target.blank();
      hasSent = false;
      show();
    });
  }

  function introduceLater(): void {
    // The answer to HELLO would have to be read as well.
    if (target.reads()) introduce();
    else stopIntroducing = clock.after(LASTING_MS, introduceLater);
  }

  function introduce(): void {
    if (isIntroduced) return;
    isIntroduced = true;
    target.hello(` lineup/1 half-close=off events=on${heartbeatOption(beat)}`, () => {
      if (beat <= LONGEST_BEAT) show();
    });
  }

  return {
    sent() {
      hasSent = true;
      listen();
    },
    heard() {
      hasHeard = true;
    },
    introduce,
    stop() {
      stopListening?.();
      stopShowing();
      stopIntroducing();
    },
  };
}
