// Sessions as text: what clients send, and what the server answers.

import { isFinal } from "../dialects/lineup1/frame.ts";
import { countFinals } from "../dialects/lineup1/conformance/finals.ts";
import { matches } from "../dialects/answer_pattern.ts";
import { parseGreeting } from "../client/greeting.ts";
import type { ByteStream } from "../net/stream.ts";
import { after } from "../net/timer.ts";
import { printable } from "../protocol/printable.ts";
import { formatEntry, type LogEntry } from "../server/log.ts";
import { difference } from "./difference.ts";
import { ReplyReading } from "./reply_reading.ts";

/** The part of a `MemoryServer` that a transcript uses. */
export interface TranscriptServer {
  /** The client's end of a new connection. */
  open(): ByteStream;
  /** The log of the server, to explain a difference. */
  readonly log?: readonly LogEntry[];
}

/** Options of `checkTranscript`. */
export interface TranscriptOptions {
  /** The time in ms to wait for an answer. Default 5000. */
  timeout?: number;
}

/** A transcript that does not fit: the message shows the lines that differ. */
export class TranscriptError extends Error {
  /** The name of the class. */
  override readonly name = "TranscriptError";
}

/** Lines that one connection sends together, and the answers to them. */
interface TranscriptPart {
  readonly who: string;
  readonly sent: string[];
  readonly expected: string[];
}

