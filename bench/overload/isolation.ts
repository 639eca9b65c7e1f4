// A polite client beside hostile ones.

import type { ServeOptions } from "../../mod.ts";
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

/** The share of the capacity that a polite client asks for. */
const POLITE_SHARE = 0.05;
// In its first second, a process with 45 requests a second has one that takes 10 ms, whatever the server.
const POLITE_WARM = 2000;
// Longer than the server lingers on a closed connection, so all remains of the scenario are closed and collected.
const REST = 3000;

/** Clients to run beside a polite one. */
export interface Scenario {
  name: string;
  /** Their tasks, from addresses of a network. */
  tasks: (capacity: number, net: number) => LoadTask[];
  /** The options of the server that the scenario needs. */
  server?: ServeOptions;
}

/** The reports of the clients that do no harm. */
export interface HarmlessReports {
  polite: Report;
  ping: Report;
  newcomers: Report;
}

/** The results before a scenario, and beside it. */
export interface Isolated {
  name: string;
  alone: HarmlessReports;
  beside: HarmlessReports;
  hostile: Report[];
  memory: ServerMemory;
}

/** Runs a polite client, PINGs and newcomers by themselves, then beside a scenario. */
export async function isolate(
  { name, tasks, server: needed }: Scenario,
  capacity: number,
  settings: Settings,
): Promise<Isolated> {
  const options = { ...JSON.parse(settings.server), ...needed };
  using server = await ServerProcess.start(JSON.stringify(options));
  await warmUp(server, settings);
  const asking: LoadTask = {
    kind: "open-loop",
    name: "polite",
    net: NETS.polite,
    connections: 4,
    ...burn(SERVICE),
    rate: POLITE_SHARE * capacity,
    tagged: true,
  };
  const coming: LoadTask = {
    kind: "newcomers",
    name: "newcomers",
    net: NETS.newcomers,
    connections: 1,
    rate: 10,
    deadline: DEADLINE,
  };
  // In processes of their own: to connect takes long enough to disturb the measurements of other connections.
  using polite = await LoadProcess.start(server.port, settings.seed, [asking]);
  using others = await LoadProcess.start(server.port, settings.seed, [PINGS, coming]);
  const measure = async (warm: number, measured: number): Promise<HarmlessReports> => {
    const timing = { warm, measured };
    const [[served], [ping, newcomers]] = await Promise.all([
      polite.run(timing),
      others.run(timing),
    ]);
    return { polite: served, ping, newcomers };
  };
  using hostile = await LoadProcess.start(
    server.port,
    settings.seed + 1,
    tasks(capacity, NETS.hostile),
    { openLate: true, nice: true },
  );
  const alone = await measure(POLITE_WARM, settings.aloneTime);
  const start = server.resident();
  const stop = watch(
    { ...settings, progress: (text) => settings.progress(`${name}: ${text}`) },
    server,
    () => [...polite.reports, ...others.reports, ...hostile.reports],
  );
  const running = measure(WARM / 2, settings.besideTime);
  await sleep(WARM / 2);
  await hostile.begin();
  const beside = await running;
  stop();
  const { reports } = hostile;
  const peak = server.peak;
  hostile[Symbol.dispose]();
  await sleep(REST);
  const memory = { start, peak, after: server.resident() };
  return { name, alone, beside, hostile: reports, memory };
}

/** Sends requests of each kind, as the first ones of a process are always slow, and a server runs for long. */
async function warmUp(server: ServerProcess, settings: Settings): Promise<void> {
  const asking = (name: string, line: string, body?: number): LoadTask => {
    return {
      kind: "closed-loop",
      name,
      net: NETS.load,
      connections: 8,
      line,
      body,
      deadline: 1000,
    };
  };
  const tasks: LoadTask[] = [
    asking("requests", "BURN 0.1"),
    asking("bodies", "STORE {65536}", 65_536),
    asking("streams", "STREAM 100"),
    {
      kind: "newcomers",
      name: "newcomers",
      net: NETS.load,
      connections: 1,
      rate: 100,
      deadline: 1000,
    },
  ];
  using load = await LoadProcess.start(server.port, settings.seed, tasks);
  await load.run({ warm: 0, measured: 2 * WARM });
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
