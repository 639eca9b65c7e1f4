// Reads one connection: a state machine with a state for each reason to wait.

import type { DialectSession } from "../../dialects/dialect.ts";
import type { LoopYield } from "../../net/loop_yield.ts";
import type { Output } from "../../net/output.ts";
import type { ByteStream } from "../../net/stream.ts";
import type { Clock } from "../../scheduling/clock.ts";
import type { RefusalThrottle } from "../admission/refusal_throttle.ts";
import type { RequestRouter } from "../request/router.ts";
import type { ConnectionTimeouts } from "./connection_timeouts.ts";
import type { ReadBatch } from "./read_batch.ts";
import type { ReadBudget } from "./read_budget.ts";

// An idle connection holds a small buffer, as there may be ten thousand of them; one that fills it gets a larger one.
const SMALLEST_BUFFER = 1024, LARGEST_BUFFER = 16_384;
/** The number of requests of one connection that are taken before other connections have their turn. */
const REQUESTS_A_TURN = 64;
// A fast sender could keep the loop to itself: bytes that are there already are read without a turn. Queue after this
// many.
const BYTES_A_TURN = LARGEST_BUFFER;
/** Cost model: reading 1 KiB costs about one refusal. */
const BYTES_A_REQUEST = 1024;
/** The most bytes that are read and dropped of a client that should have stopped. */
const MOST_FORGOTTEN = 1 << 20;

/** The state of the loop: its next action. */
const enum ReadState {
  /** The client was refused: reads nothing for a while. Its bytes gather in the socket. */
  Rest,
  /** Waits for bytes. */
  Read,
  /** The client was refused while its bytes came: they wait for the end of the rest. */
  Hold,
  /** Waits for its turn among the connections that send much or cost much. */
  Queue,
  /** Takes requests out of the bytes. */
  Take,
  /** The client went on asking although it was refused: the rest of its bytes waits. */
  Pause,
  /** The client must read answers, or wait for some, before its next requests are taken. */
  Block,
  /** Other connections have their turn. */
  Yield,
  /** As Queue, between two requests. */
  Requeue,
  /** The client has ended its side. */
  HalfClose,
  Over,
}

/** The connection that is read. */
export interface ReadConnection {
  readonly services: ReadServices;
  readonly session: DialectSession;
  readonly output: Output;
  /** Whether input is dropped. */
  readonly ended: boolean;
  readonly closed: boolean;
  /** Called when bytes came, with their number. */
  received(bytes: number): void;
  /** Called when all bytes that were read are taken. `midRequest` tells whether more must follow soon. */
  taken(midRequest: boolean): void;
  /** Ends the connection: the client was paused too often. */
  dismiss(): void;
  /** The client has ended its side. */
  halfClose(): Promise<void>;
}

/** The parts of a server that reading uses. */
export interface ReadServices {
  readonly clock: Clock;
  readonly readBudget: ReadBudget;
  readonly turns: LoopYield;
}

/** The receiver of decoded input. */
export interface ReadExchange {
  readonly router: RequestRouter;
  readonly batch: ReadBatch;
  readonly throttle: RefusalThrottle;
  /** Whether the client must read answers, or wait for some. */
  readonly isFull: boolean;
  /** Resolves once it need not any more. */
  untilRoom(): Promise<void>;
}

/** The reading half of one connection. */
export class ReadLoop {
  readonly #connection: ReadConnection;
  readonly #stream: ByteStream;
  readonly #session: DialectSession;
  readonly #exchange: ReadExchange;
  readonly #router: RequestRouter;
  readonly #batch: ReadBatch;
  readonly #throttle: RefusalThrottle;
  readonly #timeouts: ConnectionTimeouts;
  readonly #clock: Clock;
  #buffer = new Uint8Array(SMALLEST_BUFFER);
  /** The number of bytes of the buffer that are taken now. */
  #read = 0;
  /** The number of bytes read since it was last in the queue. */
  #bytesThisTurn = 0;
  /** Whether it has its turn in the queue, and must tell the end of it. */
  #hasTurn = false;
  #forgotten = 0;
  /** The time since which the next bytes have waited; `undefined` where they have not. */
  #unreadSince: number | undefined = undefined;
  /** The time in ms that the bytes that are taken now have waited. */
  #unread = 0;
  #taken = 0;
  /** Whether the bytes that are taken end a request. */
  #whole = false;
  #wasPaused = false;

  constructor(
    connection: ReadConnection,
    stream: ByteStream,
    exchange: ReadExchange,
    timeouts: ConnectionTimeouts,
  ) {
    this.#connection = connection;
    this.#stream = stream;
    this.#session = connection.session;
    this.#exchange = exchange;
    this.#router = exchange.router;
    this.#batch = exchange.batch;
    this.#throttle = exchange.throttle;
    this.#timeouts = timeouts;
    this.#clock = connection.services.clock;
  }

