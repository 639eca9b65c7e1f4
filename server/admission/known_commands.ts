// Requests must name existing commands. A client that names unknown ones again and again speaks another protocol.

import type { Failure, WireRequest, Wording } from "../../dialects/dialect.ts";
import type { CompiledCommand } from "../../protocol/compile.ts";
import { NO_IDENTITIES } from "../identity/connection_identity.ts";
import type { Denial, RequestPolicy } from "./policy.ts";

/** The built-in commands by verb, as far as this rule needs them. */
type Proofs = Readonly<Record<string, { readonly proof?: boolean } | undefined>>;

/**
 * Refuses unknown commands, and ends the connection after many. The words with which clients prove an identity are those of
 * other protocols too, such as AUTH of SMTP. So a server without identities counts them as unknown, and one that has some
 * goes on counting unless the proof is right.
 */
export class KnownCommands implements RequestPolicy {
  /** The number of requests that named a command. */
  known = 0;
  readonly #most: number;
  readonly #wording: Wording;
  readonly #builtins: Proofs;
  readonly #hasIdentities: boolean;
  /** The number of unknown commands since the last known one. */
  #unknown = 0;

  /** The unknown command that makes `most` in a row ends the connection. */
  constructor(most: number, wording: Wording, builtins: Proofs, hasIdentities: boolean) {
    this.#most = most;
    this.#wording = wording;
    this.#builtins = builtins;
    this.#hasIdentities = hasIdentities;
  }

  admit(request: WireRequest, command: CompiledCommand | undefined): Denial | undefined {
    if (command === undefined) return this.#refuse(this.#unknownCommand(request));
    if (command.builtin && this.#builtins[command.verb]?.proof === true) {
      if (!this.#hasIdentities) return this.#refuse(NO_IDENTITIES);
    } else this.#unknown = 0;
    this.known++;
    return undefined;
  }

  /** The client has proved an identity: it speaks the protocol. */
  proved(): void {
    this.#unknown = 0;
  }

  #unknownCommand(request: WireRequest): Failure {
    const message = this.#wording.unknownCommand(request.verb, request);
    return { code: "unknown-command", message };
  }

  #refuse(failure: Failure): Denial {
    return { ...failure, endsConnection: ++this.#unknown >= this.#most };
  }
}
