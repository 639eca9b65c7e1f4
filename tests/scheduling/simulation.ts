import {
  CostEstimate,
  type FlowHandle,
  type RefusalReason,
  Scheduler,
  type SchedulerOptions,
  Ticket,
} from "../../scheduling/mod.ts";
import { exponential } from "../seeded_random.ts";
import { VirtualClock } from "../../testing/virtual_clock.ts";

/** A request in a simulation, with its service time. */
export class Request extends Ticket {
  constructor(
    handle: FlowHandle,
    command: CostEstimate,
    deadline: number,
    readonly source: Source,
    readonly service: number,
    readonly arrived: number,
  ) {
    super(handle, command, 100, deadline);
  }
}

/** A source of requests, as a Poisson process or in batches. */
export interface SourceOptions {
  key: string;
  class?: string;
  /** How many requests it sends a millisecond. */
  rate: number;
  /** How many arrive together, which is faster to simulate (default 1). */
  batch?: number;
  /** The flow's connections, used in turn (default 1). */
  connections?: number;
  /** Draws a service time in milliseconds (default: exponential, mean 1). */
  service?: (random: () => number) => number;
  /** The deadline from arrival, in milliseconds (default none). */
  within?: number;
  weight?: number;
}

/** The results of the requests of a source. */
export class Source {
  sent = 0;
  /** How many were answered before their deadline. */
  good = 0;
  late = 0;
  /** The seat time that they used, in milliseconds. */
  used = 0;
  readonly refused: Record<RefusalReason, number> = { busy: 0, quota: 0, expired: 0, draining: 0 };
  /** The waits of all that ran, and the times from arrival to answer of the good ones, in milliseconds. */
  readonly waits: number[] = [];
  readonly latencies: number[] = [];

  constructor(readonly options: SourceOptions, readonly handles: readonly FlowHandle[]) {}
}

/** Options without shedding, refusals and bounds, as theory has them for plain queues. */
export const UNBOUNDED: Partial<SchedulerOptions<Request>> = {
  limits: { flow: Infinity, waiting: 2 ** 40, bytes: 2 ** 50 },
  classes: [
    { name: "control", weight: Infinity, target: Infinity, patience: Infinity },
    { name: "interactive", weight: 8, target: Infinity, patience: Infinity },
    { name: "normal", weight: 4, target: Infinity, patience: Infinity },
    { name: "bulk", weight: 2, target: Infinity, patience: Infinity },
    { name: "background", weight: 1, target: Infinity, patience: Infinity },
  ],
};

/** The real scheduler, clients that do not wait for answers, and servers that work for the service time of a request. */
export class Simulation {
  readonly clock = new VirtualClock();
  readonly sources: Source[] = [];
  readonly scheduler: Scheduler<Request>;
  /** Called when a request ends, with whether it ran. */
  ended: (request: Request, ran: boolean) => void = () => {};
  readonly #random: () => number;
  readonly #command = new CostEstimate();

  constructor(random: () => number, options: Partial<SchedulerOptions<Request>> = {}) {
    this.#random = random;
    this.scheduler = new Scheduler<Request>({
      clock: this.clock,
      random,
      run: (request) => {
        request.source.waits.push(request.waited);
        this.clock.after(request.service, () => this.#answer(request));
      },
      refuse: (request, reason) => {
        request.source.refused[reason]++;
        this.ended(request, false);
      },
      ...options,
    });
  }

  source(options: SourceOptions): Source {
    const { key, class: name = "interactive", connections = 1, weight } = options;
    const handles = Array.from(
      { length: connections },
      () => this.scheduler.openFlow(name, key, { weight }),
    );
    const source = new Source(options, handles);
    this.sources.push(source);
    return source;
  }

  /** Sends one request now. */
  send(source: Source): void {
    const { service = (random) => exponential(random, 1), within = Infinity } = source.options;
    const handle = source.handles[source.sent++ % source.handles.length];
    const now = this.clock.now();
    const time = service(this.#random);
    this.scheduler.submit(new Request(handle, this.#command, now + within, source, time, now));
  }

  /** Lets all sources send for `ms` milliseconds. Waiting requests stay. */
  run(ms: number, sources: readonly Source[] = this.sources): void {
    const end = this.clock.now() + ms;
    for (const source of sources) this.#arrive(source, end);
    this.clock.advance(ms);
  }

  #arrive(source: Source, end: number): void {
    const { rate, batch = 1 } = source.options;
    if (rate === 0) return;
    const gap = exponential(this.#random, batch / rate);
    if (this.clock.now() + gap >= end) return;
    this.clock.after(gap, () => {
      for (let i = 0; i < batch; i++) this.send(source);
      this.#arrive(source, end);
    });
  }

  #answer(request: Request): void {
    const { source } = request;
    const now = this.clock.now();
    source.used += request.service;
    if (now <= request.deadline) {
      source.good++;
      source.latencies.push(now - request.arrived);
    } else {
      source.late++;
    }
    this.scheduler.finish(request);
    this.ended(request, true);
  }
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
}

/** Jain's index of fairness: 1 if all shares are equal, 1/n if one has everything. */
export function jain(values: readonly number[]): number {
  const squares = values.reduce((sum, value) => sum + value * value, 0);
  return (mean(values) * values.length) ** 2 / (values.length * squares);
}
