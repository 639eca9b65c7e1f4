import { connect, work } from "../../client/mod.ts";
import { standardError } from "../../net/standard_error.ts";
import type { FieldSpec } from "../../protocol/spec.ts";
import { BadValue, parseValue } from "../../protocol/values.ts";
import { queueProtocol } from "../../queue/mod.ts";
import { dialer, dialFlags, readAuthority } from "../dial.ts";
import { type Subcommand, UsageError } from "../flags.ts";
import { CLOSED_PIPE, OutputClosed, SharedOutput } from "../output.ts";
import { remoteSpec } from "../remote_spec.ts";
import { Log } from "./log.ts";
import { Programs } from "./programs.ts";

const { TAKE } = queueProtocol.commands;
const DAY = 86_400_000;
const FAILED = 1;
const MOST_QUEUES = 100;
/** How much longer than the programs themselves their ends may take to be seen. */
const SEEN_MS = 2000;
const SIGNALS = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const;

/** `lineup work`. */
export const workCommand: Subcommand = {
  summary: "Run a program for each job of a queue, or of several.",
  args: "ADDRESS QUEUE [QUEUE ...] -- COMMAND [ARG ...]",
  count: [2, 1 + MOST_QUEUES],
  verbatim: true,
  flags: {
    ...dialFlags,
    concurrency: {
      value: "N",
      type: { type: "integer", min: 1, max: 1000 },
      summary: "How many programs run at a time.",
      default: "1",
    },
    lease: {
      value: "DURATION",
      type: TAKE.options.lease satisfies FieldSpec,
      summary: "How long leases are; they are kept while programs run. Default: what PUT said.",
    },
    result: {
      summary:
        "Send what a program prints on standard output, 1 MiB at most, as the job's result (DONE).",
    },
    timeout: {
      value: "DURATION",
      type: { type: "duration", min: 1, max: 2_147_483_647 },
      summary: "How long a program may run; then it is ended, and the job has failed.",
    },
    grace: {
      value: "DURATION",
      type: { type: "duration", min: 0, max: DAY },
      summary: "How long a program that is to end has from SIGTERM to SIGKILL.",
      default: "5s",
    },
    max: {
      value: "N",
      type: { type: "integer", min: 1, max: 1e12 },
      summary: "End after so many jobs.",
    },
    "until-empty": { summary: "End once no job is ready and none runs." },
    json: { summary: "Tell all that happens, as lines of JSON on standard error." },
  },
  examples: [
    "work 127.0.0.1:5463 mail -- ./send-mail",
    "work --concurrency 4 --timeout 5m 127.0.0.1:5463 video photos -- ./encode --fast",
    "work --until-empty 127.0.0.1:5463 mail -- sh -c 'cat >> mail.log'",
  ],
  more:
    `The job's body is the program's standard input; LINEUP_ID, LINEUP_QUEUE, LINEUP_KEY (empty where the
job has none) and LINEUP_ATTEMPT are in its environment. Body and key are data of whoever may PUT:
quote them, and check them before they name a file or stand where options may.

What it prints is passed on, a whole line at a time, so that programs which run beside each other do not
mix within a line (as parallel --line-buffer does); with --result standard output is the result instead.
Where it cannot be written (a full disk, a reader that has gone), nothing more is taken, and a job whose
output is lost is given back, no attempt counted, unless its program exits with 100.

A program that exits with 0 has done its job. With 100 the job is dead; with any other code, such as 75
(EX_TEMPFAIL), or where a signal ended it, the job has failed, and is tried again as PUT said. The
reason that JOB shows is the exit code or signal and the program's last line on standard error. What a
program has decided by its end stays decided, whatever comes later; what it leaves running is left
alone, and its output is waited for for a second at most.

Programs do not get the terminal's Ctrl-C. At the first Ctrl-C or SIGTERM no more jobs are taken, and
those that run come to their end; at the second their programs and all they have started are ended
(SIGTERM, SIGKILL after --grace), and the jobs are given back; at the third they are killed. A program
whose lease is lost is ended too. A program that can never be started, such as one that is not found,
costs no job an attempt: the job is given back, and nothing more is taken. Where it cannot be started
for now, as with too many open files, that is tried again.

Exit code: 0 once it has ended by itself or after the first signal, however jobs ended; 126 or 127 if
the program cannot be executed or is not found, 1 if standard output cannot be written, 129, 130 or 143 after the second signal, 2 for no
connection, 141 where nobody reads the output.`,
  async run([address, ...queues], flags) {
    const { verbatim: command, concurrency, lease, grace } = flags;
    check(queues, command);
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
    const log = new Log(err, flags.json);
    const programs = new Programs({
      command,
      timeout: flags.timeout,
      grace,
      result: flags.result,
      out,
      err,
      onStart: (job) => log.started(job),
      onCannotStart(error) {
        if (exitCode === 0) log.tell("cannot-start", { reason: error.message }, error.message);
        end(error.code);
      },
      onTrouble: (error) => log.cannotStartYet(error),
    });
    // Sees that there is a server, in the words of the other commands.
    const dial = dialer(readAuthority(flags));
    await remoteSpec(address, dial, { ask: false });
    const client = await connect(queueProtocol, address, {
      agent: "lineup-work",
      dial,
      onEvent: (event) => log.client(event),
    });
    const worker = work(client, queues, (job, { signal }) => programs.run(job, signal), {
      concurrency,
      lease,
      most: flags.max,
      untilEmpty: flags["until-empty"],
      grace: grace + SEEN_MS,
      onEvent: (event) => log.worker(event, programs),
    });
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
      await client.close();
      await err.flush();
    }
    return exitCode;
  },
};

/** Throws `UsageError`. */
function check(queues: readonly string[], command: readonly string[]): void {
  if (command.length === 0 || command[0] === "") {
    throw new UsageError(
      "work needs -- and a COMMAND behind the queues, such as: work 127.0.0.1:5463 mail -- ./send-mail",
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

/** Tells how many signals have come that mean to end, and the exit code that the last one stands for. */
function onSignals(tell: (times: number, code: number) => void): Disposable {
  let times = 0;
  const listeners = Object.entries(SIGNALS).map(([name, number]) => {
    const listener = (): void => tell(++times, 128 + number);
    Deno.addSignalListener(name as Deno.Signal, listener);
    return () => Deno.removeSignalListener(name as Deno.Signal, listener);
  });
  return {
    [Symbol.dispose]() {
      for (const remove of listeners) remove();
    },
  };
}
