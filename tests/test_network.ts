// A server with clients at addresses of their own. A test sees every byte.

import type { ServeOptions } from "@lineup/lineup/server";
import { RawClient } from "./raw_client.ts";
import { VirtualClock } from "../testing/virtual_clock.ts";
import { TestServer } from "./test_server.ts";
import { PeerListener, settle } from "./streams.ts";

/** A server in memory whose clients have addresses. */
export class TestNetwork implements AsyncDisposable {
  readonly testServer: TestServer;
  readonly clock: VirtualClock;
  readonly #listener: PeerListener;
  readonly #clients: RawClient[] = [];

  private constructor(testServer: TestServer, clock: VirtualClock, listener: PeerListener) {
    this.testServer = testServer;
    this.clock = clock;
    this.#listener = listener;
  }

  static async open(options: ServeOptions = {}): Promise<TestNetwork> {
    const clock = new VirtualClock();
    const listener = new PeerListener();
    const testServer = await TestServer.open({
      listen: [listener],
      clock,
      random: () => 0.5,
      ...options,
    });
    return new TestNetwork(testServer, clock, listener);
  }

  /** A client at an address such as `192.0.2.7:1`. The network holds `capacity` bytes for it each way. */
  client(peer: string, options: { capacity?: number; deaf?: boolean } = {}): RawClient {
    const { capacity, deaf = false } = options;
    const client = new RawClient(this.#listener.connect(peer, capacity));
    if (!deaf) client.listen();
    this.#clients.push(client);
    return client;
  }

  /** Lets time pass, and waits until nothing more happens. */
  async pass(ms: number = 0): Promise<void> {
    await settle(this);
    if (ms === 0) return;
    await this.clock.elapse(ms);
    await settle(this);
  }

  /** The figures of STATS, asked from this machine. */
  async figures(): Promise<Map<string, string>> {
    using administrator = this.client("127.0.0.9:1");
    administrator.post("STATS\n");
    await this.pass();
    const figures = new Map<string, string>();
    for (const line of administrator.take().split("\n")) {
      const [, name, value] = /^\* (\S+) (.*)$/.exec(line) ?? [];
      if (name !== undefined) figures.set(name, value);
    }
    administrator.post("QUIT\n");
    await this.pass();
    return figures;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const each of this.#clients) each.close();
    // Requests in seats end, then the requests that waited for the seats.
    const { holds } = this.testServer;
    for (let gone = -1; gone < holds.length;) {
      gone = holds.length;
      for (const { go } of holds) go("over");
      await this.pass();
    }
    const down = this.testServer[Symbol.asyncDispose]();
    // Clients that still wait, or linger, are cut off.
    await this.clock.elapse(10_000);
    await down;
  }
}
