// A queue served in memory on a virtual clock, and its clients.

import {
  type OpenQueue,
  openQueue,
  type QueueOptions,
  queueProtocol,
  type Store,
} from "@lineup/lineup/queue";
import {
  listenMemory,
  type LogEntry,
  type MemoryListener,
  serve,
  type Service,
  service,
} from "@lineup/lineup/server";
import { RawClient } from "./raw_client.ts";
import { VirtualClock } from "../testing/virtual_clock.ts";

/** Makes an empty store for a queue whose test names none. Default: in memory. */
let newStore: (() => Promise<Store>) | undefined;

/** From now on queues whose tests name no store have these. */
export function useStores(make: () => Promise<Store>): void {
  newStore = make;
}

/** A node of a queue, and where its clients connect. */
export interface TestNode {
  readonly queue: OpenQueue;
  /** What it serves beside the queue. */
  readonly also?: Service;
  readonly listener: MemoryListener;
}

/** Opens the nodes of a queue for a test. */
let open = async (options: QueueOptions & { clock: VirtualClock }): Promise<TestNode[]> => [
  { queue: await openQueue(options), listener: listenMemory() },
];

/** From now on queues have these nodes. Sessions are of each node in turn. */
export function useNodes(nodes: typeof open): void {
  open = nodes;
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
  const nodes = await open({ log, ...options, store, clock });
  const servers = await Promise.all(nodes.map(({ queue: { handlers, stats }, also, listener }) => {
    const serving = {
      listen: [listener],
      clock,
      log,
      stats,
      // On this clock, weeks pass between two requests.
      timeouts: { idle: Infinity },
    };
    return also === undefined
      ? serve(queueProtocol, handlers, serving)
      : serve([service(queueProtocol)({ handlers }), also], serving);
  }));
  const stats = () => nodes.flatMap(({ queue }) => [...queue.stats()]);
  const sessions: RawClient[] = [];
  return {
    clock,
    logged,
    figure(name) {
      const figures = stats().filter(([each]) => each === name).map(([, value]) => value);
      return figures.length < 2 ? figures[0] : figures.reduce((sum, value) => +sum + +value);
    },
    async session(): Promise<RawClient> {
      const session = new RawClient(nodes[sessions.length % nodes.length].listener.connect());
      sessions.push(session);
      await session.reply();
      return session;
    },
    async [Symbol.asyncDispose](): Promise<void> {
      for (const session of sessions) session.close();
      await Promise.all(servers.map((server) => server.shutdown()));
      await Promise.all(nodes.map(({ queue }) => queue.close()));
    },
  };
}
