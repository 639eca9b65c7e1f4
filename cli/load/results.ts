// What the ticks of all threads say together: the figures of a report, and the course of the run.

import { Latencies, type LatencyFigures } from "./histogram.ts";
import type { LoadPlan } from "./plan.ts";
import { showRequest } from "./request.ts";
import { count, type Tick } from "./tally.ts";

/** A piece of the run. */
export interface IntervalReport {
  /** When it ended, in seconds since the measured time began. */
  readonly at: number;
  readonly seconds: number;
  readonly ok: number;
  readonly errors: number;
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
  readonly most: number;
}

/** What became of one kind of request. */
export interface KindReport {
  readonly request: string;
  readonly ok: number;
  readonly errors: number;
  readonly latency: LatencyFigures;
}

/** All that a run has shown; what `--json` prints. Times are in ms, rates in requests a second. */
export interface LoadReport {
  readonly address: string;
  /** When it began, as ISO 8601 says it. */
  readonly started: string;
  readonly loop: "open" | "closed";
  /** As it was asked for; open loop only. */
  readonly rate?: number;
  readonly arrivals?: string;
  readonly connections: number;
  readonly depth: number;
  readonly tagged: boolean;
  readonly threads: number;
  /** How long was measured. */
  readonly seconds: number;
  readonly sent: number;
  readonly ok: number;
  readonly failed: number;
  /** Sent and never answered. */
  readonly unanswered: number;
  /** Due and never sent. */
  readonly unsent: number;
  readonly okRate: number;
  readonly bytesSent: number;
  readonly bytesReceived: number;
  /** Of OK replies, from when their requests were due. */
  readonly latency: LatencyFigures;
  /** How late requests were sent. */
  readonly behind: LatencyFigures;
  readonly errors: Readonly<Record<string, number>>;
  readonly connectionsLost: Readonly<Record<string, number>>;
  readonly requests: readonly KindReport[];
  /** Latencies: how many are above the bound before and up to this one, in ms. */
  readonly histogram: readonly (readonly [upTo: number, count: number])[];
  readonly course: readonly IntervalReport[];
}

const NOTHING = { seconds: 0, ok: 0, errors: 0, p50: 0, p99: 0, p999: 0, most: 0 };
// A run may go on for days; two neighbours are put together where there are more.
const MOST_MOMENTS = 600;

/** A piece of the run that goes on. */
class IntervalRecorder {
  readonly #latency = new Latencies();
  #errors = 0;
  /** When it began, in seconds. */
  since = 0;

  add(latency: string | undefined, errors: number): void {
    this.#latency.add(latency);
    this.#errors += errors;
  }

  /** Ends it; what follows is another. */
  end(at: number): IntervalReport {
    const latency = this.#latency;
    const moment = {
      at,
      seconds: at - this.since,
      ok: latency.count,
      errors: this.#errors,
      p50: latency.percentile(50),
      p99: latency.percentile(99),
      p999: latency.percentile(99.9),
      most: latency.percentile(100),
    };
    latency.reset();
    this.#errors = 0;
    this.since = at;
    return moment;
  }
}

/** Takes ticks in. */
export class LoadResults {
  readonly #plan: LoadPlan;
  readonly #latency = new Latencies();
  readonly #behind = new Latencies();
  readonly #kinds: { latency: Latencies; errors: Record<string, number> }[];
  readonly #lost: Record<string, number> = {};
  #sent = 0;
  #unanswered = 0;
  #unsent = 0;
  // Bytes so far, and when its last tick was, by thread.
  readonly #bytes: { sent: number; received: number }[];
  #at = 0;
  // Of every tick of all threads, and of as many as are shown together.
  readonly #now = new IntervalRecorder();
  readonly #shown = new IntervalRecorder();
  readonly #shownTicks: number;
  #threads = 0;
  #ticks = 0;
  #course: IntervalReport[] = [];
  readonly #started = new Date();

  /** Results of this plan; `add` answers with a moment after so many ticks of each thread. */
  constructor(plan: LoadPlan, shownTicks = 1) {
    this.#plan = plan;
    this.#shownTicks = shownTicks;
    this.#kinds = plan.requests.map(() => ({ latency: new Latencies(), errors: {} }));
    this.#bytes = Array.from({ length: plan.threads }, () => ({ sent: 0, received: 0 }));
  }

