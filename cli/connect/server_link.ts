// The server of a terminal: a connection that is made again, the introduction on each connection, and heartbeats.

import { heartbeatOption } from "../../client/liveness.ts";
import type { Clock, Dial } from "../../client/mod.ts";
import type { Frame } from "../../dialects/lineup1/frame.ts";
import { readSpec } from "../remote_spec.ts";
import type { Board } from "./board.ts";
import { HEARTBEAT_MS, Pulse } from "./pulse.ts";
import type { Requests } from "./requests.ts";
import { StayingConnected } from "./staying_connected.ts";
import type { Tap, TerminalConnection } from "./terminal_connection.ts";

/** The server, and the events of its connections. */
export interface ServerLinkOptions {
  readonly address: string;
  readonly dial: Dial;
  readonly clock: Clock | undefined;
  readonly requests: Requests;
  readonly board: Board;
  readonly tap: Tap;
  readonly onFrame: (frame: Frame) => void;
  readonly onConnected: () => void;
  /** A connection has ended. Returns whether to connect again. */
  readonly onEnd: () => boolean;
  /** The loss of a connection was reported, and another one will be made. */
  readonly onLost: () => void;
  /** The first connection failed. */
  readonly onUnreachable: (reason: string) => void;
}

/** A link to one server. */
export class ServerLink {
  readonly #options: ServerLinkOptions;
  readonly #connection: StayingConnected;
  readonly #pulse: Pulse;
  #name: string;
  #wasConnected = false;
  #lastFailure = "";

  /** Not connected yet. */
  constructor(options: ServerLinkOptions) {
    const { address, dial, clock, requests } = options;
    this.#options = options;
    this.#name = address;
    this.#connection = new StayingConnected(address, dial);
    this.#pulse = new Pulse({
      ask: () => requests.ask("PING", () => {}),
      lost: (reason) => requests.connection?.close(reason),
    }, clock);
  }

  /** The name of the server's protocol; its address before the first connection. */
  get name(): string {
    return this.#name;
  }

  /** Whether there was a connection. */
  get wasConnected(): boolean {
    return this.#wasConnected;
  }

  /** Whether `end` was called. */
  get isEnded(): boolean {
    return this.#connection.ended;
  }

  /** Keeps connected until `end`. Rejects for a wrong address. */
  run(): Promise<void> {
    const { tap, board, onFrame } = this.#options;
    return this.#connection.run({
      tap,
      connecting: () => this.#connecting(),
      connected: (connection) => this.#connected(connection),
      frame: onFrame,
      pause: () => {
        this.#pulse.heard();
        board.schedule();
      },
      lost: (reason) => this.#lost(reason),
      failed: (reason) => this.#failed(reason),
    });
  }

  /** Connects again now instead of after a pause. */
  tryNow(): void {
    this.#connection.tryNow();
  }

  /** Closes the connection, and makes no other. */
  end(): void {
    this.#connection.end();
    this.#options.requests.connection?.close();
    this.#pulse.stop();
  }

  /** Before the first connection there is no prompt that says "not connected". */
  #connecting(): void {
    if (this.#wasConnected || this.isEnded) return;
    const { board, address } = this.#options;
    board.say(`connecting to ${address}; Ctrl-C gives up`);
    board.leave();
  }

  #connected(connection: TerminalConnection): void {
    const { requests, board, address, onConnected } = this.#options;
    requests.connection = connection;
    const { name, version } = connection.greeting;
    this.#name = name;
    board.say(`connected${this.#wasConnected ? " again" : ""} to ${address}, ${name}/${version}`);
    if (!this.#wasConnected) board.say("Tab completes, /help explains, Ctrl-D leaves");
    this.#wasConnected = true;
    this.#lastFailure = "";
    const hello = "HELLO lineup/1 agent=lineup-connect events=on half-close=off";
    requests.ask(hello + heartbeatOption(HEARTBEAT_MS), () => {});
    this.#pulse.start();
    requests.ask("SPEC", (frame) => this.#learn(frame));
    onConnected();
  }

  /** Takes the answer to SPEC. */
  #learn({ head, body }: Frame): void {
    const { requests, board } = this.#options;
    try {
      if (head !== "OK" || body === undefined) throw new Error("it answers SPEC with no document");
      requests.protocol = readSpec(body);
    } catch (error) {
      board.say(
        `the server does not describe itself, so nothing is completed: ${(error as Error).message}`,
      );
    }
  }

  #lost(reason: string): boolean {
    const { requests, board, onEnd, onLost } = this.#options;
    this.#pulse.stop();
    const lost = requests.lose();
    if (!onEnd()) return false;
    board.say(`connection lost: ${reason}. Connecting again.`);
    for (const { tag, text } of lost) {
      board.say(`#${tag} is lost, executed or not, and not sent again: ${text}`);
    }
    onLost();
    return true;
  }

  #failed(reason: string): boolean {
    if (!this.#wasConnected) {
      this.#options.onUnreachable(reason);
      return false;
    }
    if (reason !== this.#lastFailure) this.#options.board.say(reason);
    this.#lastFailure = reason;
    return true;
  }
}
