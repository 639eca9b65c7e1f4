// Handlers that burn CPU run in processes. A worker runs one request at a time, so that the only queue is the
// scheduler's.

import type { CompiledCommand } from "../../protocol/compile.ts";
import { Refusal } from "../../protocol/errors.ts";
import type { Values } from "../../protocol/shape.ts";
import type { Context } from "../request/handlers.ts";
import { whyUnsendable } from "./channel.ts";
import type { MoreContext, Task } from "./messages.ts";
import { type SeatOptions, WorkerSeat } from "./seat.ts";

/**
 * Options of workers: processes of `deno` that run handlers. A worker that hangs or crashes is ended and replaced. To
 * start workers and talk to them, the server needs `--allow-run`, for all programs or for the path of
 * `Deno.execPath()` (the name `deno` is not enough where that is a link), and `--allow-read`, `--allow-write` and
 * `--allow-net` for a socket in the directory for temporary files. The standard output of handlers goes to the
 * server's standard error.
 */
export interface WorkerOptions {
  /** The URL of the module, whose default export is the handlers (or `{ handlers }`, as `lineup serve` takes). */
  module: string | URL;
  /** The number of workers, which is the number of requests at once. Default: the machine's processors. */
  size?: number;
  /**
   * The time in ms that a handler may go on after its request was cancelled. Then its worker is killed. Default 100.
   */
  grace?: number;
  /**
   * The bytes that the handlers of a worker may hold, in V8's heap and in buffers beside it. A worker that holds more
   * is ended. At least 16 MiB; default 512 MiB.
   */
  memory?: number;
  /**
   * Permissions of handlers. Default: those that the server has in full. Of one that the server has in part, such as
   * to read one folder, handlers have nothing, as Deno does not tell which part. With `--allow-run=PATH` Deno limits
   * writing.
   */
  permissions?: Deno.PermissionOptionsObject;
  /**
   * The path of a deno.json. Default: the first deno.json or deno.jsonc in the folder of the server's main module and
   * those above it; where that module is no file, in the working directory and those above it. Deno does not tell which
   * `--config` the server itself runs with.
   */
  config?: string;
}

const LEAST_MEMORY = 16 << 20;

/** Workers with the handlers of one module. */
export class WorkerPool {
  /** The commands for which the module has handlers. */
  readonly verbs: readonly string[];
  /** The number of requests that run at once. */
  readonly size: number;
  readonly #seats: readonly WorkerSeat[];
  readonly #idle: WorkerSeat[];

  private constructor(seats: readonly WorkerSeat[], verbs: readonly string[]) {
    this.#seats = seats;
    this.#idle = [...seats];
    this.size = seats.length;
    this.verbs = verbs;
  }

  /** Starts the workers. Rejects with the error of a module that cannot be loaded. */
  static async open(
    options: WorkerOptions,
    environment: Pick<SeatOptions, "clock" | "telemetry">,
  ): Promise<WorkerPool> {
    const { size = navigator.hardwareConcurrency, grace = 100, memory = 512 << 20 } = options;
    if (!Number.isSafeInteger(size) || size < 1) {
      throw new RangeError(`workers.size must be an integer of at least 1, not ${size}`);
    }
    if (!Number.isSafeInteger(memory) || memory < LEAST_MEMORY) {
      throw new RangeError(
        `workers.memory must be an integer of at least ${LEAST_MEMORY}, not ${memory}`,
      );
    }
    const module = new URL(options.module).href;
    const { permissions = {}, config } = options;
    const { clock, telemetry } = environment;
    const each = { module, grace, memory, permissions, config, clock, telemetry };
    const seats = Array.from({ length: size }, () => new WorkerSeat(each));
    try {
      const [verbs] = await Promise.all(seats.map((seat) => seat.start()));
      return new WorkerPool(seats, verbs);
    } catch (error) {
      await Promise.all(seats.map((seat) => seat.close()));
      throw error;
    }
  }

  /** Runs a request. Settles when its worker is free again, which may be after the request was answered. */
  async run(command: CompiledCommand, args: Values, context: Context): Promise<Values | undefined> {
    const seat = this.#take();
    try {
      return await seat.run(toTask(command, args, context), context, () => {});
    } finally {
      this.#idle.push(seat);
    }
  }

  /** Runs a request whose handler yields items. */
  async *stream(
    command: CompiledCommand,
    args: Values,
    context: Context,
  ): AsyncGenerator<Values, Values | undefined> {
    const seat = this.#take();
    const items: Values[] = [];
    let ended = false;
    let wake: () => void = () => {};
    const end = seat.run(toTask(command, args, context), context, (item) => {
      items.push(item);
      wake();
    }).finally(() => {
      ended = true;
      wake();
    });
    end.catch(() => {});
    try {
      for (;;) {
        const item = items.shift();
        if (item !== undefined) {
          yield item;
          seat.more();
        } else if (ended) return await end;
        else await new Promise<void>((resolve) => wake = resolve);
      }
    } finally {
      if (!ended) seat.stop(new Refusal("cancelled", "Nobody takes the items any more."));
      await end.catch(() => {});
      this.#idle.push(seat);
    }
  }

  /** Ends the workers. Resolves once no process is left. */
  async close(): Promise<void> {
    await Promise.all(this.#seats.map((seat) => seat.close()));
  }

  #take(): WorkerSeat {
    const idle = this.#idle;
    if (idle.length === 0) throw new Error("more requests run in workers than there are seats");
    const at = idle.findLastIndex(({ ready }) => ready);
    return idle.splice(at, 1)[0];
  }
}

function toTask({ verb, items }: CompiledCommand, values: Values, context: Context): Task {
  const { client: { id: client, peer, agent }, identity, trace } = context;
  const deadline = context.deadline === Infinity ? undefined : context.deadline;
  const streams = items !== undefined;
  const more = moreOf(context);
  return { verb, values, streams, client, peer, agent, identity, deadline, trace, more };
}

/** The state of the connection and what middleware added: the own members of a context are those. */
function moreOf(context: Context): MoreContext | undefined {
  const all = Object.entries(context);
  if (context.state !== undefined) all.push(["state", context.state]);
  if (all.length === 0) return undefined;
  const cloned: Record<string, unknown> = {};
  const left: Record<string, string> = {};
  for (const [name, value] of all) {
    const why = whyUnsendable(value);
    if (why === undefined) cloned[name] = value;
    else left[name] = why;
  }
  return { cloned, left };
}
