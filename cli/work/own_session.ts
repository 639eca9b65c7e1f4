// Starting programs in sessions of their own, so that Ctrl-C at the terminal does not reach them.
//
// `detached` of Deno forks this process, which takes 5 ms, three times as long as all the rest of a start. setsid(1) does
// the same in the new process. But it starts whatever it is given, so the first start of a program is a detached one: it
// fails if the program cannot be started.

/** How setsid(1) says that it cannot start a program. */
const CANNOT = /^setsid: (?:failed to execute|can't execute) /;
/** Its exit codes then: the program is not executable, or not found. */
const FAILED = [126, 127];

let isUsable: boolean | undefined;
const started = new Set<string>();

/** Starts a program as the leader of a new session. Throws Deno's errors. */
export function spawnLeader(
  name: string,
  args: readonly string[],
  options: Omit<Deno.CommandOptions, "args" | "detached">,
): Deno.ChildProcess {
  if (started.has(name) && mayUse()) {
    try {
      return new Deno.Command("setsid", { ...options, args: [name, ...args] }).spawn();
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
      isUsable = false;
    }
  }
  const child = new Deno.Command(name, { ...options, args: [...args], detached: true }).spawn();
  started.add(name);
  return child;
}

/** Only Linux is known to have it. Do not prompt for a permission. */
function mayUse(): boolean {
  return isUsable ??= Deno.build.os === "linux" &&
    Deno.permissions.querySync({ name: "run", command: "setsid" }).state === "granted";
}

/**
 * Whether a program did not start although it did before, by its exit code and its last line. Its next start is a
 * detached one, which says why.
 */
export function didNotStart(name: string, code: number, lastLine: string): boolean {
  return FAILED.includes(code) && CANNOT.test(lastLine) && started.delete(name);
}
