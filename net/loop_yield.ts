// The event loop's turns: work that goes on in slices lets sockets have their turn between two of them.

import { setImmediate } from "node:timers";

/** Who waits for the next turn of the event loop. */
export interface LoopYield {
  /** Calls `go` once the event loop has looked after everything else. */
  next(go: () => void): void;
  close(): void;
}

/** For streams that are no sockets: memory in tests. */
export const immediateTurns: LoopYield = {
  next: (go) => void setImmediate(go),
  close() {},
};

// Needs no permission but wastes what is left of a millisecond.
const timerTurns: LoopYield = {
  next: (go) => void setTimeout(go, 0),
  close() {},
};

/**
 * Turns in which sockets are looked at. `setImmediate` does not do it: while anything else is ready, the runtime below
 * Deno (tokio) asks the system for what sockets have every 61st time only. What comes through a socket itself, a byte
 * that we send to ourselves, cannot be had without asking (the self-pipe trick of D. J. Bernstein).
 */
export async function openLoopYield(): Promise<LoopYield> {
  try {
    return new SocketTurns(...await socketPair());
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) return timerTurns;
    throw error;
  }
}

async function socketPair(): Promise<[Deno.TcpConn, Deno.TcpConn]> {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const near = await Deno.connect({ hostname: "127.0.0.1", port: listener.addr.port });
  for (;;) {
    const far = await listener.accept();
    // Anybody on this machine may have connected first.
    if (far.remoteAddr.port === near.localAddr.port) {
      near.setNoDelay(true);
      return [near, far];
    }
    far.close();
  }
}

const BYTE = new Uint8Array(1);

class SocketTurns implements LoopYield {
  readonly #near: Deno.TcpConn;
  readonly #far: Deno.TcpConn;
  readonly #buffer = new Uint8Array(1);
  #waiting: (() => void)[] = [];
  #closed = false;

  constructor(near: Deno.TcpConn, far: Deno.TcpConn) {
    this.#near = near;
    this.#far = far;
  }

  next(go: () => void): void {
    if (this.#closed) return immediateTurns.next(go);
    if (this.#waiting.push(go) > 1) return;
    // The read first, or it would find its byte at once.
    this.#far.read(this.#buffer).then(this.#turn, this.#turn);
    this.#near.write(BYTE).catch(() => {});
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#near.close();
    this.#far.close();
  }

  readonly #turn = (): void => {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const go of waiting) go();
  };
}