  /** Takes in what a thread tells; answers the moment to be shown that has ended with it. */
  add(thread: number, tick: Tick): IntervalReport | undefined {
    for (const [i, { latency, errors }] of tick.kinds.entries()) {
      const kind = this.#kinds[i];
      kind.latency.add(latency);
      this.#latency.add(latency);
      for (const [code, more] of Object.entries(errors)) count(kind.errors, code, more);
      this.#now.add(latency, sum(errors));
      this.#shown.add(latency, sum(errors));
    }
    for (const [why, more] of Object.entries(tick.lost)) count(this.#lost, why, more);
    this.#behind.add(tick.behind);
    this.#sent += tick.sent;
    this.#unanswered += tick.unanswered;
    this.#unsent += tick.unsent;
    this.#bytes[thread] = { sent: tick.bytesSent, received: tick.bytesReceived };
    const at = tick.at / 1000;
    this.#at = Math.max(this.#at, at);
    if (++this.#threads < this.#plan.threads) return undefined;
    this.#threads = 0;
    if (this.#at <= 0) return this.#isShown() ? { ...NOTHING, at } : undefined;
    // The end of the warm-up, and the last tick, may come just behind another.
    const isWhole = this.#at - this.#now.since > this.#plan.tick / 2000;
    if (isWhole) this.#course.push(this.#now.end(this.#at));
    if (this.#course.length > MOST_MOMENTS) this.#course = halve(this.#course);
    return this.#isShown() ? this.#shown.end(this.#at) : undefined;
  }

  #isShown(): boolean {
    if (++this.#ticks < this.#shownTicks) return false;
    this.#ticks = 0;
    return true;
  }

  /** The course with what is left of it, which belongs to its last moment. */
  #end(): readonly IntervalReport[] {
    const rest = this.#now.end(this.#at);
    if (rest.seconds <= 0) return this.#course;
    return [...this.#course.slice(0, -1), ...halve([...this.#course.slice(-1), rest])];
  }

  /** The figures of the whole run, once its last tick was added. */
  report(): LoadReport {
    const { plan, seconds } = { plan: this.#plan, seconds: this.#at };
    const errors: Record<string, number> = {};
    for (const kind of this.#kinds) {
      for (const [code, more] of Object.entries(kind.errors)) count(errors, code, more);
    }
    const ok = this.#latency.count;
    const isOpen = plan.rate !== undefined;
    return {
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
      course: this.#end(),
    };
  }
}

function sum(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, each) => sum + each, 0);
}

/** Neighbours put together; of their percentiles the higher ones. */
function halve(course: readonly IntervalReport[]): IntervalReport[] {
  const halved: IntervalReport[] = [];
  for (let i = 0; i < course.length; i += 2) {
    const [a, b = a] = [course[i], course[i + 1]];
    halved.push(
      a === b ? a : {
        at: b.at,
        seconds: a.seconds + b.seconds,
        ok: a.ok + b.ok,
        errors: a.errors + b.errors,
        p50: Math.max(a.p50, b.p50),
        p99: Math.max(a.p99, b.p99),
        p999: Math.max(a.p999, b.p999),
        most: Math.max(a.most, b.most),
      },
    );
  }
  return halved;
}

// Bounds that a person can read: 1, 2 and 5 of each power of ten, in ms.
const STEPS = [1, 2, 5];

function buckets(latencies: Latencies): (readonly [number, number])[] {
  const found: [number, number][] = [];
  let power = -3;
  let step = 0;
  let bound = 0.001;
  let last: [number, number] | undefined;
  for (const [ms, count] of latencies.values()) {
    while (ms > bound) {
      step = (step + 1) % STEPS.length;
      if (step === 0) power++;
      bound = Number(`${STEPS[step]}e${power}`);
      if (last !== undefined) found.push(last = [bound, 0]);
    }
    if (last === undefined) found.push(last = [bound, 0]);
    last[1] += count;
  }
  return found;
}
