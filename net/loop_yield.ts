// Long work goes on in slices. Between two slices it yields to the event loop, so that sockets have their turn.

import { setImmediate } from "node:timers";

/** A way to wait for the next turn of the event loop. */
export interface LoopYield {
  /** Calls `go` once the event loop has served everything else. */
  next(go: () => void): void;
  close(): void;
}

/** For streams that are no sockets: memory in tests. */
export const immediateTurns: LoopYield = {
  next: (go) => void setImmediate(go),
  close() {},
};

// Needs no permission, but wastes the rest of a millisecond.
const timerTurns: LoopYield = {
  next: (go) => void setTimeout(go, 0),
  close() {},
};

/**
 * Turns in which sockets are served. `setImmediate` does not suffice: while anything else is ready, the runtime below
 * Deno (tokio) asks the system for the events of sockets only every 61st time. So we send a byte to ourselves through a
 * socket: the runtime must ask the system to receive it (the self-pipe trick of D. J. Bernstein).
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
    // Another program of this machine may have connected first.
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
    // The read comes first: after the write it would find its byte at once, without asking the system.
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
