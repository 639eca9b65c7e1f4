// The answers of a server on one connection: lines in their canonical form, and telnet commands.

import { Framer } from "../../dialects/lineup1/framer.ts";
import { type Frame, isFinal } from "../../dialects/lineup1/frame.ts";
import { formatLine } from "../../dialects/lineup1/line.ts";
import { telnet } from "../../dialects/lineup1/telnet.ts";
import type { ByteStream } from "../../net/mod.ts";
import { decodeText } from "../../protocol/strings.ts";

const MOST_LINE = 65_536, MOST_BODY = 1 << 26, MOST_CAME = 1 << 20;

/** A mistake of the server. */
export class ServerMistake extends Error {}

/** The answers on one connection. The methods reject with `ServerMistake`. */
export class Answers {
  readonly #stream: ByteStream;
  readonly #framer = new Framer("reply", { maxLine: MOST_LINE, maxBody: MOST_BODY });
  readonly #buffer = new Uint8Array(65_536);
  readonly #takesTelnet: boolean;
  #command: number[] = [];
  #came = 0;
  /** The lines so far in their canonical form, each with its body below it. */
  readonly lines: string[] = [];
  /** The same lines, as frames. */
  readonly frames: Frame[] = [];
  /** The end of each of these lines. */
  readonly eols: string[] = [];
  /** The telnet commands so far. */
  readonly telnet: number[] = [];
  /** The number of final lines so far. */
  finals = 0;
  /** Whether the connection has ended. */
  ended = false;

  /** With `takesTelnet` telnet commands are expected among the lines. */
  constructor(stream: ByteStream, takesTelnet: boolean) {
    this.#stream = stream;
    this.#takesTelnet = takesTelnet;
  }

  /** Reads until there are `finals` final lines, or the connection ends. */
  async until(finals: number): Promise<void> {
    while (!this.#next(finals) && !this.ended) {
      const read = await this.#stream.read(this.#buffer).catch((error) => {
        throw new ServerMistake(`the connection broke: ${(error as Error).message}`);
      });
      if (read === null) {
        this.ended = true;
        if (!this.#framer.idle) throw new ServerMistake("the connection ended within an answer");
      } else {
        this.#came += read;
        if (this.#came > MOST_CAME) {
          throw new ServerMistake(`more than ${MOST_CAME} bytes were answered`);
        }
        this.#framer.push(this.#withoutTelnet(this.#buffer.subarray(0, read)));
      }
    }
  }

  /** Takes the frames that have come. Returns whether there are enough final lines. */
  #next(finals: number): boolean {
    while (this.finals < finals) {
      const framed = this.#framer.next();
      if (framed === undefined) return false;
      if (framed.kind !== "frame") {
        const why = framed.kind === "malformed" ? framed.message : "telnet commands";
        throw new ServerMistake(`the answer is not a reply of Lineup/1: ${why}`);
      }
      this.frames.push(framed);
      this.lines.push(shown(formatLine(framed, framed.body?.length), framed.body));
      this.eols.push(this.#framer.crlf ? "\r\n" : "\n");
      if (isFinal(framed)) this.finals++;
    }
    return true;
  }

  /** Removes telnet commands. Servers send only commands of three bytes. */
  #withoutTelnet(bytes: Uint8Array): Uint8Array {
    if (!this.#takesTelnet) return bytes.slice();
    const rest: number[] = [];
    for (const byte of bytes) {
      if (this.#command.length === 0 && byte !== telnet.IAC) {
        rest.push(byte);
        continue;
      }
      this.#command.push(byte);
      if (this.#command.length === 3) this.telnet.push(...this.#command.splice(0));
    }
    return Uint8Array.from(rest);
  }
}

function shown(line: string, body: Uint8Array | undefined): string {
  if (body === undefined) return line;
  try {
    return `${line}\n${decodeText(body).replaceAll("\r\n", "\n")}`;
  } catch {
    return `${line}\n${body.toBase64()}`;
  }
}
