// A queue in memory that is served to clients of beanstalkd and of Lineup/1, on a virtual clock.

import {
  beanstalkd,
  type BeanstalkdOptions,
  beanstalkdProtocol,
  type OpenQueue,
  openQueue,
  type QueueOptions,
  queueProtocol,
} from "@lineup/lineup/queue";
import { listenMemory, type LogEntry, serve, type ServeOptions } from "@lineup/lineup/server";
import { RawClient } from "../../raw_client.ts";
import { VirtualClock } from "../../../testing/virtual_clock.ts";

/** The limits of a server of beanstalkd, as `lineup queue` sets them, with small bodies. */
export const limits = { maxLine: 222, maxBody: 65_535, maxDiscard: 1 << 20 };

/** A queue and its servers. */
export interface Stage extends AsyncDisposable {
  readonly clock: VirtualClock;
  readonly logged: LogEntry[];
  /** A new client of beanstalkd. */
  connect(): RawClient;
  /** A new client of Lineup/1, which has read its greeting. */
  lineup(): Promise<RawClient>;
  /** Shuts the server of beanstalkd down. */
  shutdown(): Promise<void>;
}

/** Opens a queue for a test. */
let open: (options: QueueOptions) => Promise<OpenQueue> = openQueue;

/** From now on queues are opened so. */
export function useQueues(other: typeof open): void {
  open = other;
}

/** Serves a queue. */
export async function openStage(
  { queue: queueOptions = {}, server = {}, ours: oursOptions = {}, ...options }:
    & BeanstalkdOptions
    & {
      queue?: QueueOptions;
      server?: Partial<ServeOptions>;
      /** The options of the server of Lineup/1. */
      ours?: Partial<ServeOptions>;
    } = {},
): Promise<Stage> {
  const clock = new VirtualClock();
  const logged: LogEntry[] = [];
  const log = (entry: LogEntry): void => void logged.push(entry);
  const queue = await open({ log, clock, ...queueOptions });
  const theirs = listenMemory();
  const ours = listenMemory();
  const common = { clock, log, timeouts: { handshake: Infinity, idle: Infinity } };
  const handlers = queue.beanstalkd({ maxBody: limits.maxBody, ...options });
  const servers = [
    await serve(beanstalkdProtocol, handlers, {
      ...common,
      dialect: beanstalkd,
      heldWork: queue.heldWork,
      limits,
      ...server,
      listen: [theirs],
    }),
    await serve(queueProtocol, queue.handlers, { ...common, ...oursOptions, listen: [ours] }),
  ];
  const clients: RawClient[] = [];
  const keep = (client: RawClient): RawClient => {
    clients.push(client);
    return client;
  };
  return {
    clock,
    logged,
    connect: () => keep(new RawClient(theirs.connect())),
    async lineup(): Promise<RawClient> {
      const client = keep(new RawClient(ours.connect()));
      await client.reply();
      return client;
    },
    shutdown: () => servers[0].shutdown(),
    async [Symbol.asyncDispose](): Promise<void> {
      for (const client of clients) client.close();
      for (const server of servers) await server.shutdown();
      await queue.close();
    },
  };
}
