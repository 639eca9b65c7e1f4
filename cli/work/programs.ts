// The programs of a worker, one for each of its jobs, and what the end of a program means for its job.

import { JobFailure, type TakenJob } from "../../client/mod.ts";
import { keepAll, type LineSink, passLines, rememberLast } from "./outputs.ts";
import { didNotStart } from "./own_session.ts";
import { CannotStart, Program, type ProgramOptions } from "./program.ts";

/** The longest result, in bytes: the default limit of a server. */
const MOST_RESULT = 1 << 20;
/** The exit code of a program whose job must not be tried again. */
const GIVE_UP = 100;
/** The pauses before starting a program is tried again, and how long it is tried for one job. */
const FIRST_PAUSE_MS = 50, CAP_MS = 2000, TRYING_MS = 30_000;

/** How to run programs, and the callbacks. */
export interface ProgramsOptions {
  /** The program and its arguments. */
  readonly command: readonly string[];
  /** How long a program may run, in ms; `undefined` for no limit. */
  readonly timeout: number | undefined;
  /** The time from SIGTERM to SIGKILL, in ms. */
  readonly grace: number;
  /** Whether standard output is the job's result. */
  readonly result: boolean;
  readonly out: LineSink;
  readonly err: LineSink;
  onStart(job: TakenJob): void;
  /** The command can never be started. */
  onCannotStart(error: CannotStart): void;
  /** A program could not be started, and is tried again. */
  onTrouble(error: CannotStart): void;
}

/** The running programs. */
export class Programs {
  readonly #options: ProgramsOptions;
  readonly #running = new Map<TakenJob, Program>();
  readonly #began = new WeakMap<TakenJob, number>();

  /** No program runs yet. */
  constructor(options: ProgramsOptions) {
    this.#options = options;
  }

  /** The number of running programs. */
  get running(): number {
    return this.#running.size;
  }

  /** Whether a job's program runs. */
  runs(job: TakenJob): boolean {
    return this.#running.get(job)?.runs === true;
  }

  /** The time since a job's program was started, in whole ms; `undefined` if it was not. */
  msOf(job: TakenJob): number | undefined {
    const began = this.#began.get(job);
    return began === undefined ? undefined : Math.round(performance.now() - began);
  }

  /**
   * Runs the program for a job to its end. An aborted signal ends it. Resolves with the result. Rejects with `JobFailure`,
   * or the reason of the signal. `trace` is the W3C traceparent for the program, if there is one.
   */
  async run(job: TakenJob, signal: AbortSignal, trace?: string): Promise<Uint8Array | undefined> {
    const { command, timeout, grace, out, err } = this.#options;
    const result = this.#options.result ? keepAll(MOST_RESULT) : undefined;
    const errors = rememberLast(passLines(err));
    const lines = passLines(out);
    const options = { command, out: result ?? lines, err: errors, grace, trace };
    const program = await this.#start(job, options, signal);
    this.#running.set(job, program);
    this.#began.set(job, performance.now());
    this.#options.onStart(job);
    let isLate = false;
    const timer = timeout === undefined ? undefined : setTimeout(() => {
      isLate = true;
      program.end();
    }, timeout);
    const onAbort = (): void => program.end();
    signal.addEventListener("abort", onAbort);
    try {
      const status = await program.exited;
      clearTimeout(timer);
      // An aborted job has no result, whatever the exit code. An abort after the end changes nothing.
      const { aborted } = signal;
      await program.ended;
      if (aborted) throw signal.reason;
      // A closed pipe may have ended the program. But the exit code 100 always counts.
      if (!isLate && status.code !== GIVE_UP && lines.failure !== undefined) {
        throw new JobFailure("what it printed could not be written", { release: 0 });
      }
      if (didNotStart(command[0], status.code, errors.last)) {
        throw new JobFailure(errors.last, { release: 0 });
      }
      if (isLate || !status.success) {
        const how = isLate ? `no end within ${timeout! / 1000}s` : howEnded(status);
        const reason = errors.last === "" ? how : `${how}: ${errors.last}`;
        throw new JobFailure(reason, { dead: !isLate && status.code === GIVE_UP });
      }
      if (result === undefined) return undefined;
      if (result.kept !== undefined) return result.kept;
      throw new JobFailure(`the result is longer than ${MOST_RESULT} bytes`);
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", onAbort);
      this.#running.delete(job);
    }
  }

  /**
   * Starts a program. It is tried again if the failure may pass. Rejects with `JobFailure`, or the reason of the signal.
   */
  async #start(job: TakenJob, options: ProgramOptions, signal: AbortSignal): Promise<Program> {
    const { onCannotStart, onTrouble } = this.#options;
    const began = performance.now();
    for (let failures = 0;; failures++) {
      signal.throwIfAborted();
      try {
        return new Program(job, options);
      } catch (error) {
        if (!(error instanceof CannotStart)) throw error;
        if (!error.passes) {
          onCannotStart(error);
          throw new JobFailure(error.message, { release: 0 });
        }
        onTrouble(error);
        const ms = (0.5 + Math.random() / 2) * Math.min(FIRST_PAUSE_MS * 2 ** failures, CAP_MS);
        // Another worker may be able to start it.
        if (performance.now() + ms - began > TRYING_MS) {
          throw new JobFailure(error.message, { release: CAP_MS });
        }
        await pause(ms, signal);
      }
    }
  }

  /** Kills all programs. */
  kill(): void {
    for (const program of this.#running.values()) program.kill();
  }

  /** Resolves once no program runs. The program of a lost lease may end later than its job. */
  async ended(): Promise<void> {
    await Promise.all([...this.#running.values()].map(({ ended }) => ended));
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener("abort", end);
  });
}

function howEnded({ signal, code }: Deno.CommandStatus): string {
  return signal === null ? `exit code ${code}` : `killed by ${signal}`;
}
