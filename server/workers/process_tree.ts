// A process and all that it has started, processes that have left its group included.

/** Most processes to look at, and most rounds to find those that were started meanwhile. */
const MOST_PROCESSES = 10_000, MOST_ROUNDS = 4;
/** Where fields stand in /proc/PID/stat, behind the name. */
const GROUP = 2, STARTED = 19;

/**
 * Signals a process that leads its group, and all that it has started: the group, and on Linux the descendants that have
 * left the group. Descendants are found only with all permissions of Deno. One that lost its parent before the first
 * signal is found only in the group.
 */
export class ProcessTree {
  readonly #pid: number;
  /** All that were ever found, with their start times: a process number may be used again. */
  readonly #started = new Map<number, string>();

  /** The tree below the process with this number. */
  constructor(pid: number) {
    this.#pid = pid;
  }

  /** Sends a signal to all that still run. Throws where the group may not be signalled. */
  signal(signal: Deno.Signal): void {
    // A process that is killed may just have started another one.
    const rounds = signal === "SIGKILL" ? MOST_ROUNDS : 1;
    for (let round = 0; round < rounds; round++) {
      const before = this.#started.size;
      const strays = this.#findStrays();
      if (round > 0 && this.#started.size === before) return;
      // Groups have negative numbers.
      send(-this.#pid, signal);
      for (const pid of strays) {
        try {
          send(pid, signal);
        } catch {
          // It belongs to another user now, as by sudo.
        }
      }
    }
  }

  /** Those that are not in the group. */
  #findStrays(): number[] {
    if (!canLook()) return [];
    const strays: number[] = [];
    const found = new Set([this.#pid, ...this.#started.keys()]);
    for (const pid of found) {
      const stat = readStat(pid);
      if (stat === undefined || (this.#started.get(pid) ?? stat.started) !== stat.started) continue;
      this.#started.set(pid, stat.started);
      if (stat.group !== this.#pid) strays.push(pid);
      for (const child of childrenOf(pid)) {
        if (found.size < MOST_PROCESSES) found.add(child);
      }
    }
    return strays;
  }
}

/** Sends a signal. That the process or group has ended is no error. */
function send(pid: number, signal: Deno.Signal): void {
  try {
    Deno.kill(pid, signal);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/** Whether /proc can be read without a prompt for a permission. */
function canLook(): boolean {
  return Deno.build.os === "linux" &&
    Deno.permissions.querySync({ name: "read" }).state === "granted";
}

function readStat(pid: number): { group: number; started: string } | undefined {
  try {
    const stat = Deno.readTextFileSync(`/proc/${pid}/stat`);
    // The name before the fields may contain any character.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return { group: Number(fields[GROUP]), started: fields[STARTED] };
  } catch {
    return undefined;
  }
}

/** The children of all of its threads. */
function childrenOf(pid: number): number[] {
  try {
    const tasks = `/proc/${pid}/task`;
    return [...Deno.readDirSync(tasks)].flatMap(({ name }) =>
      Deno.readTextFileSync(`${tasks}/${name}/children`).split(" ").filter(Boolean).map(Number)
    );
  } catch {
    // It has ended, or this system has no such file.
    return [];
  }
}
