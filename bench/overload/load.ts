// A process of load. Its argument is a `Plan`; it prints `Progress`, a line of JSON each time, and does its work whenever
// it reads a line with `Timing`.

import { seededRandom } from "../../tests/seeded_random.ts";
import { Deaf, Dribble, Idle, Newcomers, Storm } from "./hostile.ts";
import { type Asking, type Clients, ClosedLoop, OpenLoop, type Source } from "./requests.ts";
import type { Report } from "./tally.ts";

/** What one load process does, all at the same time. */
export type Task =
  | Clients & Asking & { kind: "open-loop"; rate: number; tagged: boolean }
  | Clients & Asking & { kind: "closed-loop" }
  | Clients & { kind: "newcomers"; rate: number; deadline: number }
  | Clients & { kind: "dribble"; start: string }
  | Clients & { kind: "idle" | "deaf" | "storm" };

/** For one process. */
export interface Plan {
  port: number;
  seed: number;
  tasks: Task[];
  /** Connections are opened only with the rest of the work, as they are part of the attack. */
  openLate: boolean;
}

/** In milliseconds from now. */
export interface Timing {
  warm: number;
  measured: number;
}

/** What it prints. */
export interface Progress {
  state: "ready" | "running" | "done";
  reports: Report[];
}

function source(port: number, task: Task, random: () => number): Source {
  switch (task.kind) {
    case "open-loop":
      return new OpenLoop(port, task, random);
    case "closed-loop":
      return new ClosedLoop(port, task);
    case "newcomers":
      return new Newcomers(port, task, random);
    case "dribble":
      return new Dribble(port, task, random);
    case "idle":
      return new Idle(port, task);
    case "deaf":
      return new Deaf(port, task);
    case "storm":
      return new Storm(port, task);
  }
}

async function* linesOfInput(): AsyncGenerator<string> {
  let rest = "";
  for await (const text of Deno.stdin.readable.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    yield* lines;
  }
}

if (import.meta.main) {
  const { port, seed, tasks, openLate }: Plan = JSON.parse(Deno.args[0]);
  const random = seededRandom(seed);
  const sources = tasks.map((task) => source(port, task, random));
  const openAll = () => Promise.all(sources.map((source) => source.open()));
  const print = (state: Progress["state"]) => {
    const reports = sources.map(({ tally }) => tally.report(performance.now(), state === "done"));
    console.log(JSON.stringify({ state, reports } satisfies Progress));
  };
  const work = async ({ warm, measured }: Timing) => {
    const from = performance.now() + warm;
    const telling = setInterval(() => print("running"), 500);
    // Who opens late floods with what is open already.
    if (openLate) openAll();
    await Promise.all(sources.map((source) => source.run(from, from + measured)));
    clearInterval(telling);
    print("done");
  };
  if (!openLate) await openAll();
  print("ready");
  for await (const line of linesOfInput()) work(JSON.parse(line));
  // Whoever started it is gone.
  Deno.exit();
}
