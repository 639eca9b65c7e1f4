// A connection of a client. It does as little as it can: the bench is to measure the server.

import { connect, type Socket } from "node:net";

/** The receiver of the answers. */
export interface Listening {
  /** The final line of the request that was due at a time; `code` is OK or that of the error. */
  answered(wire: RequestConnection, due: number, code: string): void;
  /** The end of the connection: no more answers come. */
  closed(wire: RequestConnection): void;
}

/** The server did not accept a connection; the message is the reason. */
export class Barred extends Error {}

// The most bytes that wait for a server that does not read: a flooder does not send what is due then.
const MOST_BUFFERED = 1 << 20;
const [LF, HASH, SPACE, ZERO, O, E] = [..."\n# 0OE"].map((char) => char.charCodeAt(0));
const CODE_AT = "ERR ".length;
const NOTHING = new Uint8Array(0);

/** The `n`-th address of a network of this machine. Each address is another client to a server. */
export function loopback(net: number, n: number): string {
  return `127.${net}.${Math.floor(n / 250)}.${1 + n % 250}`;
}

/** Connects from an address, which Deno.connect cannot do. */
export function dial(port: number, localAddress: string): Socket {
  const socket = connect({ host: "127.0.0.1", port, localAddress });
  socket.setNoDelay(true);
  socket.on("error", () => {});
  return socket;
}

/** A connection after its greeting. */
export class RequestConnection {
  readonly #socket: Socket;
  readonly #listening: Listening;
  readonly #pending = new Map<number, number>();
  #asked = 0;
  #answered = 0;
  #batch = "";
  #rest: Uint8Array = NOTHING;
  #greet: ((code: string) => void) | undefined;
  open = false;

  private constructor(socket: Socket, listening: Listening) {
    this.#socket = socket;
    this.#listening = listening;
  }

  /** Connects. Resolves after the greeting; rejects with `Barred` if none comes. */
  static open(port: number, address: string, listening: Listening): Promise<RequestConnection> {
    const socket = dial(port, address);
    const wire = new RequestConnection(socket, listening);
    return new Promise((resolve, reject) => {
      let failure = "closed";
      wire.#greet = (code) => {
        if (code !== "OK") return reject(new Barred(code));
        wire.open = true;
        resolve(wire);
      };
      socket.on("data", (bytes: Uint8Array) => wire.#take(bytes));
      socket.on("error", (error: Error & { code?: string }) => failure = error.code ?? "error");
      socket.on("close", () => {
        reject(new Barred(failure));
        if (!wire.open) return;
        wire.open = false;
        listening.closed(wire);
      });
    });
  }

  /** Whether further requests would only fill the memory of this process. */
  get full(): boolean {
    return this.#socket.writableLength + this.#batch.length > MOST_BUFFERED;
  }

  /** Adds a request to what `flush` writes. */
  ask(line: string, due: number, tagged: boolean): void {
    this.#pending.set(this.#asked, due);
    this.#batch += tagged ? `#${this.#asked} ${line}\n` : `${line}\n`;
    this.#asked++;
  }

  flush(body?: Uint8Array): void {
    this.#socket.write(this.#batch);
    this.#batch = "";
    if (body !== undefined) this.#socket.write(body);
  }

  close(): void {
    this.#socket.destroy();
  }

  #take(chunk: Uint8Array): void {
    let bytes = chunk;
    if (this.#rest.length > 0) {
      bytes = new Uint8Array(this.#rest.length + chunk.length);
      bytes.set(this.#rest);
      bytes.set(chunk, this.#rest.length);
    }
    let at = 0;
    for (let end; (end = bytes.indexOf(LF, at)) >= 0; at = end + 1) this.#line(bytes, at, end);
    this.#rest = at < bytes.length ? bytes.slice(at) : NOTHING;
  }

  #line(bytes: Uint8Array, start: number, end: number): void {
    let at = start;
    let tag = -1;
    if (bytes[at] === HASH) {
      tag = 0;
      for (at++; bytes[at] !== SPACE; at++) tag = 10 * tag + bytes[at] - ZERO;
      at++;
    }
    let code = "OK";
    if (bytes[at] === E) {
      code = "";
      for (at += CODE_AT; at < end && bytes[at] > SPACE; at++) {
        code += String.fromCharCode(bytes[at]);
      }
    } else if (bytes[at] !== O) return; // an item or an event
    if (this.#greet !== undefined) {
      this.#greet(code);
      this.#greet = undefined;
      return;
    }
    // Untagged requests are answered in order.
    if (tag < 0) tag = this.#answered;
    this.#answered++;
    const due = this.#pending.get(tag);
    if (due === undefined) return;
    this.#pending.delete(tag);
    this.#listening.answered(this, due, code);
  }
}
