// `lineup work`: runs a program for each job of one or more queues.

import { connect, type JobHandler, work } from "../../client/mod.ts";
import { standardError } from "../../net/standard_error.ts";
import type { FieldSpec } from "../../protocol/spec.ts";
import { BadValue, parseValue } from "../../protocol/values.ts";
import { queueProtocol } from "../../queue/protocol/mod.ts";
import { destination } from "../destination.ts";
import { dialFlags } from "../dial.ts";
import { type Subcommand, UsageError } from "../flags.ts";
import { CLOSED_PIPE, OutputClosed, SharedOutput } from "../output.ts";
import { remoteSpec } from "../remote_spec.ts";
import { WorkLog } from "./log.ts";
import { callSpans, jobTracer } from "../open_telemetry.ts";
import { Programs } from "./programs.ts";
import { type WorkFigures, WorkProgress } from "./progress.ts";

const { TAKE } = queueProtocol.commands;
const DAY = 86_400_000;
const FAILED = 1;
const MOST_QUEUES = 100;
/** The time after the end of a program in which this process must notice it. */
const NOTICE_MS = 2000;
const NO_COUNTS = { taken: 0, done: 0, failed: 0, dead: 0, released: 0, lost: 0 };
/** The signals that end a worker, with their numbers. */
const SIGNALS = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const;

