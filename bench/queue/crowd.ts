// Producers and workers over raw sockets, who do as little as they can, so that the servers are what is measured.

import type { Dialect, Target } from "./targets.ts";

const LF = 0x0a;
// What begins with it is no good news in either protocol; bodies here are of x.
const E = 0x45;
const encoder = new TextEncoder();
const decoder = new TextDecoder("latin1");

/** One connection. */
class Wire {
  readonly dialect: Dialect;
  readonly #conn: Deno.TcpConn;
  readonly #buffer = new Uint8Array(65_536);
  /** What was read and not looked at. */
  #from = 0;
  #to = 0;

  constructor(conn: Deno.TcpConn, dialect: Dialect) {
    this.#conn = conn;
    this.dialect = dialect;
  }

  async write(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length;) at += await this.#conn.write(bytes.subarray(at));
  }

  /** Reads so many lines. */
  async lines(count: number): Promise<void> {
    await this.answers(count);
  }

  /** Reads so many answers of a line; how many of them were refused. */
  async answers(count: number): Promise<number> {
    let refused = 0;
    for (let left = count; left > 0;) {
      const end = this.#end();
      if (end === -1) {
        await this.#more();
        continue;
      }
      if (this.#buffer[this.#from] === E) {
        this.#busy(this.#from, end);
        refused++;
      }
      this.#from = end + 1;
      left--;
    }
    return refused;
  }

  /** Reads what answers a TAKE of `count` jobs: the numbers of those that came, or `undefined` where it was refused. */
  async items(count: number): Promise<number[] | undefined> {
    const { item, numberAt, ends } = this.dialect;
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
        this.#busy(start, end);
        return undefined;
      }
      let id = 0;
      for (let at = start + numberAt; buffer[at] >= 0x30 && buffer[at] <= 0x39; at++) {
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

  /** A refusal that is to be tried again; all others are errors of this bench. */
  #busy(start: number, end: number): void {
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

/** Connections that stay open. */
export class Crowd implements Disposable {
  readonly #wires: Wire[];

  private constructor(wires: Wire[]) {
    this.#wires = wires;
  }

  static async open({ port, dialect }: Target, connections: number): Promise<Crowd> {
    const { greeting, preamble: [text, lines] } = dialect;
    const wires = [];
    for (let i = 0; i < connections; i++) {
      const conn = await Deno.connect({ hostname: "127.0.0.1", port });
      conn.setNoDelay(true);
      const wire = new Wire(conn, dialect);
      await wire.lines(greeting);
      if (lines > 0) await wire.write(encoder.encode(text));
      await wire.lines(lines);
      wires.push(wire);
    }
    return new Crowd(wires);
  }

  /**
   * Every connection puts `rounds` batches of `depth` jobs, each once the last is acknowledged; jobs a second. What is
   * refused is asked again. The jobs are of no key, or of so many in turn.
   */
  put(rounds: number, depth: number, body: string, keys = 0): Promise<number> {
    const { put } = this.#wires[0].dialect;
    // All of one length; a batch is a part of them.
    const requests = Array.from(
      { length: Math.max(keys, depth) },
      (_, at) => put(body, keys === 0 ? undefined : `k${at % keys + 10 * keys}`),
    );
    const one = requests[0].length;
    const all = encoder.encode(requests.join(""));
    let from = 0;
    return this.#timed(async (wire) => {
      for (let left = rounds * depth; left > 0;) {
        const size = Math.min(left, depth);
        if (from + size > requests.length) from = 0;
        const batch = all.subarray(from * one, (from + size) * one);
        if (keys > 0) from += size;
        await wire.write(batch);
        left -= size - await wire.answers(size);
      }
      return rounds * depth;
    });
  }

  /**
   * Every connection takes `rounds` batches of `depth` jobs, or as many as there are, and has them done with the next
   * taken, in as few requests as its protocol has for that; jobs a second.
   */
  work(rounds: number, depth: number): Promise<number> {
    const { take, done, dones } = this.#wires[0].dialect;
    return this.#timed(async (wire) => {
      let taken: number[] = [];
      let worked = 0;
      for (let left = rounds * depth; left > 0 || taken.length > 0;) {
        const size = Math.min(left, depth);
        const ended = taken.length > 0 ? done(taken) : "";
        const next = size > 0 ? take(size) : "";
        await wire.write(encoder.encode(ended + next));
        const refused = taken.length > 0 && await wire.answers(dones(taken.length)) > 0;
        const again = refused ? taken : [];
        const more = size > 0 ? await wire.items(size) : [];
        taken = more === undefined ? again : [...again, ...more];
        if (more === undefined) continue;
        worked += more.length;
        left = more.length > 0 ? left - more.length : 0;
      }
      return worked;
    });
  }

  async #timed(run: (wire: Wire) => Promise<number>): Promise<number> {
    const start = performance.now();
    const jobs = await Promise.all(this.#wires.map(run));
    return jobs.reduce((sum, each) => sum + each) / (performance.now() - start) * 1000;
  }

  [Symbol.dispose](): void {
    for (const wire of this.#wires) wire.close();
  }
}
