// A program that runs for one job, from its start to its end.

import type { TakenJob } from "../../client/mod.ts";
import { ProcessTree } from "../../server/workers/process_tree.ts";
import { reason } from "../reason.ts";
import type { OutputConsumer } from "./outputs.ts";

/** Exit codes of shells for what cannot be started. */
const NOT_EXECUTABLE = 126, NOT_FOUND = 127;
/** How long what a program left running is waited for, and how much it may still say, once the program has ended. */
const LINGER_MS = 1000, LINGER_BYTES = 1 << 20;

/** Why a program can never be started as it is told; other reasons pass, such as too many open files. */
const LASTING: ReadonlySet<string | undefined> = new Set([
  "E2BIG",
  "EACCES",
  "EINVAL",
  "EISDIR",
  "ELOOP",
  "ENAMETOOLONG",
  "ENOENT",
  "ENOEXEC",
  "ENOTDIR",
  "EPERM",
]);

/** The program cannot be started. */
export class CannotStart extends Error {
  override readonly name = "CannotStart";
  /** The exit code that a shell would have. */
  readonly code: number;
  /** Whether it may be possible later. */
  readonly passes: boolean;

  /** An error of starting `command`. */
  constructor(command: string, cause: unknown) {
    const isMissing = cause instanceof Deno.errors.NotFound;
    // A script whose interpreter is missing is not found, too.
    const why = isMissing ? "it, or what it is to be run by, is not found" : said(cause);
    super(`${command} cannot be started: ${why}`, { cause });
    this.code = isMissing ? NOT_FOUND : NOT_EXECUTABLE;
    const isAllowed = !(cause instanceof Deno.errors.NotCapable);
    this.passes = isAllowed && !LASTING.has((cause as { code?: string }).code);
  }
}

function said(error: unknown): string {
  return reason(error).replace(/^Failed to spawn '.*': /s, "");
}

/** How a program is run. */
export interface ProgramOptions {
  /** The program and its arguments. */
  readonly command: readonly string[];
  /** What takes its standard output and standard error. */
  readonly out: OutputConsumer;
  readonly err: OutputConsumer;
  /** How long it has from SIGTERM to SIGKILL, in ms. */
  readonly grace: number;
}

/** A program that runs. */
export class Program {
  /** Resolves once it has ended: nothing that happens later changes what became of it. */
  readonly exited: Promise<Deno.CommandStatus>;
  /** Resolves once what it printed was taken as well. */
  readonly ended: Promise<void>;
  readonly #child: Deno.ChildProcess;
  readonly #tree: ProcessTree;
  readonly #grace: number;
  #killTimer: ReturnType<typeof setTimeout> | undefined;
  #ending = false;
  #hasExited = false;

  /** Starts it, the job's body on its standard input. Throws `CannotStart`. */
  constructor(job: TakenJob, { command: [name, ...args], out, err, grace }: ProgramOptions) {
    this.#grace = grace;
    try {
      this.#child = new Deno.Command(name, {
        args,
        env: {
          LINEUP_ID: String(job.id),
          LINEUP_QUEUE: job.queue,
          // Set in any case: this process may have been started by another worker.
          LINEUP_KEY: job.key ?? "",
          LINEUP_ATTEMPT: String(job.attempt),
        },
        stdin: "piped",
        stdout: "piped",
        stderr: "piped",
        // In a session of its own, so Ctrl-C at the terminal reaches this process only.
        detached: true,
      }).spawn();
    } catch (error) {
      throw new CannotStart(name, error);
    }
    const { pid, stdin, stdout, stderr, status } = this.#child;
    this.#tree = new ProcessTree(pid);
    this.exited = status.then((status) => {
      clearTimeout(this.#killTimer);
      // The processes that it has started were to end as well.
      if (this.#ending) this.#tree.signal("SIGKILL");
      this.#hasExited = true;
      return status;
    });
    const { exited } = this;
    this.ended = Promise.all([
      // A process that it left running may hold its input open, and never read it.
      Promise.race([feed(stdin, job.body), exited]),
      drain(stdout, out, exited),
      drain(stderr, err, exited),
    ]).then(() => {});
  }

  /** Whether it has not ended yet. */
  get runs(): boolean {
    return !this.#hasExited;
  }

  /** Asks it and what it has started to end (SIGTERM); makes them after the grace (SIGKILL). */
  end(): void {
    if (this.#ending || this.#hasExited) return;
    this.#ending = true;
    this.#killTimer = setTimeout(() => this.kill(), this.#grace);
    this.#tree.signal("SIGTERM");
  }

  /** Ends it and what it has started at once. */
  kill(): void {
    if (this.#hasExited) return;
    this.#ending = true;
    clearTimeout(this.#killTimer);
    this.#tree.signal("SIGKILL");
  }
}

async function feed(stdin: WritableStream<Uint8Array>, body: Uint8Array): Promise<void> {
  const writer = stdin.getWriter();
  try {
    await writer.write(body);
    await writer.close();
  } catch {
    // It does not want to read all of it.
  }
}

/**
 * Hands on what a program prints until nobody can print more, the program has ended and what it said was taken, or nothing
 * more is taken: then who goes on printing finds a closed pipe.
 */
async function drain(
  from: ReadableStream<Uint8Array>,
  to: OutputConsumer,
  exited: Promise<unknown>,
): Promise<void> {
  const reader = from.getReader();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let readingSince: number | undefined;
  let hasExited = false;
  /** How much time and output it may still have once it has ended, in all, however little comes at a time. */
  let leftMs = LINGER_MS, leftBytes = LINGER_BYTES;
  const limit = (): void => {
    if (readingSince === undefined || !hasExited) return;
    readingSince = performance.now();
    timer = setTimeout(() => reader.cancel(), leftMs);
  };
  exited.then(() => {
    hasExited = true;
    limit();
  });
  try {
    while (leftBytes > 0) {
      readingSince = performance.now();
      limit();
      const { value, done } = await reader.read();
      clearTimeout(timer);
      if (hasExited) leftMs = Math.max(0, leftMs - (performance.now() - readingSince));
      readingSince = undefined;
      if (done) break;
      if (hasExited) leftBytes -= value.length;
      await to.take(value);
    }
    await to.end();
  } catch {
    // The taker says why.
  }
  await reader.cancel();
}
