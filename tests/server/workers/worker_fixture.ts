// A service whose handlers run on the event loop or in workers, as a test chooses.

import {
  listenMemory,
  type LogEntry,
  type MemoryListener,
  serve,
  type ServeOptions,
  type Server,
} from "@lineup/lineup/server";
import { assertEquals } from "@std/assert";
import { VirtualClock } from "../../../testing/virtual_clock.ts";
import { RawClient } from "../../raw_client.ts";
import { workersAlive } from "./processes.ts";
import { WatchedLog } from "../../watched_log.ts";
import { handlers, protocol } from "./worker_service.ts";

const MODULE = new URL("./worker_service.ts", import.meta.url).href;

/** A server of this service in memory, its clock and its log. */
export class WorkerFixture implements AsyncDisposable {
  readonly clock = new VirtualClock();
  readonly log = new WatchedLog();
  readonly listener: MemoryListener = listenMemory();
  #server: Server | undefined;

  /** Runs all commands in `size` workers, or on the event loop where that is 0. */
  static async open(
    size: number,
    { grace, ...options }: ServeOptions & { grace?: number } = {},
  ): Promise<WorkerFixture> {
    const fixture = new WorkerFixture();
    const all = {
      listen: [fixture.listener],
      clock: fixture.clock,
      log: fixture.log.add,
      ...options,
    };
    const workers = { module: MODULE, size, grace, memory: 64 << 20 };
    fixture.#server = size === 0
      ? await serve(protocol, handlers, all)
      : await serve(protocol, {}, { ...all, workers });
    return fixture;
  }

  /** A client that has read the greeting. */
  client(capacity?: number): Promise<RawClient> {
    return RawClient.open(this.listener.connect(capacity));
  }

  /** Resolves with the log entry of this message, once there is one. */
  async logged(message: string): Promise<LogEntry> {
    const find = () => this.log.find((entry) => entry.message === message);
    await this.log.until(() => find() !== undefined);
    return find()!;
  }

  /** The figure of STATS with this name. */
  async figure(wire: RawClient, name: string): Promise<string | undefined> {
    await wire.send("STATS\n");
    let value: string | undefined;
    for (let line; !(line = await wire.line()).startsWith("OK");) {
      const [, figure, text] = /^\* (\S+) (.*)$/.exec(line)!;
      if (figure === name) value = text;
    }
    return value;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const down = this.#server!.shutdown();
    // Requests that a test has left running are cut off.
    await this.clock.elapse(10_000);
    await down;
    assertEquals(workersAlive(), 0);
  }
}
