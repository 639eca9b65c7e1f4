// The processes of the system. Deno's own view would not show a process that is left over.

const pids: number[] = [];

const { Command } = Deno;
Deno.Command = class extends Command {
  override spawn(): Deno.ChildProcess {
    const child = super.spawn();
    pids.push(child.pid);
    return child;
  }
};

/** A running process. */
export interface Process {
  readonly pid: number;
  readonly parent: number;
  /** The CPU time of all its threads, in hundredths of a second. */
  readonly used: number;
}

/** All running processes of the system, without zombies. */
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

/** The running processes that this test file has started since the import of this module. */
export function ownWorkers(): Process[] {
  return processes().filter(({ pid }) => pids.includes(pid));
}

/** The number of those processes. */
export function workersAlive(): number {
  return ownWorkers().length;
}
