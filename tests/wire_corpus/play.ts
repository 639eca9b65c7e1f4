// Plays a session: does its steps, and records the bytes of every client after each.

import { type ByteStream, type Listener, listenMemory } from "../../net/mod.ts";
import { VirtualClock } from "../virtual_clock.ts";
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

/** A client that keeps all received bytes. */
class CorpusClient {
  /** The number of bytes that have come; the end counts as one byte. */
  came = 0;
  readonly #stream: ByteStream;
  #chunks: Uint8Array[] = [];
  #sent: Promise<unknown> = Promise.resolve();
  #end: "" | "|" = "";

  constructor(stream: ByteStream) {
    this.#stream = stream;
    this.#listen();
  }

  /** Sends without waiting: bytes that the server does not read wait, and the session goes on. */
  send(bytes: Uint8Array): void {
    this.#sent = this.#sent.then(async () => {
      for (let at = 0; at < bytes.length;) at += await this.#stream.write(bytes.subarray(at));
    }).catch(() => {});
  }

  half(): void {
    this.#sent = this.#sent.then(() => this.#stream.closeWrite()).catch(() => {});
  }

  close(): void {
    this.#stream.close();
  }

  take(name: string): string {
    const bytes = new Uint8Array(this.#chunks.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const chunk of this.#chunks) {
      bytes.set(chunk, at);
      at += chunk.length;
    }
    this.#chunks = [];
    let text = formatReceived(name, bytes);
    for (const [pattern, replacement] of NORMALISED) text = text.replaceAll(pattern, replacement);
    if (this.#end !== "") text += `${name}<${this.#end}\n`;
    this.#end = "";
    return text;
  }

  async #listen(): Promise<void> {
    try {
      for (;;) {
        const buffer = new Uint8Array(16_384);
        const read = await this.#stream.read(buffer);
        if (read === null) break;
        this.came += read;
        this.#chunks.push(buffer.subarray(0, read));
      }
      this.came++;
      this.#end = "|";
    } catch {
      // The session has closed the connection.
    }
  }
}
