// Requests must name existing commands. A client that names unknown ones again and again speaks another protocol.

import type { WireRequest, Wording } from "../../dialects/dialect.ts";
import type { CompiledCommand } from "../../protocol/compile.ts";
import type { Denial, RequestPolicy } from "./policy.ts";

/** Refuses unknown commands, and ends the connection after many. */
export class KnownCommands implements RequestPolicy {
  /** The number of requests that named a command. */
  known = 0;
  readonly #most: number;
  readonly #wording: Wording;
  /** The number of unknown commands since the last known one. */
  #unknown = 0;

  /** The unknown command that makes `most` in a row ends the connection. */
  constructor(most: number, wording: Wording) {
    this.#most = most;
    this.#wording = wording;
  }

  admit(request: WireRequest, command: CompiledCommand | undefined): Denial | undefined {
    if (command !== undefined) {
      this.#unknown = 0;
      this.known++;
      return undefined;
    }
    const message = this.#wording.unknownCommand(request.verb, request);
    return { code: "unknown-command", message, endsConnection: ++this.#unknown >= this.#most };
  }
}