const LINE = /^\s*([a-z][a-z0-9-]*)?([<>])(?: (.*))?$/;
const ITEM = /^(#\S+ )?[*!]( |$)/;
const TIMEOUT_MS = 5000;
/** The most lines of the session that are shown before a difference. */
const MOST_SHOWN = 12;
/** Asked at the end of a transcript: what comes before its answer was not expected. */
const END_TAG = "transcript-end";
/** How often a server is asked behind the last line of a transcript whether there is more. */
const END_ROUNDS = 16;

/**
 * Plays a transcript against a server, and throws `TranscriptError` with the difference where the answers are others.
 * Lines behind `> ` are sent; lines behind `< ` are expected, in which `…` stands for any text. Lines that follow each
 * other are sent together. `ada> ` and `ada< ` are a connection of their own; so are those of every other name. Empty
 * lines, and lines that begin with `#`, are comments. Throws `SyntaxError` for any other line.
 *
 * @example
 * ```ts
 * import { checkTranscript, serveInMemory } from "@lineup/lineup/testing";
 *
 * const calc = {
 *   name: "calc",
 *   version: "1.0",
 *   summary: "A calculator on a line.",
 *   commands: {
 *     ADD: { summary: "Add two numbers.", args: { a: "number", b: "number" }, reply: { sum: "number" } },
 *   },
 * } as const;
 *
 * await using server = await serveInMemory(calc, { ADD: ({ a, b }) => ({ sum: a + b }) });
 * await checkTranscript(
 *   server,
 *   `
 *   > ADD 1 2
 *   < OK sum=3
 *   # An error names what would be right.
 *   > ADD 1
 *   < ERR bad-arguments "ADD needs b: …"
 *   `,
 * );
 * ```
 */
export async function checkTranscript(
  server: TranscriptServer,
  transcript: string,
  { timeout = TIMEOUT_MS }: TranscriptOptions = {},
): Promise<void> {
  const exchanges = readTranscript(transcript);
  const readings = new Map<string, ReplyReading>();
  const shown: string[] = [];
  const fail = (lines: readonly string[], why: string): never => {
    throw new TranscriptError(
      [why, "", ...shown.slice(-MOST_SHOWN), ...lines, ...logged(server.log)].join("\n"),
    );
  };
  try {
    for (const { who, sent, expected } of exchanges) {
      const prefix = (mark: string, line: string): string => `${who}${mark} ${printable(line)}`;
      let reading = readings.get(who);
      if (reading === undefined) {
        reading = new ReplyReading(server.open());
        readings.set(who, reading);
        const refusal = await inTime(greeting(reading), timeout);
        if (refusal !== undefined) {
          fail([`+ ${prefix("<", refusal)}`], "the server does not greet");
        }
      }
      shown.push(...sent.map((line) => `  ${prefix(">", line)}`));
      if (sent.length > 0) await reading.send(sent.join("\n") + "\n");
      const outcome = await inTime(untilEnough(reading, expected), timeout) ?? "late";
      const came = reading.take();
      if (outcome === "enough" && matches(came.join("\n"), expected.join("\n"))) {
        shown.push(...expected.map((line) => `  ${prefix("<", line)}`));
        continue;
      }
      const why = outcome === "late"
        ? `nothing more came within ${timeout} ms`
        : outcome === "ended" && came.length < expected.length
        ? "the server ended the connection"
        : "the answer differs";
      fail(
        difference(expected, came).map(({ mark, text }) => `${mark} ${prefix("<", text)}`),
        why,
      );
    }
    for (const [who, reading] of readings) {
      const more = await inTime(restOf(reading), timeout) ?? [];
      if (more.length === 0) continue;
      fail(
        more.map((line) => `+ ${who}< ${printable(line)}`),
        "more is answered than the transcript has",
      );
    }
  } finally {
    for (const reading of readings.values()) reading.close();
  }
}

/** The exchanges of a transcript. Throws `SyntaxError`. */
function readTranscript(text: string): TranscriptPart[] {
  const exchanges: TranscriptPart[] = [];
  for (const [index, line] of text.split("\n").entries()) {
    if (/^\s*(#|$)/.test(line)) continue;
    const [, who = "", direction, content = ""] = LINE.exec(line) ?? [];
    if (direction === undefined) {
      throw new SyntaxError(
        `line ${index + 1} of the transcript begins with neither > nor <: ${
          printable(line.trim())
        }`,
      );
    }
    const last = exchanges.at(-1);
    const isMore = last?.who === who && (direction === "<" || last.expected.length === 0);
    if (!isMore) exchanges.push({ who, sent: [], expected: [] });
    exchanges.at(-1)![direction === ">" ? "sent" : "expected"].push(content);
  }
  if (exchanges.length === 0) throw new SyntaxError("the transcript has no line");
  return exchanges;
}

/** Reads the greeting. Resolves with the line where that is none. */
async function greeting(reading: ReplyReading): Promise<string | undefined> {
  let isGreeting = false;
  await reading.until((frame) => {
    if (frame === undefined) return false;
    try {
      parseGreeting(frame);
      isGreeting = true;
    } catch {
      // Reported by the caller.
    }
    return true;
  });
  const [line = "(the end of the connection)"] = reading.take();
  return isGreeting ? undefined : line;
}

/** Reads as many answers as are expected: to the last final line, and the items and events behind it. */
async function untilEnough(
  reading: ReplyReading,
  expected: readonly string[],
): Promise<"enough" | "ended"> {
  const expectedFinals = countFinals(expected.join("\n"));
  let end = 0;
  while (countFinals(expected.slice(0, end).join("\n")) < expectedFinals) end++;
  // Lines behind a final line with a body are that body.
  const hasBody = end > 0 && / \{(\d+|…)\}$/.test(expected[end - 1]);
  const items = hasBody ? 0 : expected.slice(end).filter((line) => ITEM.test(line)).length;
  // `…` alone stands for an answer.
  const finals = expected.length > 0 && items === 0 ? Math.max(1, expectedFinals) : expectedFinals;
  let came = 0;
  await reading.until((frame) => {
    if (frame !== undefined && reading.finals >= finals && !isFinal(frame)) came++;
    return reading.finals >= finals && came >= items;
  });
  return reading.ended ? "ended" : "enough";
}

/** The lines that come although nothing else was asked. */
async function restOf(reading: ReplyReading): Promise<string[]> {
  const lines: string[] = [];
  // A tagged PING may overtake what was asked before. Each round gives the server some turns to answer that.
  for (let round = 0; round < END_ROUNDS && !reading.ended; round++) {
    await reading.send(`#${END_TAG} PING\n`);
    await reading.until((frame) => frame?.tag === END_TAG);
    const came = reading.take();
    lines.push(...reading.ended ? came : came.slice(0, -1));
  }
  return lines;
}

/** Settles as the promise; resolves with `undefined` where that takes longer than `ms`. */
async function inTime<T>(promise: Promise<T>, ms: number): Promise<T | undefined> {
  const { promise: late, resolve } = Promise.withResolvers<undefined>();
  const stop = after(ms, () => resolve(undefined));
  try {
    return await Promise.race([promise, late]);
  } finally {
    stop();
  }
}

function logged(log: readonly LogEntry[] = []): string[] {
  const errors = log.filter(({ level }) => level === "error").slice(-3);
  return errors.length === 0 ? [] : ["", "The log of the server:", ...errors.map(formatEntry)];
}
