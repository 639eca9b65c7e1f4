// A served queue and its clients, in memory and on a virtual clock. A test can cut connections and restart the server.

import { type ByteStream, type Client, type ClientOptions, connect } from "@lineup/lineup/client";
import { type OpenQueue, openQueue, type QueueOptions, queueProtocol } from "@lineup/lineup/queue";
import { listenMemory, type MemoryListener, serve, type Server } from "@lineup/lineup/server";
import { VirtualClock } from "../../testing/virtual_clock.ts";

/** A client of the queue. */
export type QueueClient = Client<typeof queueProtocol>;

/** A served queue and its clients. */
export interface QueueFixture extends AsyncDisposable {
  readonly clock: VirtualClock;
  /** A new client. */
  client(options?: ClientOptions): Promise<QueueClient>;
  /** A new client whose connections are neither cut nor refused. */
  reliableClient(): Promise<QueueClient>;
  /** Cuts all open connections. */
  cut(): void;
  /** Refuses new connections while `isDown`. */
  down(isDown: boolean): void;
  /** Ends the server and starts another one on the same store. Cuts the connections first, or lets them drain. */
  restart(how: "cut" | "drain"): Promise<void>;
  /** Lets time pass until a promise settles. Throws where it does not within `most` ms. */
  until<T>(promise: Promise<T>, most?: number): Promise<T>;
}

/** Serves a queue. `wrap` wraps the connections of its clients. */
export async function openQueueFixture(
  options: QueueOptions = {},
  wrap: (stream: ByteStream) => ByteStream = (stream) => stream,
): Promise<QueueFixture> {
  const clock = (options.clock ?? new VirtualClock()) as VirtualClock;
  let queue: OpenQueue;
  let listener: MemoryListener;
  let server: Server;
  const start = async (): Promise<void> => {
    queue = await openQueue({ log: () => {}, ...options, clock });
    listener = listenMemory();
    server = await serve(queueProtocol, queue.handlers, {
      listen: [listener],
      clock,
      log: () => {},
      timeouts: { idle: Infinity },
    });
  };
  await start();
  const streams = new Set<ByteStream>();
  const clients: QueueClient[] = [];
  let isDown = false;
  // deno-lint-ignore require-await
  const dial = async (): Promise<ByteStream> => {
    if (isDown) throw new Error("connection refused");
    const stream = wrap(listener.connect());
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
    // Promises settle first: they may cancel an action that is due.
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
  const client = async (options: ClientOptions): Promise<QueueClient> => {
    const client = await connect(queueProtocol, "tcp://10.0.0.1:1", {
      clock,
      dial,
      random: () => 0.5,
      ...options,
    });
    clients.push(client);
    return client;
  };
  const stop = async (): Promise<void> => {
    await until(server.shutdown());
    await until(queue.close());
  };
  return {
    clock,
    client: (options = {}) => client(options),
    // deno-lint-ignore require-await
    reliableClient: () => client({ dial: async () => listener.connect() }),
    cut,
    down(value) {
      isDown = value;
    },
    async restart(how) {
      if (how === "cut") cut();
      await stop();
      await start();
    },
    until,
    async [Symbol.asyncDispose]() {
      await until(Promise.all(clients.map((client) => client.close(100))));
      cut();
      await stop();
    },
  };
}
