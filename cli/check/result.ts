// The result of a check, as text for people and as JSON.

import { printable, printableLines } from "../../protocol/printable.ts";
import { quote } from "../../protocol/quoting.ts";
import { print, printStyled } from "../output.ts";
import type { ExchangeResult } from "./exchange.ts";

/** The characters that are shown of what was sent and of what came. */
const MOST_SHOWN = 400;

/** The result of one check. */
export interface CheckResult extends ExchangeResult {
  readonly name: string;
  readonly sent: string;
  readonly expected: string;
}

/** Prints a result as a line of JSON. */
export function printJson({ why, greeted: _, ...result }: CheckResult): void {
  const status = why === undefined ? "ok" : "failed";
  print(JSON.stringify({ status, ...result, ...(why !== undefined && { why }) }) + "\n");
}

/** Prints a result as text. All text of the server is escaped, so that it cannot look like another result. */
export function printText({ name, sent, expected, why, came }: CheckResult): void {
  const isOk = why === undefined;
  printStyled(isOk ? "good" : "bad", isOk ? "ok" : "FAILED");
  let text = `${isOk ? "      " : "  "}${printable(name)}\n`;
  const rows = isOk ? {} : { why, sent, expected, came };
  for (const [title, value] of Object.entries(rows)) {
    const [first, ...more] = printableLines(shorten(value) || "nothing").split("\n");
    text += `          ${title.padEnd(10)}${first}\n`;
    for (const line of more) text += `                    ${line}\n`;
  }
  print(text);
}

/** Bytes as quoted text. Bytes that are not UTF-8 become `\xHH`. */
export function quoteBytes(bytes: Uint8Array): string {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    text = String.fromCharCode(...bytes.subarray(0, MOST_SHOWN));
  }
  return shorten(quote(text));
}

function shorten(text: string): string {
  if (text.length <= MOST_SHOWN) return text;
  return `${text.slice(0, MOST_SHOWN)}… (${text.length} characters)`;
}
