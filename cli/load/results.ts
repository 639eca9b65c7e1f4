// The ticks of all threads, added up to the report of the run.

import { Course, IntervalRecorder } from "./course.ts";
import { buckets, Latencies } from "./histogram.ts";
import type { LoadPlan } from "./plan.ts";
import type { IntervalReport, LoadReport, RunOrigin } from "./report.ts";
import { showRequest } from "./request.ts";
import { count, type Tick } from "./tally.ts";

const WARM_UP = { seconds: 0, ok: 0, errors: 0, p50: 0, p99: 0, p999: 0, most: 0 };

/** Adds up the ticks of a run. */
export class LoadResults {
  readonly #plan: LoadPlan;
  readonly #latency = new Latencies();
  readonly #behind = new Latencies();
  readonly #kinds: { latency: Latencies; errors: Record<string, number> }[];
  readonly #lost: Record<string, number> = {};
  #sent = 0;
  #unanswered = 0;
  #unsent = 0;
  /** The bytes of each thread so far. */
  readonly #bytes: { sent: number; received: number }[];
  /** When the last tick was, in seconds since the measured time began. */
  #at = 0;
  readonly #course = new Course();
  /** The interval that is shown next; it has `#shownTicks` ticks of each thread. */
  readonly #shown = new IntervalRecorder();
  readonly #shownTicks: number;
  #threads = 0;
  #ticks = 0;
  readonly #started = new Date();

  /** `add` returns an interval to show after `shownTicks` ticks of each thread. */
  constructor(plan: LoadPlan, shownTicks = 1) {
    this.#plan = plan;
    this.#shownTicks = shownTicks;
    this.#kinds = plan.requests.map(() => ({ latency: new Latencies(), errors: {} }));
    this.#bytes = Array.from({ length: plan.threads }, () => ({ sent: 0, received: 0 }));
  }

  /** Adds a thread's tick. Returns an interval to show if one has ended. */
  add(thread: number, tick: Tick): IntervalReport | undefined {
    for (const [i, { latency, errors }] of tick.kinds.entries()) {
      const kind = this.#kinds[i];
      kind.latency.add(latency);
      this.#latency.add(latency);
      for (const [code, more] of Object.entries(errors)) count(kind.errors, code, more);
      this.#course.add(latency, sum(errors));
      this.#shown.add(latency, sum(errors));
    }
    for (const [reason, more] of Object.entries(tick.lost)) count(this.#lost, reason, more);
    this.#behind.add(tick.behind);
    this.#sent += tick.sent;
    this.#unanswered += tick.unanswered;
    this.#unsent += tick.unsent;
    this.#bytes[thread] = { sent: tick.bytesSent, received: tick.bytesReceived };
    const at = tick.at / 1000;
    this.#at = Math.max(this.#at, at);
    if (++this.#threads < this.#plan.threads) return undefined;
    this.#threads = 0;
    if (this.#at <= 0) return this.#isShown() ? { ...WARM_UP, at } : undefined;
    // The first tick after the warm-up and the last tick may come shortly after another one.
    this.#course.end(this.#at, this.#plan.tick / 2000);
    return this.#isShown() ? this.#shown.end(this.#at) : undefined;
  }

  #isShown(): boolean {
    if (++this.#ticks < this.#shownTicks) return false;
    this.#ticks = 0;
    return true;
  }

  /** The report of the whole run. To be called once, after the last tick. */
  report(origin: RunOrigin): LoadReport {
    const { plan, seconds } = { plan: this.#plan, seconds: this.#at };
    const errors: Record<string, number> = {};
    for (const kind of this.#kinds) {
      for (const [code, more] of Object.entries(kind.errors)) count(errors, code, more);
    }
    const ok = this.#latency.count;
    const isOpen = plan.rate !== undefined;
    return {
      ...origin,
      address: plan.address,
      started: this.#started.toISOString(),
      loop: isOpen ? "open" : "closed",
      ...(isOpen && { rate: plan.rate, arrivals: plan.arrivals }),
      connections: plan.connections,
      depth: plan.depth,
      tagged: plan.tagged,
      threads: plan.threads,
      seconds,
      sent: this.#sent,
      ok,
      failed: sum(errors),
      unanswered: this.#unanswered,
      unsent: this.#unsent,
      okRate: seconds > 0 ? ok / seconds : 0,
      bytesSent: this.#bytes.reduce((sum, { sent }) => sum + sent, 0),
      bytesReceived: this.#bytes.reduce((sum, { received }) => sum + received, 0),
      latency: this.#latency.figures(),
      behind: this.#behind.figures(),
      errors,
      connectionsLost: this.#lost,
      requests: this.#kinds.map(({ latency, errors }, i) => ({
        request: showRequest(plan.requests[i]),
        ok: latency.count,
        errors: sum(errors),
        latency: latency.figures(),
      })),
      histogram: buckets(this.#latency),
      course: this.#course.intervals(this.#at),
    };
  }
}

function sum(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, each) => sum + each, 0);
}
