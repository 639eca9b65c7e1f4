// The requests of a terminal: from the line that is entered to the answer.

import { type Frame, isFinal } from "../../dialects/lineup1/frame.ts";
import type { CompiledProtocol } from "../../protocol/compile.ts";
import { reason } from "../reason.ts";
import { bytesOf, type Collector, linesTo } from "./body.ts";
import { refusalOf, toOutgoing } from "./outgoing.ts";
import {
  type Diagnostic,
  readRequestLine,
  type RequestLine,
  UNCLEAR_MARK,
} from "./request_line.ts";
import type { TerminalConnection } from "./terminal_connection.ts";

/** A request that is not answered yet. */
export interface TerminalRequest {
  readonly tag: string;
  /** The line of the person. */
  readonly text: string;
  /** Whether the person chose the tag. */
  readonly isTagChosen: boolean;
  readonly verb: string;
  /** Takes the answer to a request of the terminal itself. */
  readonly onFrame: ((frame: Frame) => void) | undefined;
  /** When it was sent, in ms of `performance.now()`. */
  readonly sentAt: number;
  isCancelled: boolean;
  /** Items that came after it was cancelled; they are not shown. */
  hiddenItems: number;
}

/**
 * The result of a line: a request to send, which is then pending unless it has no tag; a mistake; or `undefined` for a
 * line without a request, and for the line of a body that goes on.
 */
export type LineResult =
  | { readonly send: () => TerminalRequest | undefined }
  | { readonly wrong: Diagnostic }
  | undefined;

/** A request whose body is being typed. */
interface UnfinishedRequest {
  readonly collector: Collector;
  readonly line: RequestLine;
  /** Whether it is sent unchecked. */
  readonly isForced: boolean;
}

/** Reads the file of a body, of at most `most` bytes. Throws an `Error` with a message for people. */
export type ReadFile = (path: string, most: number) => Uint8Array;

/** The requests of one terminal, over all its connections. */
export class Requests {
  /** The server's protocol, once it is known. */
  protocol: CompiledProtocol | undefined;
  /** The connection, while there is one. */
  connection: TerminalConnection | undefined;
  readonly #readFile: ReadFile;
  readonly #pending = new Map<string, TerminalRequest>();
  /** The request whose body is being typed. */
  #unfinished: UnfinishedRequest | undefined;
  #nextTag = 1;
  #nextOwnTag = 1;

  /** No request is pending. */
  constructor(readFile: ReadFile) {
    this.#readFile = readFile;
  }

