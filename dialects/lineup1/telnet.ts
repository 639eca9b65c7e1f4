// The commands that a telnet client mixes into its lines (RFC 854).

/** A telnet command between or within lines (RFC 854). */
export interface TelnetCommand {
  /** Distinguishes it from the other results of a framer. */
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

/** The meaning of the next byte of a command; `Nothing` outside of a command. */
const enum NextByte {
  Nothing,
  Command,
  Option,
  Parameter,
  ParameterCommand,
}

/** Reads one command at a time, byte by byte. */
export class TelnetReader {
  #next = NextByte.Nothing;
  #command = 0;

  /** Whether a command has begun and not ended. */
  get busy(): boolean {
    return this.#next !== NextByte.Nothing;
  }

  /** Begins a command, behind its IAC. */
  begin(): void {
    this.#next = NextByte.Command;
  }

  /**
   * Takes the next byte of a command. Returns the command at its last byte; `undefined` before that, and for parameters,
   * which are ignored; `"bad"` for a byte that no command has.
   */
  read(byte: number): TelnetCommand | "bad" | undefined {
    switch (this.#next) {
      case NextByte.Command:
        return this.#readCommand(byte);
      case NextByte.Option:
        this.#next = NextByte.Nothing;
        return { kind: "telnet", command: this.#command, option: byte };
      case NextByte.Parameter:
        if (byte === telnet.IAC) this.#next = NextByte.ParameterCommand;
        return undefined;
      default:
        this.#next = byte === telnet.SE ? NextByte.Nothing : NextByte.Parameter;
        return undefined;
    }
  }

  #readCommand(byte: number): TelnetCommand | "bad" | undefined {
    // A doubled IAC means the byte 255, which UTF-8 never has.
    if (byte === telnet.IAC || byte < telnet.SE) return "bad";
    if (byte === telnet.SB) this.#next = NextByte.Parameter;
    else if (byte >= telnet.WILL) {
      this.#command = byte;
      this.#next = NextByte.Option;
    } else {
      this.#next = NextByte.Nothing;
      return { kind: "telnet", command: byte, option: -1 };
    }
  }
}
