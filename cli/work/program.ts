// A program that runs for one job, from its start to its end.

import type { TakenJob } from "../../client/mod.ts";
import { reason } from "../output.ts";
import type { Taker } from "./outputs.ts";

/** Exit codes of shells for what cannot be started. */
const NOT_EXECUTABLE = 126, NOT_FOUND = 127;
/** What a program left running may hold its output open for, and say, once it has ended itself. */
const LINGER_MS = 1000, LINGER_BYTES = 1 << 20;

/** The program cannot be started: not for this job, and not for any other. */
export class CannotStart extends Error {
  override readonly name = "CannotStart";
  /** The exit code that a shell would have. */
  readonly code: number;

  /** An error of starting `command`. */
  constructor(command: string, cause: unknown) {
    const isMissing = cause instanceof Deno.errors.NotFound;
    // A script whose interpreter is missing is not found, too.
    const why = isMissing ? "it, or what it is to be run by, is not found" : said(cause);
    super(`${command} cannot be started: ${why}`, { cause });
    this.code = isMissing ? NOT_FOUND : NOT_EXECUTABLE;
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
  readonly out: Taker;
  readonly err: Taker;
  /** How long it has from SIGTERM to SIGKILL, in ms. */
  readonly grace: number;
}

/** A program that runs. */
export class Program {
  /** Resolves once it has ended, and all that it printed was taken. */
  readonly ended: Promise<Deno.CommandStatus>;
  readonly #child: Deno.ChildProcess;
  readonly #grace: number;
  #killTimer: ReturnType<typeof setTimeout> | undefined;
  #ending = false;

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
    this.ended = this.#run(job.body, out, err);
  }

  async #run(body: Uint8Array, out: Taker, err: Taker): Promise<Deno.CommandStatus> {
    const { stdin, stdout, stderr } = this.#child;
    const exited = this.#child.status.then(() => {
      clearTimeout(this.#killTimer);
      // What it has started is in its group, and was to end as well.
      if (this.#ending) this.#signal("SIGKILL");
    });
    await Promise.all([feed(stdin, body), drain(stdout, out, exited), drain(stderr, err, exited)]);
    return await this.#child.status;
  }

  /** Asks it and what it has started to end (SIGTERM); makes them after the grace (SIGKILL). */
  end(): void {
    if (this.#ending) return;
    this.#ending = true;
    this.#killTimer = setTimeout(() => this.kill(), this.#grace);
    this.#signal("SIGTERM");
  }

  /** Ends it and what it has started at once. */
  kill(): void {
    this.#ending = true;
    clearTimeout(this.#killTimer);
    this.#signal("SIGKILL");
  }

  #signal(signal: Deno.Signal): void {
    try {
      Deno.kill(-this.#child.pid, signal);
    } catch (error) {
      // All of them have ended.
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
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

/** Hands on what a program prints until nobody can print more, or the program has ended and nothing more comes. */
async function drain(
  from: ReadableStream<Uint8Array>,
  to: Taker,
  exited: Promise<void>,
): Promise<void> {
  const reader = from.getReader();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isReading = false, hasExited = false;
  let left = LINGER_BYTES;
  const limit = (): void => {
    if (isReading && hasExited) timer = setTimeout(() => reader.cancel(), LINGER_MS);
  };
  exited.then(() => {
    hasExited = true;
    limit();
  });
  while (left > 0) {
    isReading = true;
    limit();
    const { value, done } = await reader.read();
    isReading = false;
    clearTimeout(timer);
    if (done) break;
    if (hasExited) left -= value.length;
    await to.take(value);
  }
  await to.end();
  await reader.cancel();
}
