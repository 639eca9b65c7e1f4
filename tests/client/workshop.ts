// A queue, workers and those who put jobs, in memory on a virtual clock; connections can be cut.

import { type ByteStream, type Client, type ClientOptions, connect } from "@lineup/lineup/client";
import { type OpenQueue, openQueue, type QueueOptions, queueProtocol } from "@lineup/lineup/queue";
import { listenMemory, type MemoryListener, serve, type Server } from "@lineup/lineup/server";
import { VirtualClock } from "../virtual_clock.ts";

/** A client of the queue. */
export type QueueClient = Client<typeof queueProtocol>;

/** A served queue and its clients. */
export interface Workshop extends AsyncDisposable {
  readonly clock: VirtualClock;
  /** A new client. */
  client(options?: ClientOptions): Promise<QueueClient>;
  /** A new client whose connections are neither cut nor refused. */
  spared(): Promise<QueueClient>;
  /** Cuts all connections that there are. */
  cut(): void;
  /** While it is down nobody can connect. */
  down(isDown: boolean): void;
  /** Ends the server, and starts another on what the store has; cuts its connections before, or lets them drain. */
  restart(how: "cut" | "drain"): Promise<void>;
  /** Lets time pass until a promise settles. Throws where it does not within `most` ms. */
  until<T>(promise: Promise<T>, most?: number): Promise<T>;
}

/** Serves a queue; `wrap` may put something between its clients and their connections. */
export async function workshop(
  options: QueueOptions = {},
  wrap: (stream: ByteStream) => ByteStream = (stream) => stream,
): Promise<Workshop> {
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
    spared: () => client({ dial: async () => listener.connect() }),
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
