// Lines as they are entered become requests: checked, tagged, sent, and known until they are answered.

import { Refusal } from "../../protocol/errors.ts";
import type { Frame } from "../../dialects/lineup1/frame.ts";
import { Framer } from "../../dialects/lineup1/framer.ts";
import type { CompiledProtocol } from "../../protocol/compile.ts";
import { readRequest } from "../../dialects/lineup1/message.ts";
import { encodeText } from "../../protocol/strings.ts";
import { reason } from "../reason.ts";
import { type Collector, counted, linesTo } from "./body.ts";
import { type Diagnostic, readRequestLine, type RequestLine } from "./request_line.ts";
import type { Wire } from "./wire.ts";

/** A request that is not answered yet. */
export interface PendingRequest {
  readonly tag: string;
  /** As it was typed. */
  readonly text: string;
  /** Whether the person chose the tag. */
  readonly chosen: boolean;
  readonly verb: string;
  /** Gets the answer of a request that nobody typed. */
  readonly own: ((frame: Frame) => void) | undefined;
  cancelled: boolean;
  /** Items that came once it was cancelled, which nobody wants to see. */
  unseen: number;
}

/**
 * What became of a line: a request to be sent, which is in flight then if it has an answer to be told by; a fault; or
 * `undefined` where there is no request, or more lines come.
 */
export type LineResult =
  | { readonly send: () => PendingRequest | undefined }
  | { readonly fault: Diagnostic }
  | undefined;

/** Reads a body's file. */
export type ReadFile = (path: string, most: number) => Uint8Array;

/** The requests of one terminal, over all its connections. */
export class Requests {
  /** The server's protocol, once it is known. */
  protocol: CompiledProtocol | undefined;
  /** The connection, while there is one. */
  wire: Wire | undefined;
  readonly #readFile: ReadFile;
  readonly #inFlight = new Map<string, PendingRequest>();
  #collecting: { collector: Collector; line: RequestLine; forced: boolean } | undefined;
  #next = 1;
  #nextOwn = 1;

  /** Nothing is in flight. */
  constructor(readFile: ReadFile) {
    this.#readFile = readFile;
  }

