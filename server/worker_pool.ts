// Handlers that burn CPU, in Workers: one request a worker at a time, so that the only queue is the scheduler's.

import type { CompiledCommand } from "../protocol/compile.ts";
import { Refusal } from "../protocol/errors.ts";
import type { Values } from "../protocol/message.ts";
import type { Context } from "./handlers.ts";
import type { Task } from "./worker_messages.ts";
import { type SeatOptions, WorkerSeat } from "./worker_seat.ts";

/** Which handlers run in workers, and in how many. */
export interface WorkerOptions {
  /** The URL of the module, whose default export is the handlers (or `{ handlers }`, as `lineup serve` takes). */
  module: string | URL;
  /** How many workers, so how many requests at once. Default: the machine's processors. */
  size?: number;
  /** How long a handler may go on after its request was cancelled, in ms, before its worker is replaced. Default 100. */
  grace?: number;
}

/** Workers with the handlers of one module. */
export class WorkerPool {
  /** The commands that the module has handlers for. */
  readonly verbs: readonly string[];
  /** How many requests run at once. */
  readonly size: number;
  readonly #seats: readonly WorkerSeat[];
  readonly #idle: WorkerSeat[];

  private constructor(seats: readonly WorkerSeat[], verbs: readonly string[]) {
    this.#seats = seats;
    this.#idle = [...seats];
    this.size = seats.length;
    this.verbs = verbs;
  }

  /** Starts the workers. Rejects with what the module threw as it was loaded. */
  static async open(
    options: WorkerOptions,
    environment: Pick<SeatOptions, "clock" | "log">,
  ): Promise<WorkerPool> {
    const { size = navigator.hardwareConcurrency, grace = 100 } = options;
    if (!Number.isSafeInteger(size) || size < 1) {
      throw new RangeError(`workers.size must be an integer of at least 1, not ${size}`);
    }
    const module = new URL(options.module).href;
    const seats = Array.from(
      { length: size },
      () => new WorkerSeat({ module, grace, ...environment }),
    );
    try {
      const [verbs] = await Promise.all(seats.map((seat) => seat.start()));
      return new WorkerPool(seats, verbs);
    } catch (error) {
      for (const seat of seats) seat.close();
      throw error;
    }
  }

  /** Runs a request. Settles when its worker is free again, which may be after the request was answered. */
  async run(command: CompiledCommand, args: Values, context: Context): Promise<Values | undefined> {
    const seat = this.#take();
    try {
      return await seat.run(
        toTask(command, args, context),
        context,
        movable(command, args),
        () => {},
      );
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
    const end = seat.run(
      toTask(command, args, context),
      context,
      movable(command, args),
      (item) => {
        items.push(item);
        wake();
      },
    ).finally(() => {
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

  /** Ends the workers. */
  close(): void {
    for (const seat of this.#seats) seat.close();
  }

  #take(): WorkerSeat {
    const idle = this.#idle;
    if (idle.length === 0) throw new Error("more requests run in workers than there are seats");
    const at = idle.findLastIndex(({ ready }) => ready);
    return idle.splice(at, 1)[0];
  }
}

function toTask({ verb, items }: CompiledCommand, args: Values, context: Context): Task {
  const { client: { id, peer, agent }, identity, deadline, trace } = context;
  const streams = items !== undefined;
  return { verb, args, streams, client: { id, peer, agent }, identity, deadline, trace };
}

/** What need not be copied: a body that came with the request and has a buffer of its own. */
function movable({ request }: CompiledCommand, { body }: Values): ArrayBuffer[] {
  const own = request.body?.schema === undefined && body instanceof Uint8Array &&
    body.length > 0 && body.length === body.buffer.byteLength;
  return own ? [body.buffer as ArrayBuffer] : [];
}
