// Signals a process and its descendants, including those that have left its group.

/** The most processes to visit, and the most rounds to find processes that were started meanwhile. */
const MOST_PROCESSES = 10_000, MOST_ROUNDS = 4;
/** The positions of fields in /proc/PID/stat, behind the name. */
const GROUP = 2, STARTED = 19;

/**
 * The tree of a process that leads its group: the group, and on Linux also the descendants that have left the group. It
 * finds these descendants only with all permissions of Deno, and only where they had not lost their parent before the
 * first signal.
 */
export class ProcessTree {
  readonly #pid: number;
  /** All processes that were ever found, with their start times: a number may be used again. */
  readonly #started = new Map<number, string>();

  /** The tree below the process with this number. */
  constructor(pid: number) {
    this.#pid = pid;
  }

  /** Sends a signal to all processes that still run. Throws where it may not signal the group. */
  signal(signal: Deno.Signal): void {
    // A process may have started another one just before its kill.
    const rounds = signal === "SIGKILL" ? MOST_ROUNDS : 1;
    for (let round = 0; round < rounds; round++) {
      const before = this.#started.size;
      const strays = this.#findStrays();
      if (round > 0 && this.#started.size === before) return;
      // Groups have negative numbers. A process that was just started may not lead its group yet.
      if (!send(-this.#pid, signal)) send(this.#pid, signal);
      for (const pid of strays) {
        try {
          send(pid, signal);
        } catch {
          // The process belongs to another user now, for example by sudo.
        }
      }
    }
  }

  /** The descendants that are not in the group. */
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

/** Sends a signal. Returns whether there is such a process or group. */
function send(pid: number, signal: Deno.Signal): boolean {
  try {
    Deno.kill(pid, signal);
    return true;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    return false;
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
    // The process has ended, or this system has no such file.
    return [];
  }
}
