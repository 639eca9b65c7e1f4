// One case against one server: send the request, read the answer, and compare it with the expected one.

import { type ByteStream, writeAll } from "../../net/mod.ts";
import {
  type ConformanceCase,
  countFinals,
  matches,
} from "../../dialects/lineup1/conformance/mod.ts";
import type { Greeting } from "../../client/mod.ts";
import { parseGreeting } from "../../client/greeting.ts";
import type { Frame } from "../../dialects/lineup1/frame.ts";
import { Framer } from "../../dialects/lineup1/framer.ts";
import { formatLine } from "../../dialects/lineup1/line.ts";
import { decodeText } from "../../protocol/strings.ts";
import { telnet } from "../../dialects/lineup1/telnet.ts";

/** The name and version of a protocol in a greeting. */
const PROTOCOL = /^[a-z][a-z0-9-]*\/[0-9.]+$/;
const ALIVE = "lineup-check-alive";
const MOST_LINE = 65_536, MOST_BODY = 1 << 26, MOST_CAME = 1 << 20;

/** The expected answer: the fields of a case without its name and its request. */
export type Expected = Omit<ConformanceCase, "name" | "send">;

/** The result of a case. */
export interface ExchangeResult {
  /** What was wrong; `undefined` if all was right. */
  readonly why: string | undefined;
  /** The answer, as lines. */
  readonly came: string;
  /** Whether the server greeted. */
  readonly greeted: boolean;
}

/** A mistake of the server. */
class Wrong extends Error {}

/** The answers on one connection. The methods reject with `Wrong`. */
class Answers {
  readonly #stream: ByteStream;
  readonly #framer = new Framer("reply", { maxLine: MOST_LINE, maxBody: MOST_BODY });
  readonly #buffer = new Uint8Array(65_536);
  readonly #takesTelnet: boolean;
  #command: number[] = [];
  #came = 0;
  /** The lines so far in their canonical form, each with its body below it. */
  readonly lines: string[] = [];
  /** The last line, as a frame. */
  last: Frame | undefined = undefined;
  /** The end of each of these lines. */
  readonly eols: string[] = [];
  /** The telnet commands so far. */
  readonly telnet: number[] = [];
  finals = 0;
  ended = false;

  constructor(stream: ByteStream, { telnet }: Expected) {
    this.#stream = stream;
    this.#takesTelnet = telnet !== undefined;
  }

  /** Reads until there are `finals` final lines, or the connection ends. */
  async until(finals: number): Promise<void> {
    while (!this.#next(finals) && !this.ended) {
      const read = await this.#stream.read(this.#buffer).catch((error) => {
        throw new Wrong(`the connection broke: ${(error as Error).message}`);
      });
      if (read === null) {
        this.ended = true;
        if (!this.#framer.idle) throw new Wrong("the connection ended within an answer");
      } else {
        this.#came += read;
        if (this.#came > MOST_CAME) throw new Wrong(`more than ${MOST_CAME} bytes were answered`);
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
        throw new Wrong(`the answer is not a reply of Lineup/1: ${why}`);
      }
      this.last = framed;
      this.lines.push(shown(formatLine(framed, framed.body?.length), framed.body));
      this.eols.push(this.#framer.crlf ? "\r\n" : "\n");
      if (framed.head === "OK" || framed.head === "ERR") this.finals++;
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

/** Reads the greeting, which must have all fields of the specification. */
async function greet(answers: Answers): Promise<Greeting> {
  await answers.until(1);
  if (answers.ended) throw new Wrong("the server closed the connection without a greeting");
  const line = answers.lines.shift()!;
  answers.eols.shift();
  answers.finals--;
  const { words: [, protocol], options } = answers.last!;
  if (PROTOCOL.test(protocol ?? "") && /^[a-z]+/.test(options.get("auth") ?? "")) {
    try {
      return parseGreeting(answers.last!);
    } catch {
      // Reported below.
    }
  }
  throw new Wrong(
    `the greeting must be OK lineup/1 NAME/VERSION max-line= max-body= auth=, not: ${line}`,
  );
}

/** The pieces in which bytes are sent. */
export type Cutting = "whole" | "byte by byte";

async function send(stream: ByteStream, bytes: Uint8Array, cutting: Cutting): Promise<void> {
  if (cutting === "whole") return await writeAll(stream, bytes);
  for (let at = 0; at < bytes.length; at++) await writeAll(stream, bytes.subarray(at, at + 1));
}

/**
 * Connects, sends, and compares. `timeout` is in ms. Rejects only if `connect` does: a mistake of the server is a result.
 */
export async function exchange(
  connect: () => Promise<ByteStream>,
  toBytes: (greeting: Greeting) => Uint8Array,
  expected: Expected,
  { timeout, cutting }: { timeout: number; cutting: Cutting },
): Promise<ExchangeResult> {
  const stream = await connect();
  const answers = new Answers(stream, expected);
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    stream.close();
  }, timeout);
  let why: string | undefined;
  let greeted = false;
  try {
    const greeting = await greet(answers);
    greeted = true;
    // A server that closes the connection may leave bytes unread.
    const sending = send(stream, toBytes(greeting), cutting)
      .then(() => expected.half ? stream.closeWrite() : undefined).catch(() => {});
    await answers.until(countFinals(expected.expect));
    await conclude(stream, answers, sending, expected);
  } catch (error) {
    if (!(error instanceof Wrong)) throw error;
    const missing = greeted ? "nothing more" : "no greeting";
    why = late ? `${missing} came within ${timeout} ms` : error.message;
  } finally {
    clearTimeout(timer);
    stream.close();
  }
  return { why, came: answers.lines.join("\n"), greeted };
}

async function conclude(
  stream: ByteStream,
  answers: Answers,
  sending: Promise<void>,
  { expect, ends = false, half = false, anyOrder = false, telnet = [], eol }: Expected,
): Promise<void> {
  if (ends || half) {
    await answers.until(Infinity);
  } else {
    await sending;
    await writeAll(stream, new TextEncoder().encode(`PING ${ALIVE}\n`)).catch(() => {});
    await answers.until(answers.finals + 1);
    // An extra line comes before the answer to PING, or in its place.
    if (answers.ended) throw new Wrong("the server closed the connection, but must keep it");
    if (
      answers.lines.at(-1) !== `OK ${ALIVE}` && !answers.lines.at(-1)!.startsWith(`OK ${ALIVE} `)
    ) {
      throw new Wrong(`the server must answer the next PING with OK ${ALIVE}`);
    }
    answers.lines.pop();
    answers.eols.pop();
  }
  const sort = (text: string): string => anyOrder ? text.split("\n").sort().join("\n") : text;
  if (!matches(sort(answers.lines.join("\n")), sort(expect))) {
    throw new Wrong("the answer is not the expected one");
  }
  const wrong = answers.eols.find((each) => eol !== undefined && each !== eol);
  if (wrong !== undefined) {
    throw new Wrong(
      `a line must end in ${JSON.stringify(eol)}, but it ended in ${JSON.stringify(wrong)}`,
    );
  }
  if (String(answers.telnet) !== String(telnet)) {
    throw new Wrong(`the telnet commands must be [${telnet}], but they were [${answers.telnet}]`);
  }
}
