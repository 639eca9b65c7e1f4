// A queue served in memory on a virtual clock, and its clients.

import {
  type OpenQueue,
  openQueue,
  type QueueOptions,
  queueProtocol,
  type Store,
} from "@lineup/lineup/queue";
import { listenMemory, type LogEntry, serve } from "@lineup/lineup/server";
import { RawClient } from "./raw_client.ts";
import { VirtualClock } from "../testing/virtual_clock.ts";

/** Makes an empty store for a queue whose test names none. Default: in memory. */
let newStore: (() => Promise<Store>) | undefined;

/** From now on queues whose tests name no store have these. */
export function useStores(make: () => Promise<Store>): void {
  newStore = make;
}

/** Opens a queue for a test. */
let open: (options: QueueOptions & { clock: VirtualClock }) => Promise<OpenQueue> = openQueue;

/** From now on queues are opened so. */
export function useQueues(other: typeof open): void {
  open = other;
}

/** A queue in memory and its server. */
export interface TestQueue extends AsyncDisposable {
  readonly clock: VirtualClock;
  readonly logged: LogEntry[];
  /** The figures of the queue. */
  figure(name: string): string | number | undefined;
  /** A new connection that has read its greeting. */
  session(): Promise<RawClient>;
}

/** Serves a queue in memory. */
export async function testQueue(options: QueueOptions = {}): Promise<TestQueue> {
  const clock = (options.clock ?? new VirtualClock()) as VirtualClock;
  const logged: LogEntry[] = [];
  const log = (entry: LogEntry): void => void logged.push(entry);
  const store = options.store ?? await newStore?.();
  const queue = await open({ log, ...options, store, clock });
  const listener = listenMemory();
  const { handlers, stats } = queue;
  const server = await serve(queueProtocol, handlers, {
    listen: [listener],
    clock,
    log,
    stats,
    // On this clock, weeks pass between two requests.
    timeouts: { idle: Infinity },
  });
  const sessions: RawClient[] = [];
  return {
    clock,
    logged,
    figure: (name) => new Map(stats()).get(name),
    async session(): Promise<RawClient> {
      const session = new RawClient(listener.connect());
      sessions.push(session);
      await session.reply();
      return session;
    },
    async [Symbol.asyncDispose](): Promise<void> {
      for (const session of sessions) session.close();
      await server.shutdown();
      await queue.close();
    },
  };
}
