// A closed loop of PINGs. The client does as little as it can: the bench is to measure the server.

import type { PingServer } from "./servers.ts";

/** Connections that stay open; each sends the same batch of requests again and again. */
export class Load implements Disposable {
  readonly #conns: Deno.TcpConn[];
  readonly #batch: Uint8Array;
  readonly #depth: number;
  readonly #buffers: Uint8Array[];

  private constructor(conns: Deno.TcpConn[], depth: number) {
    this.#conns = conns;
    this.#depth = depth;
    this.#batch = new TextEncoder().encode("PING\r\n".repeat(depth));
    this.#buffers = conns.map(() => new Uint8Array(16_384));
  }

  static async open(
    { port, greeting }: PingServer,
    connections: number,
    depth: number,
  ): Promise<Load> {
    const conns: Deno.TcpConn[] = [];
    for (let i = 0; i < connections; i++) {
      const conn = await Deno.connect({ hostname: "127.0.0.1", port });
      conn.setNoDelay(true);
      conns.push(conn);
    }
    const load = new Load(conns, depth);
    if (greeting > 0) await Promise.all(conns.map((_, i) => load.#lines(i, greeting)));
    return load;
  }

  /** Sends `rounds` batches on each connection, and waits for all answers. Resolves with the answers a second. */
  async run(rounds: number): Promise<number> {
    const start = performance.now();
    await Promise.all(this.#conns.map((_, i) => this.#rounds(i, rounds)));
    const seconds = (performance.now() - start) / 1000;
    return this.#conns.length * this.#depth * rounds / seconds;
  }

  async #rounds(index: number, rounds: number): Promise<void> {
    const conn = this.#conns[index];
    for (let round = 0; round < rounds; round++) {
      for (let at = 0; at < this.#batch.length;) at += await conn.write(this.#batch.subarray(at));
      await this.#lines(index, this.#depth);
    }
  }

  async #lines(index: number, count: number): Promise<void> {
    const buffer = this.#buffers[index];
    while (count > 0) {
      const read = await this.#conns[index].read(buffer);
      if (read === null) throw new Error("the server closed the connection");
      for (let i = 0; i < read; i++) if (buffer[i] === 0x0a) count--;
    }
  }

  [Symbol.dispose](): void {
    for (const conn of this.#conns) conn.close();
  }
}