  /** The number, and tag, of the next request. */
  get next(): number {
    while (this.#inFlight.has(String(this.#next))) this.#next++;
    return this.#next;
  }

  /** What a person waits for, oldest first. */
  get inFlight(): PendingRequest[] {
    return [...this.#inFlight.values()].filter(({ own }) => own === undefined);
  }

  /** The prompt for the next line of a body; `undefined` where the next line is a request. */
  get bodyPrompt(): string | undefined {
    return this.#collecting?.collector.prompt;
  }

  /** Forgets the body that is being typed, and its request. */
  dropBody(): void {
    this.#collecting = undefined;
  }

  /** Takes a line: a request, or a line of a body. What begins with `!` is sent without being checked. */
  take(text: string): LineResult {
    const collecting = this.#collecting;
    if (collecting !== undefined) {
      const body = collecting.collector.add(text);
      if (body === undefined) return undefined;
      this.#collecting = undefined;
      if (!(body instanceof Uint8Array)) return whole(text, body.wrong);
      return this.#ready(collecting.line, collecting.forced, body);
    }
    const bang = /^\s*!/.exec(text);
    const forced = bang !== null;
    const line = readRequestLine(forced ? text.slice(bang[0].length) : text, this.protocol);
    if (line.verb === undefined && line.tag === undefined) return undefined;
    const fault = forced ? undefined : line.faults[0] ?? line.missing;
    if (fault !== undefined) return { fault };
    if (this.wire === undefined) {
      return whole(text, "Not sent: there is no connection now. Enter tries again.");
    }
    const most = this.wire.greeting.maxBody;
    const { body } = line;
    if (body === undefined) return this.#ready(line, forced, undefined);
    if (body.from === "file") {
      try {
        return this.#ready(line, forced, this.#readFile(body.path, most));
      } catch (error) {
        const { start, end } = body.token;
        return { fault: { start, end, message: reason(error) } };
      }
    }
    if (body.from === "counted" && body.length > most) {
      return whole(text, `The server takes at most ${most} bytes of body.`);
    }
    const collector = body.from === "lines" ? linesTo(body.mark, most) : counted(body.length);
    this.#collecting = { collector, line, forced };
    return undefined;
  }

  #ready(line: RequestLine, forced: boolean, body: Uint8Array | undefined): LineResult {
    const { text, tag, command } = line;
    if (this.wire === undefined) return whole(text, "Not sent: the connection is lost.");
    const request = wireText(line, body) + (body === undefined ? "" : ` {${body.length}}`);
    const own = tag === undefined ? `#${this.next} ` : "";
    const framer = new Framer("request", this.wire.greeting);
    framer.push(encodeText(`${own}${request}\n`));
    const framed = body === undefined ? framer.next() : framer.next() ?? withBody(framer, body);
    const frame = framed?.kind === "frame" ? framed : undefined;
    if (!forced) {
      if (framed?.kind === "malformed") return whole(text, framed.message);
      if (frame?.tag !== undefined && this.#inFlight.has(frame.tag)) {
        return whole(text, `The tag ${frame.tag} is in use by a request that is not answered yet.`);
      }
      const refused = command && frame && refusal(() => readRequest(command, frame));
      if (refused !== undefined) return whole(text, refused);
    }
    const { wire } = this;
    return {
      send: () => {
        wire.send(own + request, body);
        if (tag === undefined) this.#next = this.next + 1;
        // What is answered without a tag cannot be waited for.
        if (frame?.tag === undefined) return undefined;
        const sent: PendingRequest = {
          tag: frame.tag,
          text: text.trim(),
          chosen: tag !== undefined,
          verb: frame.head,
          own: undefined,
          cancelled: false,
          unseen: 0,
        };
        this.#inFlight.set(sent.tag, sent);
        return sent;
      },
    };
  }

  /** Sends a request of the terminal itself. */
  ask(request: string, answer: (frame: Frame) => void): void {
    const tag = `lineup.${this.#nextOwn++}`;
    this.#inFlight.set(tag, {
      tag,
      text: request,
      chosen: false,
      verb: request,
      own: answer,
      cancelled: false,
      unseen: 0,
    });
    this.wire?.send(`#${tag} ${request}`);
  }

  /** Asks the server to stop the newest request that was not cancelled yet: which one. */
  cancelNewest(): PendingRequest | undefined {
    const newest = this.inFlight.findLast(({ cancelled }) => !cancelled);
    if (newest === undefined || this.wire === undefined) return undefined;
    newest.cancelled = true;
    this.ask(`CANCEL ${newest.tag}`, () => {});
    return newest;
  }

  /** The request that a frame belongs to, which is over if the frame is its last. */
  answered(frame: Frame): PendingRequest | undefined {
    if (frame.tag === undefined) return undefined;
    const request = this.#inFlight.get(frame.tag);
    if (frame.head === "OK" || frame.head === "ERR") this.#inFlight.delete(frame.tag);
    return request;
  }

  /** The connection is gone: what nobody will answer. */
  lose(): PendingRequest[] {
    this.wire = undefined;
    const lost = this.inFlight;
    this.#inFlight.clear();
    return lost;
  }
}

/** The line without the word that says where its body is, and without spaces around it. */
function wireText({ text, body }: RequestLine, bytes: Uint8Array | undefined): string {
  if (bytes === undefined || body === undefined) return text.trim();
  const { start, end } = body.token;
  return `${text.slice(0, start).trimEnd()} ${text.slice(end).trim()}`.trim();
}

function withBody(framer: Framer, body: Uint8Array): ReturnType<Framer["next"]> {
  framer.push(body);
  const early = framer.next();
  if (early !== undefined) return early;
  framer.push(encodeText("\n"));
  return framer.next();
}

function refusal(read: () => unknown): string | undefined {
  try {
    read();
    return undefined;
  } catch (error) {
    if (error instanceof Refusal) return error.message;
    throw error;
  }
}

function whole(text: string, message: string): { fault: Diagnostic } {
  return { fault: { start: 0, end: text.length, message } };
}
