// The reasons why commands are refused.

/** The reason why a command is refused. */
export class CommandFault extends Error {
  /** The code of the failure. */
  readonly code: string;
  /** Whether the next command cannot be found. */
  readonly isFatal: boolean;

  constructor(code: string, message: string, isFatal: boolean = false) {
    super(message);
    this.code = code;
    this.isFatal = isFatal;
  }
}

/** A fault behind which the next command can be found. */
export function fault(code: string, message: string): CommandFault {
  return new CommandFault(code, message);
}

/** A fault that ends the connection. */
export function fatal(code: string, message: string): CommandFault {
  return new CommandFault(code, message, true);
}
