// The units that an SMTP session works on.

import type { WireRequest } from "@lineup/lineup/dialects";
import type { Values } from "@lineup/lineup/protocol";
import type { CommandFault } from "./command_fault.ts";
import type { MessageText } from "./message_text.ts";

/** A message from MAIL to its end. */
export interface Transaction {
  readonly sender: string;
  readonly international: boolean;
  readonly recipients: string[];
  /** Its text, once DATA or BDAT has begun it. */
  text: MessageText | undefined;
}

/** A chunk of BDAT. One that is refused is read and dropped: its bytes must not be taken for commands. */
export interface Chunk {
  /** The number of its bytes that have not come. */
  left: number;
  readonly isLast: boolean;
  readonly fault: CommandFault | undefined;
}

/** A command that is whole, or a message. */
export class SmtpRequest implements WireRequest {
  readonly kind = "request";
  readonly plain = true;
  readonly verb: string;
  readonly bytes: number;
  args: Values;
  /** The change of the session where the command succeeds. */
  readonly effect: () => void;

  constructor(verb: string, bytes: number, args: Values, effect: () => void) {
    this.verb = verb;
    this.bytes = bytes;
    this.args = args;
    this.effect = effect;
  }

  forget(): void {
    this.args = {};
  }
}
