// One run each: the capacity, an offered load, a polite client beside somebody.

import type { ServeOptions } from "../../mod.ts";
import type { Task } from "./load.ts";
import { LoadProcess, ServerProcess } from "./processes.ts";
import type { Report } from "./tally.ts";

/** In ms: what is answered later is of no use to its client. Half of it is the longest wait in line. */
export const DEADLINE = 100;
/** Of the command that the load consists of, in ms. */
export const SERVICE = 1;
/** The share of the capacity that a polite client asks for. */
export const POLITE = 0.05;

const burn = (ms: number) => ({ line: `BURN ${ms} within=${DEADLINE}ms`, deadline: DEADLINE });
// Who comes from where: to the server 127.1.0.1 and 127.2.0.1 are different clients.
const [POLITE_NET, PING_NET, NEWCOMER_NET, LOAD_NET, HOSTILE_NET] = [1, 2, 3, 4, 5];

/** What holds for all runs. */
export interface Settings {
  seed: number;
  /** Options of the server, as JSON. */
  server: string;
  /** What runs just now, for people who watch. */
  progress: (text: string) => void;
  /** Of one measurement, in ms: of an offered load, of a polite client before somebody comes, and beside them. */
  loadTime: number;
  aloneTime: number;
  besideTime: number;
}

/** Of the server, in bytes. */
export interface Memory {
  start: number;
  peak: number;
  after: number;
}

const WARM = 1000;
// In the first second a process that makes 45 requests a second has one that takes 10 ms, whoever it asks.
const POLITE_WARM = 2000;
// Until what the scenario left behind is closed and collected: longer than the server lingers on a closed connection.
const REST = 3000;

const CONTROL: Task = {
  kind: "open-loop",
  name: "PING",
  net: PING_NET,
  connections: 1,
  line: "PING",
  deadline: DEADLINE,
  rate: 50,
  tagged: false,
};

/** How many BURNs a second a server answers when there is always one to do. */
export async function capacity(settings: Settings): Promise<number> {
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
  const task: Task = {
    kind: "closed-loop",
    name: "capacity",
    net: LOAD_NET,
    connections: 8,
    line: `BURN ${service}`,
    deadline: DEADLINE,
  };
  using load = await LoadProcess.start(server.port, settings.seed, [task]);
  const [{ good, late, seconds }] = await load.run({ warm, measured: settings.loadTime / 2 });
  return (good + late) / seconds;
}

/** What came of an offered load. */
export interface Loaded {
  mode: Mode;
  /** Offered, in times the capacity. */
  times: number;
  /** Requests a second that the same server answered just before and just after, when there was always one to do. */
  capacity: number;
  /** Answered within the deadline, in times the capacity. */
  goodput: number;
  load: Report;
  ping: Report;
  memory: Memory;
}

/** Tagged requests are answered as they end; untagged ones in order, and not more than one of a connection lines up. */
export interface Mode {
  name: string;
  tagged: boolean;
  /** Of a request, in ms. */
  service: number;
}

/** Offers so many times the capacity, from 20 clients with five connections each. */
export async function offer(mode: Mode, times: number, settings: Settings): Promise<Loaded> {
  const { name, tagged, service } = mode;
  using server = await ServerProcess.start(settings.server);
  settings.progress(`${name} ${times}x: capacity`);
  const before = await saturate(server, service, settings, WARM);
  const task: Task = {
    kind: "open-loop",
    name: `${name} ${times}x`,
    net: LOAD_NET,
    addresses: 20,
    connections: 100,
    ...burn(service),
    rate: times * before,
    tagged,
  };
  const load = await LoadProcess.start(server.port, settings.seed, [task], { nice: true });
  const control = await LoadProcess.start(server.port, settings.seed + 1, [CONTROL]);
  const start = server.resident();
  const timing = { warm: WARM, measured: settings.loadTime };
  const stop = watch(settings, server, () => [...load.reports, ...control.reports]);
  const [[report], [ping]] = await Promise.all([load.run(timing), control.run(timing)]);
  stop();
  const memory = { start, peak: server.peak, after: server.resident() };
  load[Symbol.dispose]();
  control[Symbol.dispose]();
  const after = await saturate(server, service, settings, WARM / 4);
  // What other programs take meanwhile makes it less, never more.
  const capacity = Math.max(before, after);
  const goodput = report.good / report.seconds / capacity;
  return { mode, times, capacity, goodput, load: report, ping, memory };
}

/** Somebody to be beside. */
export interface Scenario {
  name: string;
  /** What they do, from addresses of the net that they are given. */
  tasks: (capacity: number, net: number) => Task[];
  /** Options of the server that this needs. */
  server?: ServeOptions;
}

/** What came of those who do no harm. */
export interface Served {
  polite: Report;
  ping: Report;
  newcomers: Report;
}

/** What came of them before a scenario, and beside it. */
export interface Isolated {
  name: string;
  alone: Served;
  beside: Served;
  hostile: Report[];
  memory: Memory;
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
  const asking: Task = {
    kind: "open-loop",
    name: "polite",
    net: POLITE_NET,
    connections: 4,
    ...burn(SERVICE),
    rate: POLITE * capacity,
    tagged: true,
  };
  const coming: Task = {
    kind: "newcomers",
    name: "newcomers",
    net: NEWCOMER_NET,
    connections: 1,
    rate: 10,
    deadline: DEADLINE,
  };
  // To connect takes a process long enough to be seen in what its other connections measure.
  using polite = await LoadProcess.start(server.port, settings.seed, [asking]);
  using others = await LoadProcess.start(server.port, settings.seed, [CONTROL, coming]);
  const measure = async (warm: number, measured: number): Promise<Served> => {
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
    tasks(capacity, HOSTILE_NET),
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

/** The first requests of a process, of each kind, are slow whatever is beside them: a server runs for long. */
async function warmUp(server: ServerProcess, settings: Settings): Promise<void> {
  const asking = (name: string, line: string, body?: number): Task => {
    return { kind: "closed-loop", name, net: LOAD_NET, connections: 8, line, body, deadline: 1000 };
  };
  const tasks: Task[] = [
    asking("requests", "BURN 0.1"),
    asking("bodies", "STORE {65536}", 65_536),
    asking("streams", "STREAM 100"),
    {
      kind: "newcomers",
      name: "newcomers",
      net: LOAD_NET,
      connections: 1,
      rate: 100,
      deadline: 1000,
    },
  ];
  using load = await LoadProcess.start(server.port, settings.seed, tasks);
  await load.run({ warm: 0, measured: 2 * WARM });
}

function watch(settings: Settings, server: ServerProcess, reports: () => Report[]): () => void {
  server.peak = server.resident();
  const timer = setInterval(() => {
    const words = reports().map(({ name, good, sent, due, opened, seconds }) =>
      due > 0 ? `${name} ${good} good of ${sent}, ${seconds.toFixed(0)} s` : `${name} ${opened}`
    );
    settings.progress(`${words.join(" | ")} | ${Math.round(server.resident() / 2 ** 20)} MiB`);
  }, 500);
  return () => clearInterval(timer);
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
