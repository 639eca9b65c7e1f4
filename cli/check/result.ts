// The result of a check, as text for people and as JSON.

import { printable, printableLines } from "../../protocol/printable.ts";
import { quote } from "../../protocol/quoting.ts";
import { print, printStyled } from "../output.ts";
import type { CheckCase } from "./checks.ts";
import { difference } from "./difference.ts";

/** The characters that are shown of what was sent. */
const MOST_SENT = 160;
/** The lines, and the characters of each, that are shown of an answer. */
const MOST_LINES = 5, MOST_LINE = 160;

/** The result of one check. */
export interface CheckResult {
  readonly name: string;
  readonly level: CheckCase["level"];
  readonly status: "ok" | "failed" | "skipped";
  /** The bytes that were sent, in quotes. */
  readonly sent: string;
  /** The expected answer. */
  readonly expected: string;
  /** Whether the connection must end behind the answer. */
  readonly ends: boolean;
  /** The answer, as lines. */
  readonly came: string;
  /** The mistake of a failed case, or what a skipped one lacks. */
  readonly why: string | undefined;
}

/** Prints a result as a line of JSON. */
export function printJson({ status, ...result }: CheckResult): void {
  print(JSON.stringify({ status, ...result, sent: shorten(result.sent, MOST_SENT) }) + "\n");
}

/**
 * Prints a result as text; nothing for a skipped case. `before` is the failure of the same case, sent in other pieces: the
 * same failure is not explained twice. All text of the server is escaped, so that it cannot look like another result.
 */
export function printText(result: CheckResult, before: CheckResult | undefined): void {
  const { name, status, sent, why } = result;
  if (status === "skipped") return;
  const isOk = status === "ok";
  printStyled(isOk ? "good" : "bad", isOk ? "ok" : "FAILED");
  const title = `${isOk ? "      " : "  "}${printable(name)}`;
  if (isOk) return print(`${title}\n`);
  if (why === before?.why && result.came === before?.came) {
    return print(`${title}: as in one piece\n`);
  }
  print(
    `${title}\n${row("why", why ?? "")}${row("sent", shorten(sent, MOST_SENT))}${shown(result)}`,
  );
}

/** The part of the answer that differs from the expected one. */
function shown({ expected, ends, came }: CheckResult): string {
  const then = ends ? ", then the end of the connection" : "";
  const differs = difference(came, expected);
  if (differs === undefined) {
    return row("expected", `this answer${then}`) + row("came", few(came) || "nothing");
  }
  const at = differs.line > 1 ? `from line ${differs.line} of the answer on:\n` : "";
  return row("expected", at + (few(differs.expected) || "nothing") + then) +
    row("came", at + (few(differs.came) || "nothing"));
}

/** A title and lines beside it. */
function row(title: string, text: string): string {
  const [first, ...more] = printableLines(text).split("\n");
  return `          ${title.padEnd(10)}${first}\n` +
    more.map((line) => `                    ${line}\n`).join("");
}

/** The first lines of a text. */
function few(text: string): string {
  const lines = text.split("\n");
  const first = lines.slice(0, MOST_LINES).map((line) => shorten(line, MOST_LINE));
  const rest = lines.length - first.length;
  return first.join("\n") + (rest > 0 ? `\n… (${rest} more lines)` : "");
}

function shorten(text: string, most: number): string {
  if (text.length <= most) return text;
  return `${text.slice(0, most)}… (${text.length} characters)`;
}

/** Bytes as quoted text. Bytes that are not UTF-8 become `\xHH`. */
export function quoteBytes(bytes: Uint8Array): string {
  try {
    return quote(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch {
    return quote(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
  }
}
