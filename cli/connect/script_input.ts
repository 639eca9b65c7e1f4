// The input of a script as it goes over the wire: without comments, with bodies in the place of `@FILE` and `<<END`.

import { Buffer } from "node:buffer";
import type { CompiledProtocol } from "../../protocol/compile.ts";
import { decodeText } from "../../protocol/strings.ts";
import { counted } from "../figures.ts";
import { reason } from "../reason.ts";
import { textOf } from "./outgoing.ts";
import { readRequestLine, type RequestLine, UNCLEAR_MARK } from "./request_line.ts";

const LF = 10, CR = 13, HASH = 0x23, AT = 0x40, LESS = 0x3c, CLOSING = 0x7d;
const END = Uint8Array.of(LF);
/** The longest line of a script. Servers take far shorter ones. */
const LONGEST = 1 << 20;
/** The end of a line that names the end of a body. */
const BODY_MARK = /[ \t]<<[^ \t]+[ \t\r]*$/;
/** Behind # of a comment. A tag has a letter or digit there. */
const COMMENT = [0x20, 0x09, 0x21, CR];

/** Bytes for the server. */
export interface ScriptBytes {
  readonly bytes: Uint8Array;
  /** The number of the last line in them, from 1, and its text. */
  readonly line: number;
  readonly text: string;
}

/** The bounds and the commands of the server, for bodies. */
export interface BodyRules {
  /** `undefined` if the server does not describe itself: then no word names a file. */
  readonly protocol: CompiledProtocol | undefined;
  readonly maxBody: number;
}

/** How a script is read. */
export interface ScriptInputOptions {
  /** Asks the server, for the first line that may name a body. */
  readonly rules: () => Promise<BodyRules>;
  /** Reads the file of a body, of at most `most` bytes. */
  readonly readFile: (path: string, most: number) => Uint8Array;
  /** Whether each request comes alone. Otherwise the requests of a piece come together. */
  readonly each: boolean;
}

/** The bytes of a script. Rejects with an `Error` that names the line of a mistake. */
export async function* scriptInput(
  pieces: AsyncIterable<Uint8Array>,
  options: ScriptInputOptions,
): AsyncGenerator<ScriptBytes, void, void> {
  const script = new ScriptInput(options);
  for await (const piece of pieces) yield* script.push(piece);
  yield* script.end();
}

/** The lines of a body that is being read, up to its mark. */
interface LinesOfBody {
  readonly request: RequestLine;
  readonly mark: string;
  /** Whether the line is sent as it is, and the body is not. */
  readonly skipped: boolean;
  readonly most: number;
  readonly lines: Uint8Array[];
  size: number;
  /** The number of the line of its request. */
  readonly line: number;
}

class ScriptInput {
  readonly #options: ScriptInputOptions;
  #rules: BodyRules | undefined;
  /** The beginning of a line. */
  #rest: Uint8Array = new Uint8Array(0);
  /** The bytes of a counted body and of the line end behind it that have not come yet. */
  #left = 0;
  #body: LinesOfBody | undefined;
  #out: Uint8Array[] = [];
  #line = 0;
  #text = "";

  constructor(options: ScriptInputOptions) {
    this.#options = options;
  }