/** `lineup work`. */
export const workCommand: Subcommand = {
  summary: "Run a program for each job of one or more queues.",
  args: "QUEUE [QUEUE ...] -- COMMAND [ARG ...]",
  count: [1, MOST_QUEUES],
  address: "ADDRESS",
  verbatim: true,
  flags: {
    ...dialFlags,
    concurrency: {
      value: "N",
      type: { type: "integer", min: 1, max: 1000 },
      summary: "The number of programs that run at the same time.",
      default: "1",
    },
    lease: {
      value: "DURATION",
      type: TAKE.options.lease satisfies FieldSpec,
      summary:
        "The length of a lease, which is renewed while the program runs. Default: as PUT said.",
    },
    result: {
      summary: "Send a program's standard output, at most 1 MiB, as the job's result (DONE).",
    },
    timeout: {
      value: "DURATION",
      type: { type: "duration", min: 1, max: 2_147_483_647 },
      summary: "How long a program may run. Then it is ended and its job fails.",
    },
    grace: {
      value: "DURATION",
      type: { type: "duration", min: 0, max: DAY },
      summary: "The time from SIGTERM to SIGKILL when a program is ended.",
      default: "5s",
    },
    max: {
      value: "N",
      type: { type: "integer", min: 1, max: 1e12 },
      summary: "End after N jobs.",
    },
    "until-empty": { summary: "End when no job is ready and none runs." },
    json: { summary: "Log all events on standard error, as lines of JSON." },
  },
  examples: [
    "work mail -- ./send-mail",
    "work --concurrency 4 --timeout 5m 127.0.0.1:5463 video photos -- ./encode --fast",
    "work --until-empty mail -- sh -c 'cat >> mail.log'",
  ],
  more:
    `At a terminal a line shows how many programs run and how many jobs are done, and a summary stays.

A program gets the job's body on standard input, and LINEUP_ID, LINEUP_QUEUE, LINEUP_KEY (empty without
a key) and LINEUP_ATTEMPT in its environment, and TRACEPARENT where the job has a trace. Whoever may PUT
chooses body and key: quote them, and check them before a program uses them as file names or options.

The output of programs is passed on in whole lines, so that lines of programs that run at the same time
do not mix (as with parallel --line-buffer). With --result, standard output is the job's result instead.
If output cannot be written, because a disk is full or a reader is gone, the worker takes no more jobs. A
job whose output is lost is given back without counting an attempt, unless its program exits with 100.

Exit code 0 of a program finishes its job. Exit code 100 makes the job dead. After any other exit code,
such as 75 (EX_TEMPFAIL), and after a signal, the job has failed and is tried again as PUT said. JOB shows
the reason: the exit code or signal, and the program's last line on standard error. Once a program has
ended, its job's result does not change. Processes that it leaves running are left alone, and their output
is read for one more second.

Ctrl-C at the terminal does not reach programs. The first Ctrl-C or SIGTERM stops taking jobs and lets
programs finish. The second ends the programs and their processes (SIGTERM, then SIGKILL after --grace)
and gives the jobs back. The third kills them. A program whose lease is lost is ended too. If a program
can never be started, such as one that does not exist, its job is given back without counting an attempt,
and the worker takes no more jobs. If it cannot be started for now, as with too many open files, it is
tried again.`,
  exits: [
    [0, "Its own end, or the first signal, even if jobs failed."],
    [1, "Standard output cannot be written."],
    [2, "There is no connection."],
    [126, "The program cannot be executed."],
    [127, "The program is not found."],
    ["129, 130, 143", "The second SIGHUP, SIGINT or SIGTERM."],
    [141, "Standard output is closed."],
  ],
  async run(queues, flags) {
    const { verbatim: command, concurrency, lease, grace } = flags;
    check(queues, command);
    const { address, dial } = destination(flags);
    let exitCode = 0;
    const end = (code: number): void => {
      exitCode ||= code;
      worker.close(Infinity);
    };
    const out = new SharedOutput((error) => {
      const isUnread = error instanceof OutputClosed;
      if (isUnread) log.unread();
      else log.cannotPrint(error);
      end(isUnread ? CLOSED_PIPE : FAILED);
    });
    const err = standardError();
    // Nothing is counted before the first job.
    let figures = (): WorkFigures => ({ counts: NO_COUNTS, running: 0 });
    using progress = new WorkProgress(!flags.json, () => figures());
    const log = new WorkLog({
      line(text) {
        progress.clear();
        err.line(text);
      },
    }, flags.json);
    const programs = new Programs({
      command,
      timeout: flags.timeout,
      grace,
      result: flags.result,
      out: progress.beside(out),
      err: progress.beside(err),
      onStart: (job) => log.started(job),
      onCannotStart(error) {
        if (exitCode === 0) log.tell("cannot-start", { reason: error.message }, error.message);
        end(error.code);
      },
      onTrouble: (error) => log.cannotStartYet(error),
    });
    // Fails with the message of the other commands if there is no server.
    await remoteSpec(address, dial, { ask: false });
    const client = await connect(queueProtocol, address, {
      agent: "lineup-work",
      dial,
      onEvent: (event) => log.client(event),
      ...await callSpans(queueProtocol.name),
    });
    const traced = await jobTracer();
    const run: JobHandler = traced === undefined
      ? (job, { signal }) => programs.run(job, signal)
      : (job, { signal }) => traced(job, (trace) => programs.run(job, signal, trace));
    const worker = work(client, queues, run, {
      concurrency,
      lease,
      most: flags.max,
      untilEmpty: flags["until-empty"],
      grace: grace + NOTICE_MS,
      onEvent: (event) => log.worker(event, programs),
    });
    figures = () => ({ counts: worker.counts, running: programs.running });
    using _ = onSignals((times, code) => {
      if (times === 1) {
        log.draining(programs.running);
        end(0);
      } else if (times === 2) {
        exitCode ||= code;
        worker.close(0);
      } else programs.kill();
    });
    try {
      await worker.finished;
    } finally {
      await programs.ended();
      log.ending(worker.counts);
      progress.end();
      await client.close();
      await err.flush();
    }
    return exitCode;
  },
};

/** Checks the queues and the command. Throws `UsageError`. */
function check(queues: readonly string[], command: readonly string[]): void {
  if (command.length === 0 || command[0] === "") {
    throw new UsageError(
      "work needs -- and a COMMAND after the queues, such as: work mail -- ./send-mail",
    );
  }
  for (const queue of queues) {
    try {
      parseValue(queue, { ...TAKE.args.queue, many: undefined });
    } catch (error) {
      if (!(error instanceof BadValue)) throw error;
      throw new UsageError(`QUEUE must be ${error.message}.`);
    }
  }
}

/** Calls `onSignal` for each signal that ends a worker, with their number so far and the exit code of the last one. */
function onSignals(onSignal: (times: number, code: number) => void): Disposable {
  let times = 0;
  const listeners = Object.entries(SIGNALS).map(([name, number]) => {
    const listener = (): void => onSignal(++times, 128 + number);
    Deno.addSignalListener(name as Deno.Signal, listener);
    return () => Deno.removeSignalListener(name as Deno.Signal, listener);
  });
  return {
    [Symbol.dispose]() {
      for (const remove of listeners) remove();
    },
  };
}
