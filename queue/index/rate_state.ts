import type { Due } from "./deadlines.ts";
import { Pace } from "./pace.ts";
import { bounds } from "../bounds.ts";
import type { Queue } from "./queue.ts";
import { hasRules, type QueueLimits } from "../store/store.ts";
import type { KeyState } from "./key_state.ts";

/** The least share and the least rate, one job in 28 hours: less would be a pause under another name. */
const LEAST = { rate: 0.00001, weight: 0.001 } as const;

/** Rules that say nothing. */
export function noRules(queue: string, key: string): QueueLimits {
  return { queue, key, paused: false, running: 0, rate: 0, weight: 0, depth: 0 };
}

/** Above this rate what is owed is over within a moment, and a restart may forget it. */
const SLOW = 10;

/** What is wrong with rules, in words; `undefined` for none. */
export function wrongRule(rules: Pick<QueueLimits, keyof typeof LEAST>): string | undefined {
  for (const name of ["rate", "weight"] as const) {
    const [value, least, { max }] = [rules[name], LEAST[name], bounds[name]];
    if (value === 0 || (value >= least && value <= max)) continue;
    return `${name} must be ${least} to ${max}, or 0 to lift it, not ${value}`;
  }
}

/** Rules whose rate and weight are within bounds: the next ones where they were not. */
export function bounded(rules: QueueLimits): QueueLimits {
  const bound = (name: keyof typeof LEAST): number =>
    rules[name] > 0 ? Math.min(Math.max(rules[name], LEAST[name]), bounds[name].max) : 0;
  return { ...rules, rate: bound("rate"), weight: bound("weight") };
}

/** The rules of a queue or of one of its keys, and whether its rate holds it back. */
export class RateState implements Due {
  place = -1;
  /** When its rate lets the next job go. */
  due = 0;
  rules: QueueLimits;
  /** Whose they are: a queue's own where this is `undefined`. */
  readonly tenant: KeyState | undefined;
  readonly queue: Queue;
  readonly pace: Pace;

  constructor(queue: Queue, tenant: KeyState | undefined, pace: Pace = new Pace()) {
    this.queue = queue;
    this.tenant = tenant;
    this.pace = pace;
    this.rules = noRules(queue.name, tenant?.key ?? "");
  }

  /** Whether they say anything. */
  get some(): boolean {
    return hasRules(this.rules);
  }

  /** Other rules. Returns whether none may be taken before `due`. */
  set({ paid, ...rules }: QueueLimits, now: number): boolean {
    if (rules.rate !== this.pace.rate) this.pace.set(rules.rate, now);
    if (paid !== undefined) this.pace.restore(paid, now);
    this.rules = rules;
    return this.#mustWait(now);
  }

  /** The rules as they are stored. */
  kept(now: number): QueueLimits {
    const { rules } = this;
    if (!this.isSlow) return rules;
    const paid = this.pace.paid(now);
    return paid > now ? { ...rules, paid } : rules;
  }

  /** Whether what is owed at its rate is to outlast a restart. */
  get isSlow(): boolean {
    return this.rules.rate > 0 && this.rules.rate < SLOW;
  }

  /** Whether none may be taken now where so many are. */
  block(taken: number): boolean {
    const { paused, running } = this.rules;
    return paused || this.place !== -1 || (running > 0 && taken >= running);
  }

  /** Counts one that is taken. Returns whether none may follow before `due`. */
  spend(now: number): boolean {
    if (this.pace.rate === 0) return false;
    this.pace.spend(now);
    return this.#mustWait(now);
  }

  /** One that was counted was not taken after all. Returns whether none may be taken before `due` nevertheless. */
  refund(now: number): boolean {
    this.pace.refund(now);
    return this.#mustWait(now);
  }

  #mustWait(now: number): boolean {
    const wait = this.pace.wait(now);
    this.due = now + wait;
    return wait > 0;
  }
}
