// The capacity of a server, and its answers to an offered load.

import type { LoadTask } from "./load.ts";
import { LoadProcess, ServerProcess } from "./processes.ts";
import {
  burn,
  DEADLINE,
  NETS,
  PINGS,
  type ServerMemory,
  SERVICE,
  type Settings,
  WARM,
  watch,
} from "./settings.ts";
import type { Report } from "./tally.ts";

/** The capacity of a server: how many BURNs a second it answers if one always waits. */
export async function measureCapacity(settings: Settings): Promise<number> {
  using server = await ServerProcess.start(settings.server);
  settings.progress("capacity");
  return await saturate(server, SERVICE, settings, WARM);
}

async function saturate(
  server: ServerProcess,
  service: number,
  settings: Settings,
  warm: number,
): Promise<number> {
  const task: LoadTask = {
    kind: "closed-loop",
    name: "capacity",
    net: NETS.load,
    connections: 8,
    line: `BURN ${service}`,
    deadline: DEADLINE,
  };
  using load = await LoadProcess.start(server.port, settings.seed, [task]);
  const [{ good, late, seconds }] = await load.run({ warm, measured: settings.loadTime / 2 });
  return (good + late) / seconds;
}

/** The results of an offered load. */
export interface Loaded {
  mode: Mode;
  /** The offered load over the capacity. */
  times: number;
  /** The capacity of the same server, just before or just after the load. */
  capacity: number;
  /** The rate of requests answered within the deadline, over the capacity. */
  goodput: number;
  load: Report;
  ping: Report;
  memory: ServerMemory;
}

/**
 * The kind of requests. A server answers tagged requests as they end. It answers untagged ones in order, and at most one
 * of each connection waits in its queue.
 */
export interface Mode {
  name: string;
  tagged: boolean;
  /** The service time of a request, in milliseconds. */
  service: number;
}

/** Offers a load of so many times the capacity, from 20 clients with five connections each. */
export async function offer(mode: Mode, times: number, settings: Settings): Promise<Loaded> {
  const { name, tagged, service } = mode;
  using server = await ServerProcess.start(settings.server);
  settings.progress(`${name} ${times}x: capacity`);
  const before = await saturate(server, service, settings, WARM);
  const task: LoadTask = {
    kind: "open-loop",
    name: `${name} ${times}x`,
    net: NETS.load,
    addresses: 20,
    connections: 100,
    ...burn(service),
    rate: times * before,
    tagged,
  };
  const load = await LoadProcess.start(server.port, settings.seed, [task], { nice: true });
  const control = await LoadProcess.start(server.port, settings.seed + 1, [PINGS]);
  const start = server.resident();
  const timing = { warm: WARM, measured: settings.loadTime };
  const stop = watch(settings, server, () => [...load.reports, ...control.reports]);
  const [[report], [ping]] = await Promise.all([load.run(timing), control.run(timing)]);
  stop();
  const memory = { start, peak: server.peak, after: server.resident() };
  load[Symbol.dispose]();
  control[Symbol.dispose]();
  const after = await saturate(server, service, settings, WARM / 4);
  // Other programs make the measured capacity smaller, never larger.
  const capacity = Math.max(before, after);
  const goodput = report.good / report.seconds / capacity;
  return { mode, times, capacity, goodput, load: report, ping, memory };
}
