// Telnet's commands, which a telnet client mixes into its lines (RFC 854).

/** A telnet command that arrived among the lines: `command` and `option` are its bytes as numbers (RFC 854). */
export interface TelnetCommand {
  /** Tells it from the others that a framer yields. */
  readonly kind: "telnet";
  /** The byte behind IAC: IP, WILL, DO, … */
  readonly command: number;
  /** The option of WILL, WONT, DO and DONT; -1 for other commands. */
  readonly option: number;
}

/** Telnet's command bytes (RFC 854) and the one option that Lineup answers (RFC 860). */
export const telnet = {
  SE: 240,
  IP: 244,
  SB: 250,
  WILL: 251,
  WONT: 252,
  DO: 253,
  DONT: 254,
  IAC: 255,
  TIMING_MARK: 6,
} as const;

/** What the next byte of a command is; `Nothing` outside of one. */
const enum Next {
  Nothing,
  Command,
  Option,
  Parameter,
  ParameterCommand,
}

/** Reads one command at a time, a byte at a time. */
export class TelnetReader {
  #next = Next.Nothing;
  #command = 0;

  /** Whether a command has begun and not ended. */
  get busy(): boolean {
    return this.#next !== Next.Nothing;
  }

  /** An IAC was read: a command follows. */
  begin(): void {
    this.#next = Next.Command;
  }

  /**
   * Takes the next byte of a command. Answers with the command once it is whole, `undefined` before that and after
   * parameters, which nobody here wants, and `"bad"` where no command has such a byte.
   */
  read(byte: number): TelnetCommand | "bad" | undefined {
    switch (this.#next) {
      case Next.Command:
        return this.#readCommand(byte);
      case Next.Option:
        this.#next = Next.Nothing;
        return { kind: "telnet", command: this.#command, option: byte };
      case Next.Parameter:
        if (byte === telnet.IAC) this.#next = Next.ParameterCommand;
        return undefined;
      default:
        this.#next = byte === telnet.SE ? Next.Nothing : Next.Parameter;
        return undefined;
    }
  }

  #readCommand(byte: number): TelnetCommand | "bad" | undefined {
    // A doubled IAC is the byte 255, which is no text.
    if (byte === telnet.IAC || byte < telnet.SE) return "bad";
    if (byte === telnet.SB) this.#next = Next.Parameter;
    else if (byte >= telnet.WILL) {
      this.#command = byte;
      this.#next = Next.Option;
    } else {
      this.#next = Next.Nothing;
      return { kind: "telnet", command: byte, option: -1 };
    }
  }
}
