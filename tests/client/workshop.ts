// A queue, workers and those who put jobs, in memory on a virtual clock; connections can be cut.

import { type ByteStream, type Client, type ClientOptions, connect } from "@lineup/lineup/client";
import { openQueue, type QueueOptions, queueProtocol } from "@lineup/lineup/queue";
import { listenMemory, type MemoryListener, serve, type Server } from "@lineup/lineup/server";
import { VirtualClock } from "../virtual_clock.ts";

/** A client of the queue. */
export type QueueClient = Client<typeof queueProtocol>;

/** A served queue and its clients. */
export interface Workshop extends AsyncDisposable {
  readonly clock: VirtualClock;
  /** A new client. */
  client(options?: ClientOptions): Promise<QueueClient>;
  /** Cuts all connections that there are. */
  cut(): void;
  /** While it is down nobody can connect. */
  down(isDown: boolean): void;
  /** Lets time pass until a promise settles. Throws where it does not within `most` ms. */
  until<T>(promise: Promise<T>, most?: number): Promise<T>;
}

/** Serves a queue. */
export async function workshop(options: QueueOptions = {}): Promise<Workshop> {
  const clock = new VirtualClock();
  const queue = await openQueue({ log: () => {}, ...options, clock });
  const listener: MemoryListener = listenMemory();
  const server: Server = await serve(queueProtocol, queue.handlers, {
    listen: [listener],
    clock,
    log: () => {},
    timeouts: { idle: Infinity },
  });
  const streams = new Set<ByteStream>();
  const clients: QueueClient[] = [];
  let isDown = false;
  // deno-lint-ignore require-await
  const dial = async (): Promise<ByteStream> => {
    if (isDown) throw new Error("connection refused");
    const stream = listener.connect();
    streams.add(stream);
    return stream;
  };
  const until = async <T>(promise: Promise<T>, most = 3_600_000): Promise<T> => {
    let settled = false;
    const note = (): void => {
      settled = true;
    };
    promise.then(note, note);
    const end = clock.now() + most;
    // Promises first: an action that is due may be cancelled by them.
    for (;;) {
      await clock.elapse(0);
      if (settled) return await promise;
      if (!clock.step(end)) throw new Error(`not settled within ${most} ms`);
    }
  };
  const cut = (): void => {
    for (const stream of streams) stream.close();
    streams.clear();
  };
  return {
    clock,
    async client(options = {}) {
      const client = await connect(queueProtocol, "tcp://10.0.0.1:1", {
        clock,
        dial,
        random: () => 0.5,
        ...options,
      });
      clients.push(client);
      return client;
    },
    cut,
    down(value) {
      isDown = value;
    },
    until,
    async [Symbol.asyncDispose]() {
      await until(Promise.all(clients.map((client) => client.close(100))));
      cut();
      await until(server.shutdown());
      await queue.close();
    },
  };
}
