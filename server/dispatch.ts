// Who goes next. This is the seam for the scheduler: what is behind it knows nothing of bytes or replies.

/** A request as the dispatcher sees it. */
export interface Waiting {
  /** Starts the request; it calls `finish` when it needs its seat no longer. */
  start(): void;
  /** The request will not be served, now or in at least `retry` milliseconds. */
  refuse(retry: number): void;
}

/** Gives seats to requests, one each while it runs. */
export interface Dispatcher {
  /** A new request: starts it, keeps it waiting, or refuses it. */
  submit(request: Waiting): void;
  /** A request that gave its seat back goes on: it is never refused. */
  resume(request: Waiting): void;
  /** A waiting request is no longer wanted. */
  withdraw(request: Waiting): void;
  /** A running request gives its seat back. */
  finish(request: Waiting): void;
  /** Requests that run. */
  readonly running: number;
  /** Requests that wait. */
  readonly waiting: number;
}

/** Starts requests in the order in which they arrive, at most `seats` at once; beyond `room` waiting ones are refused. */
export function arrivalOrder(seats: number, room: number): Dispatcher {
  const queue = new Set<Waiting>();
  let running = 0;
  let starting = false;

  // A request that ends while it starts calls `finish`, so this is a loop and not a recursion.
  const next = (): void => {
    if (starting) return;
    starting = true;
    while (running < seats && queue.size > 0) {
      const [first] = queue;
      queue.delete(first);
      running++;
      first.start();
    }
    starting = false;
  };

  return {
    get running(): number {
      return running;
    },
    get waiting(): number {
      return queue.size;
    },
    submit(request: Waiting): void {
      if (running < seats && queue.size === 0) {
        running++;
        request.start();
      } else if (queue.size < room) queue.add(request);
      else request.refuse(RETRY);
    },
    resume(request: Waiting): void {
      queue.add(request);
      next();
    },
    withdraw(request: Waiting): void {
      queue.delete(request);
    },
    finish(): void {
      running--;
      if (queue.size > 0) next();
    },
  };
}

const RETRY = 1000;
