// What becomes of what a client sends: a request, or the refusal of what is none.

import type { Frame } from "../../dialects/lineup1/frame.ts";
import type { Malformed } from "../../dialects/lineup1/malformed.ts";
import {
  type Parts,
  readRequest,
  type Values,
  writeParts,
} from "../../dialects/lineup1/message.ts";
import { answerLine } from "../request/answer.ts";
import { Request } from "../request/request.ts";
import type { Connection } from "./connection.ts";
import { type ErrorLine, refusalFor } from "../request/errors.ts";
import type { InFlight } from "./in_flight.ts";
import type { Route } from "../request/routes.ts";

const NO_WORDS: readonly string[] = [];
const NO_OPTIONS: ReadonlyMap<string, string> = new Map();

/** Takes the requests of one connection. */
export class RequestDecoder {
  /** How many have come. */
  requests = 0;
  readonly #connection: Connection;
  readonly #inFlight: InFlight;
  /** Unknown commands since the last request. */
  #unknown = 0;
  /** What came during a rest, to be admitted last to first: the first waited unread the longest. */
  #gathered: Request[] | undefined = undefined;

  constructor(connection: Connection, inFlight: InFlight) {
    this.#connection = connection;
    this.#inFlight = inFlight;
  }

  /** A whole request came, or what is none. */
  take(framed: Frame | Malformed, now: number): void {
    if (framed.kind === "frame") this.#request(framed, now);
    else this.#malformed(framed);
  }

  /** What comes from now on waited unread, and is to be admitted together. */
  gather(): void {
    this.#gathered = [];
  }

  /** Admits what was gathered and came in the last `unread` ms, evenly as far as is known. */
  admit(unread: number): void {
    if (this.#gathered === undefined) return;
    const { length } = this.#gathered;
    for (let i = 0; i < length; i++) {
      const call = this.#gathered.pop()!;
      call.unread = unread * (i + 0.5) / length;
      call.admit();
    }
  }

  /** Nothing is gathered any more. */
  gathered(): void {
    this.#gathered = undefined;
  }

  /** Answers what never became a request, in its turn. */
  refuse(tag: string | undefined, line: ErrorLine, turnedAway: boolean = false): void {
    const { server, present } = this.#connection;
    const frame: Frame = {
      kind: "frame",
      tag,
      head: "",
      words: NO_WORDS,
      options: NO_OPTIONS,
      body: undefined,
    };
    const call = new Request(this.#connection, server.rejectRoute, frame, present);
    this.#inFlight.add(call);
    call.answerError(line, turnedAway);
  }

  #request(frame: Frame, now: number): void {
    const { server, draining } = this.#connection;
    const route = server.routes.get(frame.head);
    const { tag } = frame;
    if (tag !== undefined) {
      if (this.#inFlight.find(tag) !== undefined) {
        // An answer with this tag could be read as either request's.
        const message = `The tag ${tag} is still in use.`;
        this.refuse(undefined, { code: "bad-syntax", message });
        this.#connection.end();
        return;
      }
      if (this.#inFlight.tagged >= server.maxInFlight) {
        this.#turnAway(tag, tooMany(server.maxInFlight));
        return;
      }
    }
    if (route === undefined) {
      this.#unknownCommand(frame);
      return;
    }
    this.#unknown = 0;
    this.requests++;
    if (draining && !route.compiled.builtin) {
      this.refuse(tag, refusalFor("draining", 1000));
      return;
    }
    server.counters.requests++;
    if (server.pressure.sheds && !route.compiled.builtin) {
      const message = "The server holds as much for its clients as it may.";
      this.#turnAway(tag, { code: "busy", message, retry: 1000 });
      return;
    }
    if (route.instant !== undefined && this.#answerAtOnce(route, frame, now)) return;
    const call = new Request(this.#connection, route, frame, now);
    this.#inFlight.add(call);
    if (this.#gathered === undefined) call.admit();
    else this.#gathered.push(call);
  }

  /**
   * Answers a request that takes next to no time, where nobody waits: without a ticket. Whatever is unusual about it
   * goes the usual way.
   */
  #answerAtOnce(route: Route, frame: Frame, now: number): boolean {
    const { timing, output } = this.#connection;
    const { tag } = frame;
    if (frame.options.size > 0 || timing) return false;
    if (tag === undefined && this.#inFlight.untagged > 0) return false;
    let parts: Parts;
    try {
      const args = readRequest(route.compiled, frame) as Values;
      if (!route.scheduler.instant(this.#connection.line(route), now)) return false;
      parts = writeParts(route.compiled.reply, route.instant!(args));
    } catch {
      return false;
    }
    output.add(answerLine(tag, "OK", parts, "", this.#connection.eol));
    this.#connection.answersNow();
    return true;
  }

  #unknownCommand({ tag, head }: Frame): void {
    const message = `There is no command ${head}; HELP lists them.`;
    this.refuse(tag, { code: "unknown-command", message });
    this.#unknown++;
    if (this.#unknown < this.#connection.server.bounds.unknownCommands) return;
    this.#connection.endFor("unknown-command", message);
  }

  #malformed({ tag, code, message, fatal }: Malformed): void {
    const free = tag !== undefined && this.#inFlight.find(tag) === undefined ? tag : undefined;
    this.refuse(free, { code, message });
    if (fatal) this.#connection.endFor(code, message);
  }

  /** Refuses what did not even line up, as busy or quota. */
  #turnAway(tag: string | undefined, line: ErrorLine): void {
    this.#connection.refused(line.retry!, false);
    this.refuse(tag, line, true);
  }
}

function tooMany(most: number): ErrorLine {
  const message = `At most ${most} tagged requests of a connection may be in flight.`;
  return { code: "quota", message, retry: 100, details: { scope: "connection" } };
}
