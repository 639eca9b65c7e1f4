// A process that makes load. Its argument is a `Plan`. For each `Timing`, a line of JSON, it does its work once. It prints
// its `LoadState` as lines of JSON.

import { seededRandom } from "../../tests/seeded_random.ts";
import { Deaf, Dribble, Idle, Newcomers, Storm } from "./hostile.ts";
import { type Asking, type Clients, ClosedLoop, type LoadSource, OpenLoop } from "./requests.ts";
import type { Report } from "./tally.ts";

/** One of the tasks that a load process does at the same time. */
export type LoadTask =
  | Clients & Asking & { kind: "open-loop"; rate: number; tagged: boolean }
  | Clients & Asking & { kind: "closed-loop" }
  | Clients & { kind: "newcomers"; rate: number; deadline: number }
  | Clients & { kind: "dribble"; start: string }
  | Clients & { kind: "idle" | "deaf" | "storm" };

/** The work of one process. */
export interface Plan {
  port: number;
  seed: number;
  tasks: LoadTask[];
  /** Whether connecting is a part of the work, as in an attack. */
  openLate: boolean;
}

/** The times of one run, in milliseconds from now. */
export interface Timing {
  warm: number;
  measured: number;
}

/** The state of a load process. */
export interface LoadState {
  state: "ready" | "running" | "done";
  reports: Report[];
}

function source(port: number, task: LoadTask, random: () => number): LoadSource {
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
  const print = (state: LoadState["state"]) => {
    const reports = sources.map(({ tally }) => tally.report(performance.now(), state === "done"));
    console.log(JSON.stringify({ state, reports } satisfies LoadState));
  };
  const work = async ({ warm, measured }: Timing) => {
    const from = performance.now() + warm;
    const telling = setInterval(() => print("running"), 500);
    // A flood begins with the connections that are open already.
    if (openLate) openAll();
    await Promise.all(sources.map((source) => source.run(from, from + measured)));
    clearInterval(telling);
    print("done");
  };
  if (!openLate) await openAll();
  print("ready");
  for await (const line of linesOfInput()) work(JSON.parse(line));
  // The parent process is gone.
  Deno.exit();
}
