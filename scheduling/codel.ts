/**
 * Tells whether a request has waited too long: CoDel as Facebook runs it for requests
 * (`folly/executors/Codel.cpp`; Maurer, "Fail at Scale", ACM Queue 2015).
 *
 * If even the shortest wait of an interval is above the target, the queue is a standing one: in the next interval Codel
 * sheds each request that waited more than twice the target. The control law of RFC 8289 expects senders to slow down,
 * as TCP does. Clients do not, so it sheds too late (docs/SCHEDULING.md has the figures).
 *
 * @example
 * ```ts
 * import { Codel } from "@lineup/lineup/scheduling";
 * import { assertEquals } from "@std/assert";
 *
 * const codel = new Codel({ target: 10 });
 * assertEquals(codel.overloaded(30, 0), false);
 * assertEquals(codel.overloaded(30, 100), false); // an interval with no short wait is over
 * assertEquals(codel.overloaded(30, 110), true);
 * assertEquals(codel.overloaded(15, 120), false); // under twice the target
 * ```
 */
export class Codel {
  #target: number;
  #interval: number;
  #until = -Infinity;
  #least = 0;
  #overloaded = false;

  /**
   * Starts calm.
   *
   * @param options `target`: the wait below which a good queue falls, in milliseconds (default 10; about ten times the
   * mean service time is right, as a target near the service time sheds at loads that the server could bear);
   * `interval`: how long the wait may stay above the target, in milliseconds (default ten times the target)
   */
  constructor(options: { target?: number; interval?: number } = {}) {
    this.#target = options.target ?? 10;
    this.#interval = options.interval ?? 10 * this.#target;
  }

  /**
   * Takes the wait of the request that has its turn, and tells whether to shed it.
   *
   * @param wait how long it waited, in milliseconds
   * @param now the time, in milliseconds
   */
  overloaded(wait: number, now: number): boolean {
    if (now < this.#until) {
      if (wait < this.#least) this.#least = wait;
      return this.#overloaded && wait > 2 * this.#target;
    }
    // An interval in which no request had its turn says nothing about the present.
    this.#overloaded = this.#least > this.#target && now < this.#until + this.#interval;
    this.#until = now + this.#interval;
    this.#least = wait;
    return false; // one request of each interval passes, so the next interval has a wait to judge by
  }
}
