// Producers and workers over raw sockets. They do as little as they can: the bench is to measure the servers.

import type { QueueProtocol, QueueServer } from "./servers.ts";

const LF = 0x0a;
// The first byte of errors and refusals in both protocols; the bodies here consist of x.
const E = 0x45;
const encoder = new TextEncoder();
const decoder = new TextDecoder("latin1");

/** One connection. */
class QueueConnection {
  readonly protocol: QueueProtocol;
  readonly #conn: Deno.TcpConn;
  readonly #buffer = new Uint8Array(65_536);
  /** The bytes of the buffer that were read, but not parsed. */
  #from = 0;
  #to = 0;

  constructor(conn: Deno.TcpConn, protocol: QueueProtocol) {
    this.#conn = conn;
    this.protocol = protocol;
  }

  async write(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length;) at += await this.#conn.write(bytes.subarray(at));
  }

  /** Reads so many lines. */
  async lines(count: number): Promise<void> {
    await this.answers(count);
  }

  /** Reads so many answers of one line. Returns how many of them are refusals. */
  async answers(count: number): Promise<number> {
    let refused = 0;
    for (let left = count; left > 0;) {
      const end = this.#end();
      if (end === -1) {
        await this.#more();
        continue;
      }
      if (this.#buffer[this.#from] === E) {
        this.#assertBusy(this.#from, end);
        refused++;
      }
      this.#from = end + 1;
      left--;
    }
    return refused;
  }

  /** Reads the answer to a TAKE of `count` jobs: the ids of the jobs, or `undefined` if the TAKE was refused. */
  async items(count: number): Promise<number[] | undefined> {
    const { item, idAt, ends } = this.protocol;
    const star = item.charCodeAt(0);
    const ids: number[] = [];
    const final = ends(count) > 0;
    let body = false;
    while (body || final || ids.length < count) {
      const end = this.#end();
      if (end === -1) {
        await this.#more();
        continue;
      }
      const buffer = this.#buffer;
      const start = this.#from;
      this.#from = end + 1;
      if (body) {
        body = false;
        continue;
      }
      if (buffer[start] !== star) {
        if (buffer[start] !== E) break;
        this.#assertBusy(start, end);
        return undefined;
      }
      let id = 0;
      for (let at = start + idAt; buffer[at] >= 0x30 && buffer[at] <= 0x39; at++) {
        id = 10 * id + buffer[at] - 0x30;
      }
      ids.push(id);
      body = true;
    }
    return ids;
  }

  close(): void {
    this.#conn.close();
  }

  /** Throws an error unless a refusal asks for another try. */
  #assertBusy(start: number, end: number): void {
    const text = decoder.decode(this.#buffer.subarray(start, end));
    if (!text.startsWith("ERR busy ")) throw new Error(text);
  }

  #end(): number {
    const end = this.#buffer.indexOf(LF, this.#from);
    return end < this.#to ? end : -1;
  }

  async #more(): Promise<void> {
    if (this.#from > 0) {
      this.#buffer.copyWithin(0, this.#from, this.#to);
      this.#to -= this.#from;
      this.#from = 0;
    }
    const read = await this.#conn.read(this.#buffer.subarray(this.#to));
    if (read === null) throw new Error("the server closed the connection");
    this.#to += read;
    this.#buffer.fill(0, this.#to, this.#to + 1);
  }
}

/** Some connections that stay open. */
export class Crowd implements Disposable {
  readonly #connections: QueueConnection[];

  private constructor(connections: QueueConnection[]) {
    this.#connections = connections;
  }

  static async open({ port, protocol }: QueueServer, connections: number): Promise<Crowd> {
    const { greeting, preamble: [text, lines] } = protocol;
    const open = [];
    for (let i = 0; i < connections; i++) {
      const conn = await Deno.connect({ hostname: "127.0.0.1", port });
      conn.setNoDelay(true);
      const connection = new QueueConnection(conn, protocol);
      await connection.lines(greeting);
      if (lines > 0) await connection.write(encoder.encode(text));
      await connection.lines(lines);
      open.push(connection);
    }
    return new Crowd(open);
  }

  /**
   * Puts `rounds` batches of `depth` jobs on each connection, each batch after the answers to the last one, and refused
   * jobs once more. The jobs have no key, or one of `keys` keys in turn. Resolves with the jobs a second.
   */
  put(rounds: number, depth: number, body: string, keys = 0): Promise<number> {
    const { put } = this.#connections[0].protocol;
    // All requests have one length, and a batch is a part of their bytes.
    const requests = Array.from(
      { length: Math.max(keys, depth) },
      (_, at) => put(body, keys === 0 ? undefined : `k${at % keys + 10 * keys}`),
    );
    const one = requests[0].length;
    const all = encoder.encode(requests.join(""));
    let from = 0;
    return this.#timed(async (connection) => {
      for (let left = rounds * depth; left > 0;) {
        const size = Math.min(left, depth);
        if (from + size > requests.length) from = 0;
        const batch = all.subarray(from * one, (from + size) * one);
        if (keys > 0) from += size;
        await connection.write(batch);
        left -= size - await connection.answers(size);
      }
      return rounds * depth;
    });
  }

  /**
   * Takes `rounds` batches of `depth` jobs on each connection, or as many as there are. Each batch is finished together
   * with the next TAKE, in as few requests as the protocol allows. Resolves with the jobs a second.
   */
  work(rounds: number, depth: number): Promise<number> {
    const { take, done, dones } = this.#connections[0].protocol;
    return this.#timed(async (connection) => {
      let taken: number[] = [];
      let worked = 0;
      for (let left = rounds * depth; left > 0 || taken.length > 0;) {
        const size = Math.min(left, depth);
        const ended = taken.length > 0 ? done(taken) : "";
        const next = size > 0 ? take(size) : "";
        await connection.write(encoder.encode(ended + next));
        const refused = taken.length > 0 && await connection.answers(dones(taken.length)) > 0;
        const again = refused ? taken : [];
        const more = size > 0 ? await connection.items(size) : [];
        taken = more === undefined ? again : [...again, ...more];
        if (more === undefined) continue;
        worked += more.length;
        left = more.length > 0 ? left - more.length : 0;
      }
      return worked;
    });
  }

  async #timed(run: (connection: QueueConnection) => Promise<number>): Promise<number> {
    const start = performance.now();
    const jobs = await Promise.all(this.#connections.map(run));
    return jobs.reduce((sum, each) => sum + each) / (performance.now() - start) * 1000;
  }

  [Symbol.dispose](): void {
    for (const connection of this.#connections) connection.close();
  }
}