  /** Reads until the client has ended its side, or the connection is over. Rejects where the stream fails. */
  async run(): Promise<void> {
    const connection = this.#connection;
    const throttle = this.#throttle;
    for (let state = ReadState.Read as ReadState; state !== ReadState.Over;) {
      switch (state) {
        case ReadState.Rest:
          await throttle.rested();
          this.#unreadSince = Math.max(this.#batch.now, this.#clock.now() - throttle.restLength);
          state = connection.closed ? ReadState.Over : ReadState.Read;
          break;
        case ReadState.Read: {
          this.#timeouts.listening = true;
          const read = await this.#stream.read(this.#buffer);
          this.#timeouts.listening = false;
          state = read === null ? ReadState.HalfClose : this.#received(read);
          break;
        }
        case ReadState.Hold:
          this.#unreadSince = this.#clock.now();
          await throttle.rested();
          state = connection.closed ? ReadState.Over : this.#queueOrTake();
          break;
        case ReadState.Queue:
          await this.#awaitTurn();
          state = connection.closed ? ReadState.Over : this.#begin();
          break;
        case ReadState.Take:
          state = this.#take();
          break;
        case ReadState.Pause:
          connection.output.flush();
          await throttle.rested();
          state = ReadState.Requeue;
          break;
        case ReadState.Block:
          await this.#exchange.untilRoom();
          state = ReadState.Requeue;
          break;
        case ReadState.Yield:
          if (!throttle.costly) await this.#yield();
          state = ReadState.Requeue;
          break;
        case ReadState.Requeue:
          if (throttle.costly) await this.#awaitTurn();
          state = this.#resume();
          break;
        case ReadState.HalfClose:
          await connection.halfClose();
          this.#endInput();
          state = ReadState.Over;
      }
    }
  }

  /** Ends its turn in the queue, if it has one: the connection is closed. */
  close(): void {
    this.#endTurn(0);
  }

  #received(read: number): ReadState {
    this.#read = read;
    this.#bytesThisTurn += read;
    this.#connection.received(read);
    if (this.#connection.ended) {
      this.#unreadSince = undefined;
      this.#forgotten += read;
      if (this.#forgotten > MOST_FORGOTTEN) return ReadState.Over;
      return this.#restOrRead();
    }
    const isHeld = this.#unreadSince === undefined && this.#throttle.resting;
    return isHeld ? ReadState.Hold : this.#queueOrTake();
  }

  #restOrRead(): ReadState {
    return this.#throttle.resting ? ReadState.Rest : ReadState.Read;
  }

  #queueOrTake(): ReadState {
    const queues = this.#throttle.costly || this.#bytesThisTurn >= BYTES_A_TURN;
    return queues ? ReadState.Queue : this.#begin();
  }

  #begin(): ReadState {
    this.#session.push(this.#buffer.subarray(0, this.#read));
    const now = this.#clock.now();
    this.#batch.begin(now);
    this.#unread = this.#unreadSince === undefined ? 0 : now - this.#unreadSince;
    if (this.#unreadSince !== undefined) this.#router.gather();
    this.#unreadSince = undefined;
    this.#taken = 0;
    this.#whole = false;
    return ReadState.Take;
  }

  #take(): ReadState {
    const session = this.#session;
    const throttle = this.#throttle;
    const connection = this.#connection;
    const { now } = this.#batch;
    for (let decoded; (decoded = session.next()) !== undefined && !connection.ended;) {
      this.#whole = true;
      this.#router.take(decoded, now);
      const { isFull } = this.#exchange;
      this.#wasPaused = throttle.paused && !throttle.exhausted;
      if (!isFull && !this.#wasPaused && ++this.#taken < REQUESTS_A_TURN) continue;
      this.#router.checkGathered(this.#unread);
      this.#batch.suspend();
      this.#endTurn(this.#taken);
      return this.#wasPaused ? ReadState.Pause : isFull ? ReadState.Block : ReadState.Yield;
    }
    return this.#finish();
  }

  /** Goes on to take requests after a wait. */
  #resume(): ReadState {
    const before = this.#batch.now;
    const now = this.#clock.now();
    this.#batch.begin(now);
    if (this.#wasPaused) {
      this.#unread += now - before;
      this.#router.gather();
    }
    this.#taken = 0;
    return ReadState.Take;
  }

  #finish(): ReadState {
    const connection = this.#connection;
    this.#router.checkGathered(this.#unread);
    this.#router.endGathering();
    if (this.#throttle.exhausted && !connection.ended) connection.dismiss();
    this.#batch.suspend();
    this.#endTurn(this.#taken);
    const { midRequest } = this.#session;
    this.#timeouts.received(this.#read, this.#whole, midRequest, this.#batch.now);
    if (this.#batch.hasSecret) {
      this.#batch.hasSecret = false;
      this.#buffer.fill(0, 0, this.#read);
    }
    if (this.#read === this.#buffer.length && this.#read < LARGEST_BUFFER) {
      this.#buffer = new Uint8Array(4 * this.#read);
    }
    this.#batch.end();
    connection.taken(midRequest);
    return this.#restOrRead();
  }

  #endInput(): void {
    const { ended, closed } = this.#connection;
    const last = ended || closed ? undefined : this.#session.endOfInput();
    if (last !== undefined) this.#router.take(last, this.#clock.now());
  }

  /** Waits in the queue; others like it wait there too. */
  async #awaitTurn(): Promise<void> {
    const { output, services: { readBudget } } = this.#connection;
    output.schedule();
    await readBudget.enter();
    if (this.#connection.closed) readBudget.spend(0);
    else this.#hasTurn = true;
  }

  /** Lets the next one of the queue be read. */
  #endTurn(requests: number): void {
    if (!this.#hasTurn) return;
    this.#hasTurn = false;
    const { readBudget } = this.#connection.services;
    readBudget.spend(Math.max(requests, this.#bytesThisTurn / BYTES_A_REQUEST));
    this.#bytesThisTurn = 0;
  }

  #yield(): Promise<void> {
    const { output, services: { turns } } = this.#connection;
    output.schedule();
    return new Promise((resolve) => turns.next(resolve));
  }
}
