// Processes as the system sees them: what Deno says of its own would not show one that is left.

const pids: number[] = [];

const { Command } = Deno;
Deno.Command = class extends Command {
  override spawn(): Deno.ChildProcess {
    const child = super.spawn();
    pids.push(child.pid);
    return child;
  }
};

/** A process that runs. */
export interface Process {
  readonly pid: number;
  readonly parent: number;
  /** Hundredths of a second of processors that all its threads have used. */
  readonly used: number;
}

/** All processes of the system; none that have ended and of which only the end is to be fetched. */
export function processes(): Process[] {
  return Deno.build.os === "linux" ? ofProc() : ofPs();
}

function ofProc(): Process[] {
  return [...Deno.readDirSync("/proc")].flatMap(({ name }) => {
    if (!/^\d+$/.test(name)) return [];
    let stat: string;
    try {
      stat = Deno.readTextFileSync(`/proc/${name}/stat`);
    } catch {
      return [];
    }
    // The name of a program may hold spaces and brackets.
    const [state, parent, ...rest] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const used = Number(rest[9]) + Number(rest[10]);
    return /[ZX]/.test(state) ? [] : [{ pid: Number(name), parent: Number(parent), used }];
  });
}

function ofPs(): Process[] {
  const { stdout } = new Command("ps", { args: ["-A", "-o", "pid=,ppid=,stat=,time="] })
    .outputSync();
  return new TextDecoder().decode(stdout).trim().split("\n").flatMap((line) => {
    const [pid, parent, state, time] = line.trim().split(/\s+/);
    const used = 100 * time.split(":").reduce((sum, part) => 60 * sum + Number(part), 0);
    return state.startsWith("Z") ? [] : [{ pid: Number(pid), parent: Number(parent), used }];
  });
}

/** The processes that a process has started. */
export function childrenOf(pid: number): Process[] {
  return processes().filter(({ parent }) => parent === pid);
}

/** The processes that this file has started since the import of this module, and that run. */
export function ownWorkers(): Process[] {
  return processes().filter(({ pid }) => pids.includes(pid));
}

/** How many those are. */
export function workersAlive(): number {
  return ownWorkers().length;
}
