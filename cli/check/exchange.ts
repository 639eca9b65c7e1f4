// One case against one server: send the request, read the answer, and compare it with the expected one.

import { type ByteStream, writeAll } from "../../net/mod.ts";
import {
  type CaseSubject,
  type ConformanceCase,
  countFinals,
} from "../../dialects/lineup1/conformance/mod.ts";
import type { Frame } from "../../dialects/lineup1/frame.ts";
import type { Greeting } from "../../client/mod.ts";
import { parseGreeting } from "../../client/greeting.ts";
import { Answers, ServerMistake } from "./answers.ts";
import { difference } from "./difference.ts";
import { type CheckedCommands, countRequests, misfit } from "./fit.ts";
import type { CheckTarget } from "./target.ts";

/** The name and version of a protocol in a greeting. */
const PROTOCOL = /^[a-z][a-z0-9-]*\/[0-9.]+$/;
const ALIVE = "lineup-check-alive";
const DIFFERS = "the answer is not the expected one";
const NOTHING = new Uint8Array(0);
const LEAVE_MS = 100;
const LEAVING = new TextEncoder().encode("HELLO lineup/1 half-close=off\n");

/** The expected answer: the fields of a case without its name, its level and its request. */
export type Expected = Omit<ConformanceCase, "name" | "level" | "send">;

/** The input and the expected answer. */
export interface Exchange {
  readonly toBytes: (subject: CaseSubject) => Uint8Array | undefined;
  readonly expected: Expected;
  readonly cutting: Cutting;
}

/** The result of a case. */
export interface ExchangeResult {
  /** The difference from the expected answer; `undefined` if there is none. */
  readonly why: string | undefined;
  /** Whether the case needs something that the server, or the caller, lacks. */
  readonly skipped: boolean;
  /** The bytes that were to be sent. */
  readonly sent: Uint8Array;
  /** The answer, as lines. */
  readonly came: string;
  /** The last line of the answer. */
  readonly last: Frame | undefined;
  /** Whether the server greeted. */
  readonly greeted: boolean;
}

/** Reads the greeting, which must have all fields of the specification. */
async function greet(answers: Answers): Promise<Greeting> {
  await answers.until(1);
  if (answers.ended) throw new ServerMistake("the server closed the connection without a greeting");
  const line = answers.lines.shift()!;
  const frame = answers.frames.shift()!;
  answers.eols.shift();
  answers.finals--;
  if (PROTOCOL.test(frame.words[1] ?? "") && /^[a-z]+/.test(frame.options.get("auth") ?? "")) {
    try {
      return parseGreeting(frame);
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

/** A server may be busy at any time; nothing has happened then. A case is repeated so often, after so many ms. */
const BUSY = /^(#\S+ )?ERR busy /m, MOST_BUSY = 5, BUSY_MS = 200;

/** The parts of a target that an exchange uses. */
type Peer = Pick<CheckTarget, "connect" | "slow" | "drain">;

/** The options of an exchange. `timeout` is in ms. */
interface ExchangeOptions {
  readonly timeout: number;
  readonly commands: CheckedCommands;
}

/**
 * Connects, sends, and compares; again if the server was busy. Rejects only if `connect` does: a mistake of the server is
 * a result.
 */
export async function exchange(
  target: Peer,
  each: Exchange,
  options: ExchangeOptions,
): Promise<ExchangeResult> {
  for (let busy = 0;; busy++) {
    const result = await attempt(target, each, options);
    if (result.why === undefined || busy === MOST_BUSY || !BUSY.test(result.came)) return result;
    await new Promise((resolve) => setTimeout(resolve, BUSY_MS));
  }
}

async function attempt(
  target: Peer,
  { toBytes, expected, cutting }: Exchange,
  { timeout, commands }: ExchangeOptions,
): Promise<ExchangeResult> {
  const stream = await target.connect();
  const answers = new Answers(stream, expected.telnet !== undefined);
  let leaving: Promise<void> | undefined;
  // The answer when the time is over: what comes behind it answers nothing of the case.
  let late: string | undefined;
  const timer = setTimeout(() => {
    late = answers.lines.join("\n");
    leaving = leave(stream);
  }, timeout);
  let why: string | undefined;
  let greeted = false;
  let bytes: Uint8Array | undefined = NOTHING;
  try {
    const greeting = await greet(answers);
    greeted = true;
    bytes = toBytes({ ...greeting, slow: target.slow });
    const isPossible = expected.drainAfter === undefined || target.drain !== undefined;
    if (bytes !== undefined && isPossible) {
      // A server that closes the connection may leave bytes unread.
      const sending = send(stream, bytes, cutting)
        .then(() => expected.half ? stream.closeWrite() : undefined).catch(() => {});
      if (expected.drainAfter !== undefined) {
        await answers.until(expected.drainAfter);
        target.drain!();
      }
      // A pattern such as `…` does not tell how many answers it stands for.
      await answers.until(countFinals(expected.expect) || countRequests(bytes) || 0);
      await conclude(stream, answers, sending, expected);
      const misfits = misfit(answers.frames, bytes, commands);
      if (misfits !== undefined) throw new ServerMistake(misfits);
    } else bytes = undefined;
  } catch (error) {
    if (!(error instanceof ServerMistake)) throw error;
    why = error.message;
  } finally {
    clearTimeout(timer);
    await (leaving ?? leave(stream));
  }
  if (late !== undefined) {
    why = `${greeted ? "nothing more" : "no greeting"} came within ${timeout} ms`;
  }
  return {
    why,
    skipped: bytes === undefined,
    sent: bytes ?? NOTHING,
    came: late ?? answers.lines.join("\n"),
    last: answers.frames.at(-1),
    greeted,
  };
}

/** Closes a connection. Requests that still run there end too: a server could take this end for a half-close. */
async function leave(stream: ByteStream): Promise<void> {
  const timer = setTimeout(() => stream.close(), LEAVE_MS);
  await writeAll(stream, LEAVING).catch(() => {});
  clearTimeout(timer);
  stream.close();
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
    answers.frames.pop();
    answers.eols.pop();
  }
  const ordered = anyOrder ? sortLines : (text: string) => text;
  if (difference(ordered(answers.lines.join("\n")), ordered(expect)) !== undefined) {
    throw new ServerMistake(DIFFERS);
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

/** The lines of a text in the order of the alphabet. */
export function sortLines(text: string): string {
  return text.split("\n").sort().join("\n");
}