  /** The bytes of a piece of the script. Those before a mistake come, too. */
  async *push(piece: Uint8Array): AsyncGenerator<ScriptBytes, void, void> {
    try {
      yield* this.#push(piece);
    } finally {
      if (this.#out.length > 0) yield this.#flush();
    }
  }

  async *#push(piece: Uint8Array): AsyncGenerator<ScriptBytes, void, void> {
    const { each } = this.#options;
    const data = this.#rest.length === 0 ? piece : Buffer.concat([this.#rest, piece]);
    let at = 0;
    while (at < data.length) {
      if (this.#left > 0) {
        const bytes = data.subarray(at, at + this.#left);
        this.#out.push(bytes);
        this.#left -= bytes.length;
        at += bytes.length;
      } else {
        const end = data.indexOf(LF, at);
        if (end === -1) break;
        await this.#take(data.subarray(at, end));
        at = end + 1;
      }
      if (each && this.#left === 0 && this.#out.length > 0) yield this.#flush();
    }
    this.#rest = data.slice(at);
    if (this.#rest.length > LONGEST) {
      throw new Error(`line ${this.#line + 1} has more than ${LONGEST} bytes`);
    }
  }

  /** The input has ended. Its last line may have no line end. */
  async *end(): AsyncGenerator<ScriptBytes, void, void> {
    if (this.#left === 1) this.#out.push(END);
    if (this.#rest.length > 0) await this.#take(this.#rest);
    if (this.#body !== undefined) {
      const { line, mark } = this.#body;
      throw new Error(`line ${line}: the line ${mark}, which ends its body, is missing`);
    }
    if (this.#out.length > 0) yield this.#flush();
  }

  #flush(): ScriptBytes {
    const bytes = this.#out.length === 1 ? this.#out[0] : Buffer.concat(this.#out);
    this.#out = [];
    return { bytes, line: this.#line, text: this.#text };
  }

  /** Takes a line without its line feed. */
  async #take(line: Uint8Array): Promise<void> {
    this.#line++;
    if (this.#body !== undefined) return this.#takeOfBody(line, this.#body);
    if (line[0] === HASH && (line.length === 1 || COMMENT.includes(line[1]))) return;
    const mayName = mayNameBody(line);
    const text = this.#options.each || mayName ? textOfLine(line) : "";
    this.#text = text;
    let request = mayName && text !== "" ? readRequestLine(text, undefined) : undefined;
    if (request !== undefined && request.body?.from !== "counted") {
      this.#rules ??= await this.#options.rules();
      request = readRequestLine(text, this.#rules.protocol);
    }
    if (mayName && text === "" && BODY_MARK.test(new TextDecoder("latin1").decode(line))) {
      throw new Error(`line ${this.#line} is not UTF-8, so its body is not sent`);
    }
    const body = request?.body;
    switch (body?.from) {
      case "file":
        return this.#send(request!, this.#read(body.path));
      case "lines":
        this.#body = {
          request: request!,
          mark: body.mark,
          skipped: body.skipped,
          most: this.#rules!.maxBody,
          lines: [],
          size: -1,
          line: this.#line,
        };
        return;
      case "unclear":
        throw new Error(`line ${this.#line}: ${UNCLEAR_MARK}`);
      case "counted":
        this.#left = body.length + 1;
    }
    this.#out.push(line, END);
  }

  #takeOfBody(line: Uint8Array, body: LinesOfBody): void {
    const { mark, lines, most, request } = body;
    if (textOfLine(line) !== mark) {
      lines.push(line.slice());
      body.size += line.length + 1;
      if (body.size > most) throw new Error(`line ${this.#line}: ${tooLong(most)}`);
      return;
    }
    this.#body = undefined;
    if (body.skipped) {
      this.#out.push(new TextEncoder().encode(request.text), END);
      return;
    }
    const joined = lines.flatMap((each, at) => at === 0 ? [each] : [END, each]);
    this.#send(request, Buffer.concat(joined));
  }

  #read(path: string): Uint8Array {
    try {
      return this.#options.readFile(path, this.#rules!.maxBody);
    } catch (error) {
      throw new Error(`line ${this.#line}: ${reason(error)}`, { cause: error });
    }
  }

  #send(request: RequestLine, body: Uint8Array): void {
    const line = new TextEncoder().encode(`${textOf(request, body)} {${body.length}}`);
    this.#out.push(line, END, body, END);
  }
}

/** Whether a line may end in a length, or hold `@FILE` or `<<END`. */
function mayNameBody(line: Uint8Array): boolean {
  const last = line.at(-1) === CR ? line.at(-2) : line.at(-1);
  return last === CLOSING || line.includes(AT) || line.includes(LESS);
}

/** The text of a line without a carriage return; "" for one that is not UTF-8, which goes to the server as it is. */
function textOfLine(line: Uint8Array): string {
  try {
    return decodeText(line).replace(/\r$/, "");
  } catch {
    return "";
  }
}

function tooLong(most: number): string {
  return `the server takes at most ${counted(most, "byte")} of body`;
}
