// A program that runs for one job, from its start to its end.

import type { TakenJob } from "../../client/mod.ts";
import { ProcessTree } from "../../server/workers/process_tree.ts";
import { reason } from "../reason.ts";
import type { OutputConsumer } from "./outputs.ts";
import { spawnLeader } from "./own_session.ts";

/** The exit codes of a shell for a program that cannot be started. */
const NOT_EXECUTABLE = 126, NOT_FOUND = 127;
/** After the end of a program, the output of processes that it left running is read for this long and this much. */
const LINGER_MS = 1000, LINGER_BYTES = 1 << 20;

/** Errors after which a program can never be started. Other errors may pass, such as too many open files. */
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
  /** The exit code that a shell has for it. */
  readonly code: number;
  /** Whether it may start later. */
  readonly passes: boolean;

  /** An error of starting `command`. */
  constructor(command: string, cause: unknown) {
    const isMissing = cause instanceof Deno.errors.NotFound;
    // The error is the same for a script whose interpreter is missing.
    const why = isMissing ? "it, or the interpreter that it names, is not found" : said(cause);
    super(`${command} cannot be started: ${why}`, { cause });
    this.code = isMissing ? NOT_FOUND : NOT_EXECUTABLE;
    const isAllowed = !(cause instanceof Deno.errors.NotCapable);
    this.passes = isAllowed && !LASTING.has((cause as { code?: string }).code);
  }
}

function said(error: unknown): string {
  return reason(error).replace(/^Failed to spawn '.*': /s, "");
}

/** How to run a program. */
export interface ProgramOptions {
  /** The program and its arguments. */
  readonly command: readonly string[];
  /** The consumers of its standard output and standard error. */
  readonly out: OutputConsumer;
  readonly err: OutputConsumer;
  /** The time from SIGTERM to SIGKILL, in ms. */
  readonly grace: number;
  /** The W3C traceparent of the job's span; `undefined` where there is none. */
  readonly trace?: string;
}

/** A running program. */
export class Program {
  /** Resolves once it has ended. What happens later does not change the result of its job. */
  readonly exited: Promise<Deno.CommandStatus>;
  /** Resolves once its output has been consumed as well. */
  readonly ended: Promise<void>;
  readonly #child: Deno.ChildProcess;
  readonly #tree: ProcessTree;
  readonly #grace: number;
  #killTimer: ReturnType<typeof setTimeout> | undefined;
  #ending = false;
  #hasExited = false;

  /** Starts the program with the job's body on its standard input. Throws `CannotStart`. */
  constructor(job: TakenJob, { command: [name, ...args], out, err, grace, trace }: ProgramOptions) {
    this.#grace = grace;
    const traceparent = trace ?? job.trace;
    try {
      this.#child = spawnLeader(name, args, {
        env: {
          LINEUP_ID: String(job.id),
          LINEUP_QUEUE: job.queue,
          // Always set: the environment of this process may have the key of another job.
          LINEUP_KEY: job.key ?? "",
          LINEUP_ATTEMPT: String(job.attempt),
          // Without a span of its own the program goes on with the trace of PUT.
          ...traceparent !== undefined && { TRACEPARENT: traceparent },
        },
        stdin: "piped",
        stdout: "piped",
        stderr: "piped",
      });
    } catch (error) {
      throw new CannotStart(name, error);
    }
    const { pid, stdin, stdout, stderr, status } = this.#child;
    this.#tree = new ProcessTree(pid);
    this.exited = status.then((status) => {
      clearTimeout(this.#killTimer);
      // The processes that it has started must end as well.
      if (this.#ending) this.#tree.signal("SIGKILL");
      this.#hasExited = true;
      return status;
    });
    const { exited } = this;
    this.ended = Promise.all([
      // A process that it left running may keep its input open and never read it.
      Promise.race([feed(stdin, job.body), exited]),
      drain(stdout, out, exited),
      drain(stderr, err, exited),
    ]).then(() => {});
  }

  /** Whether it has not ended yet. */
  get runs(): boolean {
    return !this.#hasExited;
  }

  /** Ends it and its processes: SIGTERM, and SIGKILL after the grace. */
  end(): void {
    if (this.#ending || this.#hasExited) return;
    this.#ending = true;
    this.#killTimer = setTimeout(() => this.kill(), this.#grace);
    this.#tree.signal("SIGTERM");
  }

  /** Kills it and its processes. */
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
    // The program does not read all of its input.
  }
}

/**
 * Passes a program's output on until the pipe is closed, the program has ended and its output is consumed, or the consumer
 * takes no more. Whoever still prints then finds a closed pipe.
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
  /** The time and output that are left after the program's end. */
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
    // The consumer has reported the failure.
  }
  await reader.cancel();
}
