// The systems that bench/policies.ts compares: one server, and a policy for its queue.

import { CLASSES, Codel, CostEstimate, Scheduler, Ticket } from "../../scheduling/mod.ts";
import type { VirtualClock } from "../../testing/virtual_clock.ts";

/** The deadline of a job, in milliseconds after its arrival. */
export const DEADLINE = 100;

/** One job. */
export interface SimulatedJob {
  /** In milliseconds of the clock. */
  readonly arrived: number;
  /** How long the server works on it, in milliseconds. */
  readonly service: number;
  /** Whether it is of the polite client, not of the flooder. */
  readonly polite: boolean;
}

/** Takes jobs, and calls `done` for each job that it serves; the others are lost. */
export type System = (
  clock: VirtualClock,
  random: () => number,
  done: (job: SimulatedJob) => void,
) => {
  arrive(job: SimulatedJob): void;
};

/** Whether to drop a job that has its turn, after a wait, at a time, with so many jobs behind it. */
type Drops = (wait: number, now: number, length: number) => boolean;

/** First in, first out: refuses jobs beyond a length on arrival, and drops some of those that have their turn. */
function fifo(policy: () => { longest?: number; drops?: Drops }): System {
  return (clock, _, done) => {
    const { longest = Infinity, drops = () => false } = policy();
    let queue: SimulatedJob[] = [];
    let head = 0;
    let busy = false;
    const next = () => {
      busy = false;
      while (head < queue.length && !busy) {
        const job = queue[head++];
        if (drops(clock.now() - job.arrived, clock.now(), queue.length - head)) continue;
        busy = true;
        clock.after(job.service, () => {
          done(job);
          next();
        });
      }
      if (head > 1_000 && head > queue.length / 2) {
        queue = queue.slice(head);
        head = 0;
      }
    };
    return {
      arrive(job) {
        if (queue.length - head >= longest) return;
        queue.push(job);
        if (!busy) next();
      },
    };
  };
}

/** CoDel of RFC 8289, section 5, with a target of 5 ms and an interval of 100 ms. */
function rfc8289(): Drops {
  const [target, interval] = [5, 100];
  let above = 0;
  let dropping = false;
  let dropNext = 0;
  let count = 0;
  let lastCount = 0;
  const isLong: Drops = (wait, now, length) => {
    if (wait < target || length === 0) {
      above = 0;
      return false;
    }
    if (above === 0) above = now + interval;
    return above !== now + interval && now >= above;
  };
  return (wait, now, length) => {
    const long = isLong(wait, now, length);
    if (dropping) {
      if (!long) dropping = false;
      else if (now >= dropNext) {
        count++;
        dropNext += interval / Math.sqrt(count);
        return true;
      }
      return false;
    }
    if (!long) return false;
    dropping = true;
    const delta = count - lastCount;
    count = delta > 1 && now - dropNext < 16 * interval ? delta : 1;
    lastCount = count;
    dropNext = now + interval / Math.sqrt(count);
    return true;
  };
}

class SimulatedTicket extends Ticket {
  job!: SimulatedJob;
}

/** The scheduler of Lineup with its defaults; the polite client and the flooder have a flow each. */
export const lineup: System = (clock, random, done) => {
  const scheduler: Scheduler<SimulatedTicket> = new Scheduler({
    clock,
    random,
    run: (ticket) => {
      clock.after(ticket.job.service, () => {
        done(ticket.job);
        scheduler.finish(ticket);
      });
    },
    refuse: () => {},
  });
  const command = new CostEstimate();
  const [flooder, polite] = ["flooder", "polite"].map((key) =>
    scheduler.openFlow(CLASSES[2].name, key)
  );
  return {
    arrive(job) {
      const handle = job.polite ? polite : flooder;
      const ticket = new SimulatedTicket(handle, command, 100, job.arrived + DEADLINE);
      ticket.job = job;
      scheduler.submit(ticket);
    },
  };
};

/** The systems, with their names and colours in the plot. */
export const POLICIES: readonly { name: string; colour: string; system: System }[] = [
  { name: "FIFO, unbounded", colour: "#8c8c8c", system: fifo(() => ({})) },
  { name: "FIFO, 50 at most", colour: "#c98a00", system: fifo(() => ({ longest: 50 })) },
  { name: "CoDel of RFC 8289", colour: "#c23b22", system: fifo(() => ({ drops: rfc8289() })) },
  {
    name: "FIFO, the expired dropped",
    colour: "#7a4fbf",
    system: fifo(() => ({ drops: (wait) => wait > DEADLINE })),
  },
  {
    name: "CoDel of folly, 5 ms",
    colour: "#1f77b4",
    system: fifo(() => {
      const codel = new Codel({ target: 5, interval: 100 });
      return { drops: (wait, now) => codel.overloaded(wait, now) };
    }),
  },
  { name: "Lineup", colour: "#0a7d33", system: lineup },
];
