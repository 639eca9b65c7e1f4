// One case against one server: send the request, read the answer, and compare it with the expected one.

import { type ByteStream, writeAll } from "../../net/mod.ts";
import {
  type ConformanceCase,
  countFinals,
  matches,
} from "../../dialects/lineup1/conformance/mod.ts";
import type { Greeting } from "../../client/mod.ts";
import { parseGreeting } from "../../client/greeting.ts";
import { Answers, ServerMistake } from "./answers.ts";

/** The name and version of a protocol in a greeting. */
const PROTOCOL = /^[a-z][a-z0-9-]*\/[0-9.]+$/;
const ALIVE = "lineup-check-alive";

/** The expected answer: the fields of a case without its name and its request. */
export type Expected = Omit<ConformanceCase, "name" | "send">;

/** The result of a case. */
export interface ExchangeResult {
  /** The difference from the expected answer; `undefined` if there is none. */
  readonly why: string | undefined;
  /** The answer, as lines. */
  readonly came: string;
  /** Whether the server greeted. */
  readonly greeted: boolean;
}

/** Reads the greeting, which must have all fields of the specification. */
async function greet(answers: Answers): Promise<Greeting> {
  await answers.until(1);
  if (answers.ended) throw new ServerMistake("the server closed the connection without a greeting");
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
  throw new ServerMistake(
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
  const answers = new Answers(stream, expected.telnet !== undefined);
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
    if (!(error instanceof ServerMistake)) throw error;
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
    if (answers.ended) {
      throw new ServerMistake("the server closed the connection, but must keep it");
    }
    if (
      answers.lines.at(-1) !== `OK ${ALIVE}` && !answers.lines.at(-1)!.startsWith(`OK ${ALIVE} `)
    ) {
      throw new ServerMistake(`the server must answer the next PING with OK ${ALIVE}`);
    }
    answers.lines.pop();
    answers.eols.pop();
  }
  const sort = (text: string): string => anyOrder ? text.split("\n").sort().join("\n") : text;
  if (!matches(sort(answers.lines.join("\n")), sort(expect))) {
    throw new ServerMistake("the answer is not the expected one");
  }
  const wrong = answers.eols.find((each) => eol !== undefined && each !== eol);
  if (wrong !== undefined) {
    throw new ServerMistake(
      `a line must end in ${JSON.stringify(eol)}, but it ended in ${JSON.stringify(wrong)}`,
    );
  }
  if (String(answers.telnet) !== String(telnet)) {
    throw new ServerMistake(
      `the telnet commands must be [${telnet}], but they were [${answers.telnet}]`,
    );
  }
}
