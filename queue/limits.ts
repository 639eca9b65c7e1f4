import { RateLimiter } from "../scheduling/rate_limiter.ts";
import type { Due } from "./deadlines.ts";
import type { Queue } from "./queue.ts";
import { hasRules, type Rules } from "./store.ts";
import type { Tenant } from "./tenant.ts";

/** What a rate lets through at once, in seconds of it: so a timer that rings late costs none of it. */
const BURST = 0.1;

/** Rules that say nothing. */
export function noRules(queue: string, key: string): Rules {
  return { queue, key, paused: false, running: 0, rate: 0, weight: 0, depth: 0 };
}

/** The rules of a queue or of one of its keys, and whether its rate holds it back. */
export class Limits implements Due {
  place = -1;
  /** When its rate lets the next job go. */
  due = 0;
  rules: Rules;
  /** Whose they are: a queue's own where this is `undefined`. */
  readonly tenant: Tenant | undefined;
  readonly queue: Queue;
  #limiter: RateLimiter | undefined = undefined;

  constructor(queue: Queue, tenant: Tenant | undefined) {
    this.queue = queue;
    this.tenant = tenant;
    this.rules = noRules(queue.name, tenant?.key ?? "");
  }

  /** Whether they say anything. */
  get some(): boolean {
    return hasRules(this.rules);
  }

  /** Other rules: a new rate begins anew. */
  set(rules: Rules): void {
    const { rate } = rules;
    if (rate !== this.rules.rate) {
      const burst = Math.max(1, rate * BURST);
      this.#limiter = rate > 0 ? new RateLimiter({ rate, burst, keys: 1 }) : undefined;
    }
    this.rules = rules;
  }

  /** Whether none may be taken now where so many are. */
  block(taken: number): boolean {
    const { paused, running } = this.rules;
    return paused || this.place !== -1 || (running > 0 && taken >= running);
  }

  /** Counts one that is taken. Returns whether none may follow before `due`. */
  spend(now: number): boolean {
    if (this.#limiter === undefined) return false;
    this.#limiter.take("", now);
    const wait = this.#limiter.wait("", now);
    this.due = now + wait;
    return wait > 0;
  }
}