  /** The number of the next request, which is its tag. */
  get next(): number {
    while (this.#pending.has(String(this.#nextTag))) this.#nextTag++;
    return this.#nextTag;
  }

  /** The person's pending requests, oldest first. */
  get inFlight(): TerminalRequest[] {
    return [...this.#pending.values()].filter(({ onFrame }) => onFrame === undefined);
  }

  /** The prompt for the next line of a body; `undefined` if the next line is a request. */
  get bodyPrompt(): string | undefined {
    return this.#unfinished?.collector.prompt;
  }

  /** Forgets the body that is being typed, and its request. */
  dropBody(): void {
    this.#unfinished = undefined;
  }

  /** Takes a line: a request, or a line of a body. A request that begins with `!` is not checked. */
  take(text: string): LineResult {
    if (this.#unfinished !== undefined) return this.#takeBodyLine(text, this.#unfinished);
    const bang = /^\s*!/.exec(text);
    const isForced = bang !== null;
    const line = readRequestLine(isForced ? text.slice(bang[0].length) : text, this.protocol);
    if (line.verb === undefined && line.tag === undefined) return undefined;
    const wrong = isForced ? undefined : line.mistakes[0] ?? line.missing;
    if (wrong !== undefined) return { wrong };
    if (this.connection === undefined) {
      return wholeLine(text, "Not sent: there is no connection now. Enter tries again.");
    }
    const { body } = line;
    if (body === undefined) return this.#ready(line, isForced, undefined);
    const { maxBody } = this.connection.greeting;
    if (body.from === "file") {
      try {
        return this.#ready(line, isForced, this.#readFile(body.path, maxBody));
      } catch (error) {
        const { start, end } = body.token;
        return { wrong: { start, end, message: reason(error) } };
      }
    }
    if (body.from === "counted" && body.length > maxBody) {
      return wholeLine(text, `The server takes at most ${maxBody} bytes of body.`);
    }
    // A length cannot follow an open quote, and the lines behind an unclear mark may be a body or not.
    if (body.from === "unclear") return wholeLine(text, UNCLEAR_MARK);
    if (body.from === "lines" && body.skipped) {
      return wholeLine(text, "A closing quote is missing.");
    }
    const collector = body.from === "lines" ? linesTo(body.mark, maxBody) : bytesOf(body.length);
    this.#unfinished = { collector, line, isForced };
    return undefined;
  }

  #takeBodyLine(
    text: string,
    { collector, line, isForced }: UnfinishedRequest,
  ): LineResult {
    const body = collector.add(text);
    if (body === undefined) return undefined;
    this.#unfinished = undefined;
    if (!(body instanceof Uint8Array)) return wholeLine(text, body.wrong);
    return this.#ready(line, isForced, body);
  }

  /** A request with its body. Unless it is forced, it must be one that the server takes. */
  #ready(line: RequestLine, isForced: boolean, body: Uint8Array | undefined): LineResult {
    const { text, tag, command } = line;
    const { connection } = this;
    if (connection === undefined) return wholeLine(text, "Not sent: the connection is lost.");
    const outgoing = toOutgoing(line, body, String(this.next), connection.greeting);
    const { frame, malformed } = outgoing;
    if (!isForced) {
      if (malformed !== undefined) return wholeLine(text, malformed);
      if (frame?.tag !== undefined && this.#pending.has(frame.tag)) {
        const message = `The tag ${frame.tag} is in use by a request that is not answered yet.`;
        return wholeLine(text, message);
      }
      const refusal = command && frame && refusalOf(command, frame);
      if (refusal !== undefined) return wholeLine(text, refusal);
    }
    return {
      send: () => {
        connection.send(outgoing.line, body);
        if (tag === undefined) this.#nextTag = this.next + 1;
        // An answer without a tag cannot be told from others.
        if (frame?.tag === undefined) return undefined;
        return this.#add({
          tag: frame.tag,
          text: text.trim(),
          isTagChosen: tag !== undefined,
          verb: frame.head,
          onFrame: undefined,
        });
      },
    };
  }

  /** Sends a request of the terminal itself. */
  ask(request: string, onFrame: (frame: Frame) => void): void {
    const tag = `lineup.${this.#nextOwnTag++}`;
    this.#add({ tag, text: request, isTagChosen: false, verb: request, onFrame });
    this.connection?.send(`#${tag} ${request}`);
  }

  #add(request: Omit<TerminalRequest, "sentAt" | "isCancelled" | "hiddenItems">): TerminalRequest {
    const sentAt = performance.now();
    const pending = { ...request, sentAt, isCancelled: false, hiddenItems: 0 };
    this.#pending.set(pending.tag, pending);
    return pending;
  }

  /** Cancels the newest request that was not cancelled yet, and returns it. */
  cancelNewest(): TerminalRequest | undefined {
    const newest = this.inFlight.findLast(({ isCancelled }) => !isCancelled);
    if (newest === undefined || this.connection === undefined) return undefined;
    newest.isCancelled = true;
    this.ask(`CANCEL ${newest.tag}`, () => {});
    return newest;
  }

  /** The request that a frame belongs to. A final frame ends the request. */
  answered(frame: Frame): TerminalRequest | undefined {
    if (frame.tag === undefined) return undefined;
    const request = this.#pending.get(frame.tag);
    if (isFinal(frame)) this.#pending.delete(frame.tag);
    return request;
  }

  /** The connection is lost. Returns the person's requests that are lost with it. */
  lose(): TerminalRequest[] {
    this.connection = undefined;
    const lost = this.inFlight;
    this.#pending.clear();
    return lost;
  }
}

/** A mistake of the line as a whole. */
function wholeLine(text: string, message: string): { wrong: Diagnostic } {
  return { wrong: { start: 0, end: text.length, message } };
}
