// A WebSocket at the server as a byte stream.

import { setImmediate } from "node:timers";
import type { PeerCertificate } from "./peer_certificate.ts";
import { type ByteStream, writeAll } from "./stream.ts";
import { StreamError } from "./stream_error.ts";
import { after } from "./timer.ts";
import { LONGEST_MESSAGE } from "./web_socket.ts";
import {
  binaryFrame,
  CLOSE,
  closeFrame,
  FrameDecoder,
  type FrameError,
  pongFrame,
} from "./web_socket_frames.ts";

/** The time in ms for a client to answer a close. */
const CLOSE_MS = 1000;
const FORGETTING = 4096, MOST_FORGOTTEN = 1 << 20;
const ENDS: readonly number[] = [CLOSE.normal, CLOSE.goingAway, CLOSE.noStatus];

/** Options of a served WebSocket. */
export interface ServedOptions {
  readonly maxMessage: number;
  /** Called at a message that is too long. */
  readonly onLongMessage: () => void;
  /** The code of an ordinary close. */
  readonly endCode: () => number;
}

/** An open WebSocket of a client, over a stream behind its request and answer. */
export class ServedWebSocket implements ByteStream {
  readonly peer: string;
  readonly certificate: PeerCertificate | undefined;
  readonly unproven: string | undefined;
  /** Resolves when the client has closed, or is lost, after it had ended its side. */
  readonly gone: Promise<void>;
  readonly #stream: ByteStream;
  readonly #options: ServedOptions;
  readonly #decoder: FrameDecoder;
  /** The bytes that came with the request and are not read yet. */
  #early: Uint8Array;
  /** The end of the last write. Each write begins when the one before has ended. */
  #lastWrite: Promise<unknown> = Promise.resolve();
  #unwritten = 0;
  #pong: Uint8Array | undefined = undefined;
  /** Whether the client has ended its side. It may still close. */
  #ended = false;
  /** The code of the client's close. */
  #closedWith: number | undefined = undefined;
  /** Whether a close was sent. Nothing may follow it. */
  #closeSent = false;
  #closed = false;
  #setGone: () => void = () => {};

  constructor(stream: ByteStream, early: Uint8Array, options: ServedOptions) {
    this.peer = stream.peer;
    this.certificate = stream.certificate;
    this.unproven = stream.unproven;
    this.#stream = stream;
    this.#early = early;
    this.#options = options;
    this.gone = new Promise((resolve) => this.#setGone = resolve);
    this.#decoder = new FrameDecoder(options.maxMessage, {
      ping: (payload) => this.#answerPing(payload),
      close: (code) => this.#answerClose(code),
      end: () => this.#ended = true,
    });
  }

  async read(buffer: Uint8Array): Promise<number | null> {
    for (;;) {
      if (this.#closed) throw new StreamError("ConnectionAborted", "the connection is closed");
      const read = await this.#receive(buffer);
      if (read > 0) return read;
      if (this.#closedWith !== undefined) return endOf(this.#closedWith);
      if (!this.#ended) continue;
      this.#forget().then(this.#setGone);
      return null;
    }
  }

  /** Reads some bytes. Resolves with 0 where they carry no bytes of the stream. Rejects with `StreamError`. */
  async #receive(buffer: Uint8Array): Promise<number> {
    const { failure } = this.#decoder;
    if (failure !== undefined) {
      // The answers to what came before it leave at the end of this turn.
      await new Promise((resolve) => setImmediate(resolve));
      throw this.#broken(failure);
    }
    if (this.#ended || this.#closedWith !== undefined) return 0;
    let read: number | null;
    if (this.#early.length === 0) read = await this.#stream.read(buffer);
    else {
      read = Math.min(this.#early.length, buffer.length);
      buffer.set(this.#early.subarray(0, read));
      this.#early = this.#early.subarray(read);
    }
    if (read === null) {
      throw new StreamError("ConnectionReset", "the WebSocket ended without a close");
    }
    return this.#decoder.decode(buffer.subarray(0, read));
  }

  /** Closes with the code of the error. */
  #broken(failure: FrameError): StreamError {
    if (failure.code === CLOSE.tooBig && !this.#closeSent) this.#options.onLongMessage();
    this.#sendClose(failure.code).catch(() => {});
    const message = `not what WebSocket asks for: ${failure.message}`;
    return new StreamError("InvalidData", message, { cause: failure });
  }

  async write(bytes: Uint8Array): Promise<number> {
    if (this.#closeSent || this.#closed) throw gone();
    const part = bytes.subarray(0, LONGEST_MESSAGE);
    if (part.length > 0) await this.#send(binaryFrame(part));
    return part.length;
  }

  async #send(frame: Uint8Array): Promise<void> {
    const before = this.#lastWrite;
    const sent = Promise.withResolvers<void>();
    this.#lastWrite = sent.promise;
    this.#unwritten++;
    try {
      await before;
      await writeAll(this.#stream, frame);
    } catch (cause) {
      throw new StreamError("BrokenPipe", (cause as Error).message, { cause });
    } finally {
      this.#unwritten--;
      sent.resolve();
    }
  }

  /** Answers only the last of several pings that wait for a pong: a client that reads no pongs fills no memory. */
  async #answerPing(payload: Uint8Array): Promise<void> {
    const isFirst = this.#pong === undefined;
    this.#pong = payload;
    if (!isFirst) return;
    await this.#lastWrite;
    const pong = pongFrame(this.#pong);
    this.#pong = undefined;
    if (!this.#closeSent) await this.#send(pong).catch(() => {});
  }

  #answerClose(code: number): void {
    this.#closedWith = code;
    this.#sendClose(code).catch(() => {});
  }

  async #sendClose(code: number): Promise<void> {
    if (this.#closeSent) return;
    this.#closeSent = true;
    await this.#send(closeFrame(code));
  }

  /** Sends the close of the WebSocket: a server says nothing after the end of its side, and the close tells that. */
  async closeWrite(): Promise<void> {
    await this.#sendClose(this.#options.endCode());
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    // The client does not read, so a close behind the waiting bytes would not arrive.
    if (this.#unwritten > 0 && !this.#closeSent) return this.#stream.close();
    this.#finish();
  }

  /** Sends the close and waits a moment for the client's: unread bytes would reset the connection. */
  async #finish(): Promise<void> {
    const stop = after(CLOSE_MS, () => this.#stream.close());
    try {
      await this.closeWrite();
      await this.#lastWrite;
      await this.#forget();
    } catch {
      // The connection is lost.
    } finally {
      stop();
      this.#stream.close();
    }
  }

  #forgetting: Promise<void> | undefined = undefined;

  /** Reads and drops bytes until the client has closed. Does not reject. */
  #forget(): Promise<void> {
    return this.#forgetting ??= this.#readOn();
  }

  async #readOn(): Promise<void> {
    const buffer = new Uint8Array(FORGETTING);
    let forgotten = 0;
    try {
      while (this.#closedWith === undefined && forgotten < MOST_FORGOTTEN) {
        const read = await this.#stream.read(buffer);
        if (read === null) break;
        forgotten += read;
        this.#decoder.decode(buffer.subarray(0, read));
      }
    } catch {
      // The connection is lost.
    }
  }
}

/** The result of a read behind the client's close: the end for an ordinary code. Throws `StreamError` for others. */
function endOf(code: number): null {
  if (ENDS.includes(code)) return null;
  throw new StreamError("ConnectionReset", `closed with code ${code}`);
}

function gone(): StreamError {
  return new StreamError("BrokenPipe", "the connection is closed");
}
