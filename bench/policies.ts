/**
 * `deno run --allow-read --allow-write --allow-env bench/policies.ts`: what becomes of a server that
 * is offered more than it can do, by policy. Writes the table of docs/SCHEDULING.md and the plot
 * docs/scheduling.svg; with the same seed (`LINEUP_SEED`) they come out the same.
 *
 * One server, exponential service of 1 ms on average, Poisson arrivals that do not slow down, a
 * deadline of 100 ms. Goodput is what was answered by then, in percent of the capacity.
 */
import { drawPlot, svg } from "../cli/load/svg_plot.ts";
import { CLASSES, Codel, CostEstimate, Scheduler, Ticket } from "../scheduling/mod.ts";
import { exponential, SEED, seededRandom } from "../tests/seeded_random.ts";
import { VirtualClock } from "../tests/virtual_clock.ts";

const DEADLINE = 100;

interface Job {
  readonly arrived: number;
  readonly service: number;
  readonly polite: boolean;
}

/** Takes jobs in, and calls `done` for those that it served; the others are lost. */
type System = (clock: VirtualClock, random: () => number, done: (job: Job) => void) => {
  arrive(job: Job): void;
};

/** Jobs in order of arrival; a policy refuses some when they come and some when their turn comes. */
function fifo(
  policy: () => { most?: number; drops?: (wait: number, now: number, length: number) => boolean },
): System {
  return (clock, _, done) => {
    const { most = Infinity, drops = () => false } = policy();
    let queue: Job[] = [];
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
        if (queue.length - head >= most) return;
        queue.push(job);
        if (!busy) next();
      },
    };
  };
}

/** RFC 8289, section 5, with a target of 5 ms and an interval of 100 ms. */
function rfc8289(): (wait: number, now: number, length: number) => boolean {
  const [target, interval] = [5, 100];
  let above = 0;
  let dropping = false;
  let dropNext = 0;
  let count = 0;
  let lastCount = 0;
  const isLong = (wait: number, now: number, length: number): boolean => {
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
  job!: Job;
}

/** The real scheduler with its defaults, the polite and the flooder each a flow. */
const lineup: System = (clock, random, done) => {
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
      const line = job.polite ? polite : flooder;
      const ticket = new SimulatedTicket(line, command, 100, job.arrived + DEADLINE);
      ticket.job = job;
      scheduler.submit(ticket);
    },
  };
};

const POLICIES: { name: string; colour: string; system: System }[] = [
  { name: "FIFO, unbounded", colour: "#8c8c8c", system: fifo(() => ({})) },
  { name: "FIFO, 50 at most", colour: "#c98a00", system: fifo(() => ({ most: 50 })) },
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

/** What became of the jobs of one kind. */
interface Outcome {
  sent: number;
  good: number;
  latencies: number[];
}

/** Offers `load` and `polite` times the capacity for `ms` milliseconds. */
function simulate(
  system: System,
  load: number,
  ms: number,
  polite = 0,
): { all: Outcome; polite: Outcome } {
  const random = seededRandom(SEED);
  const clock = new VirtualClock();
  const all: Outcome = { sent: 0, good: 0, latencies: [] };
  const few: Outcome = { sent: 0, good: 0, latencies: [] };
  const { arrive } = system(clock, random, (job) => {
    const latency = clock.now() - job.arrived;
    if (latency > DEADLINE) return;
    for (const outcome of job.polite ? [all, few] : [all]) {
      outcome.good++;
      outcome.latencies.push(latency);
    }
  });
  const end = clock.now() + ms;
  const source = (rate: number, isPolite: boolean) => {
    if (rate === 0) return;
    const gap = exponential(random, 1 / rate);
    if (clock.now() + gap >= end) return;
    clock.after(gap, () => {
      for (const outcome of isPolite ? [all, few] : [all]) outcome.sent++;
      arrive({ arrived: clock.now(), service: exponential(random, 1), polite: isPolite });
      source(rate, isPolite);
    });
  };
  source(load, false);
  source(polite, true);
  clock.advance(ms);
  return { all, polite: few };
}

function p99({ latencies }: Outcome): number {
  const sorted = latencies.toSorted((a, b) => a - b);
  return sorted.length === 0 ? NaN : sorted[Math.ceil(0.99 * sorted.length) - 1];
}

function cell(value: number, digits = 0): string {
  return Number.isNaN(value) ? "–" : value.toFixed(digits);
}

/** A table as `deno fmt` leaves it: cells as wide as the widest of their column. */
function markdown(rows: string[][]): string {
  const widths = rows[0].map((_, i) => Math.max(...rows.map((row) => row[i].length)));
  const lines = rows.map((row) => row.map((cell, i) => cell.padEnd(widths[i])).join(" | "));
  lines.splice(1, 0, widths.map((width) => "-".repeat(width)).join(" | "));
  return lines.map((line) => `| ${line} |`).join("\n");
}

function table(): string {
  const loads = [0.95, 2, 5, 10];
  const alone = cell(p99(simulate(lineup, 0, 2_000_000, 0.05).polite), 1);
  const heads = [...loads.map((load) => `${load}x`), `polite beside 100x (alone ${alone} ms)`];
  const rows = POLICIES.map(({ name, system }) => {
    const cells = loads.map((load) => {
      const ms = 400_000 / Math.max(1, load / 2);
      const { all } = simulate(system, load, ms);
      return `${cell(100 * all.good / ms)} / ${cell(p99(all))}`;
    });
    const { polite } = simulate(system, 100, 60_000, 0.05);
    cells.push(`${cell(100 * polite.good / polite.sent, 1)} % / ${cell(p99(polite), 1)}`);
    return [name, ...cells];
  });
  return markdown([["policy", ...heads], ...rows]);
}

const AREA = { left: 60, right: 560, top: 30, bottom: 320 };
const LOADS = [0.5, 0.7, 0.8, 0.9, 1, 1.1, 1.2, 1.4, 1.7, 2, 2.5, 3, 4, 5, 7, 10];

function plot(): string {
  const ms = 30_000;
  const title = "Goodput by offered load and policy";
  const series = POLICIES.map(({ name, colour, system }) => ({
    name,
    colour,
    width: name === "Lineup" ? 3.5 : 1.8,
    points: LOADS.map((load) => {
      const goodput = simulate(system, load, ms).all.good / ms;
      return [load, Math.min(1.05, goodput)] as const;
    }),
  }));
  const drawn = drawPlot({
    title: "goodput: answered within 100 ms, of the capacity",
    series,
    x: {
      name: "offered load, times capacity",
      ticks: [0.5, 1, 2, 5, 10],
      format: (load) => `${load}x`,
      isLog: true,
    },
    y: { name: "", ticks: [0, 0.25, 0.5, 0.75, 1], format: (share) => `${100 * share} %` },
  }, AREA);
  return svg(title, { width: 800, height: 380, isFile: true }, drawn) + "\n";
}

if (import.meta.main) {
  const docs = new URL("../docs/", import.meta.url);
  const page = new URL("SCHEDULING.md", docs);
  const [begin, end] = ["<!-- bench/policies.ts writes this -->", "<!-- up to here -->"];
  const [before, rest] = Deno.readTextFileSync(page).split(begin);
  const after = rest?.split(end)[1];
  if (after === undefined) throw new Error(`${page.pathname} lacks ${begin} or ${end}`);
  Deno.writeTextFileSync(page, `${before}${begin}\n\n${table()}\n\n${end}${after}`);
  Deno.writeTextFileSync(new URL("scheduling.svg", docs), plot());
}
