// Plays a session: does its steps, and records the bytes of every client after each.

import { type ByteStream, type Listener, listenMemory } from "../../net/mod.ts";
import { RawClient } from "../raw_client.ts";
import { VirtualClock } from "../../testing/virtual_clock.ts";
import { services } from "./services.ts";
import { formatHead, formatReceived, formatStep, type Session, type Step } from "./transcript.ts";

/** Patterns of text that differs from run to run without a change, and their replacements. */
const NORMALISED: readonly (readonly [pattern: RegExp, replacement: string])[] = [
  [/ incident=[0-9a-f]{8}\b/g, " incident=…"],
  // The values of these estimates of memory may change, but the figures must be there.
  [/\* (held-bytes|queue-held-bytes|resident-bytes) [0-9]+/g, "* $1 …"],
];

/** A session is quiet when no byte came in this many turns. */
const QUIET_TURNS = 8;
/** The time in which every session ends. */
const END_MS = 60_000;

/** The pieces of a session's input: each step in one write, or each byte in a write of its own. */
export type Pieces = "whole" | "bytes";

/** Plays a session. Resolves with its present text. */
export async function play(session: Session, pieces: Pieces = "whole"): Promise<string> {
  const stage = new Stage(session, pieces);
  await stage.open();
  let text = formatHead(session);
  try {
    for (const step of session.steps) {
      await stage.act(step);
      text += formatStep(step) + stage.received();
    }
  } finally {
    await stage.close();
  }
  return text;
}

/** A server and the clients of a session. */
class Stage {
  readonly #session: Session;
  readonly #pieces: Pieces;
  readonly #clock = new VirtualClock();
  readonly #memory = listenMemory();
  readonly #peers = new Map<string, string>();
  readonly #arriving: string[] = [];
  readonly #clients = new Map<string, CorpusClient>();
  #shutdown: () => Promise<void> = () => Promise.resolve();
  #draining: Promise<void> | undefined = undefined;

  constructor(session: Session, pieces: Pieces) {
    this.#session = session;
    this.#pieces = pieces;
  }

  async open(): Promise<void> {
    const { service, options } = this.#session;
    const server = await services[service](this.#listener(), this.#clock, options);
    this.#shutdown = () => server.shutdown();
  }

  async act(step: Step): Promise<void> {
    switch (step.kind) {
      case "address":
        this.#peers.set(step.client, step.peer);
        return;
      case "pass":
        await this.#clock.elapse(step.ms);
        break;
      case "drain":
        this.#draining = this.#shutdown();
        break;
      case "send": {
        const client = await this.#client(step.client);
        const size = this.#pieces === "whole" ? Math.max(1, step.bytes.length) : 1;
        for (let at = 0; at < step.bytes.length; at += size) {
          client.send(step.bytes.slice(at, at + size));
        }
        break;
      }
      case "half":
        (await this.#client(step.client)).half();
        break;
      case "close":
        (await this.#client(step.client)).close();
    }
    await this.#settle();
  }

  /** The bytes that all clients received since the last call. */
  received(): string {
    return [...this.#clients].map(([name, client]) => client.take(name)).join("");
  }

  async close(): Promise<void> {
    for (const client of this.#clients.values()) client.close();
    const over = (this.#draining ?? this.#shutdown()).then(() => this.#memory.close());
    await this.#clock.elapse(END_MS);
    await over;
  }

  async #client(name: string): Promise<CorpusClient> {
    const known = this.#clients.get(name);
    if (known !== undefined) return known;
    this.#arriving.push(this.#peers.get(name) ?? `192.0.2.${name.charCodeAt(0)}:1`);
    const client = new CorpusClient(this.#memory.connect());
    this.#clients.set(name, client);
    await this.#settle();
    return client;
  }

  /** A listener whose connections come from the addresses of the session. */
  #listener(): Listener {
    const memory = this.#memory;
    const accept = async (): Promise<ByteStream | undefined> => {
      const stream = await memory.accept();
      return stream && { ...stream, peer: this.#arriving.shift()! };
    };
    return { address: "memory", accept, close: () => memory.close() };
  }

  async #settle(): Promise<void> {
    const came = () => [...this.#clients.values()].reduce((sum, client) => sum + client.came, 0);
    for (let quiet = 0, before = came(); quiet < QUIET_TURNS; quiet++) {
      await this.#clock.elapse(0);
      const now = came();
      if (now !== before) quiet = 0;
      before = now;
    }
  }
}

/** A client of a session. */
class CorpusClient {
  readonly #wire: RawClient;
  #sent: Promise<unknown> = Promise.resolve();
  #hasShownEnd = false;

  constructor(stream: ByteStream) {
    this.#wire = new RawClient(stream).listen();
  }

  /** The number of bytes that have come since the last `take`; the end counts as one byte. */
  get came(): number {
    return this.#wire.waiting + Number(this.#wire.ended);
  }

  /** Sends without waiting: bytes that the server does not read wait, and the session goes on. */
  send(bytes: Uint8Array): void {
    this.#sent = this.#sent.then(() => this.#wire.send(bytes)).catch(() => {});
  }

  half(): void {
    this.#sent = this.#sent.then(() => this.#wire.half()).catch(() => {});
  }

  close(): void {
    this.#wire.close();
  }

  take(name: string): string {
    let text = formatReceived(name, this.#wire.takeBytes());
    for (const [pattern, replacement] of NORMALISED) text = text.replaceAll(pattern, replacement);
    if (this.#wire.ended && !this.#hasShownEnd) {
      this.#hasShownEnd = true;
      text += `${name}<|\n`;
    }
    return text;
  }
}
