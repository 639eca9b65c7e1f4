// Replies for people. All controls in the bytes of a server are escaped.

import type { Frame } from "../../dialects/lineup1/frame.ts";
import type { CompiledCommand } from "../../protocol/compile.ts";
import type { NamedField } from "../../protocol/fields.ts";
import { formatWord } from "../../protocol/quoting.ts";
import { parseValue } from "../../protocol/values.ts";
import { age } from "../figures.ts";
import type { Paint, Style } from "../style.ts";
import { printable } from "../../protocol/printable.ts";
import { printableBody } from "../printable_body.ts";

/** The most bytes of a body that are shown. */
const MOST_BODY = 1 << 20;

const STYLES: Readonly<Record<string, Style>> = {
  OK: "good",
  ERR: "bad",
  "*": "item",
  "!": "note",
};

/** A frame as lines, each with its line feed. `tag` is shown unless it is `undefined`. */
export function showFrame(
  frame: Frame,
  tag: string | undefined,
  paint: Paint,
  command?: CompiledCommand,
): string {
  const { body } = frame;
  return showLine(frame, tag, paint, command) + (body === undefined ? "" : showBody(body));
}

/** The line of a frame, with its line feed. Durations are shown in their largest units if the command is known. */
export function showLine(
  { head, words, options, body }: Frame,
  tag: string | undefined,
  paint: Paint,
  command: CompiledCommand | undefined,
): string {
  const shape = head === "*" ? command?.items : head === "OK" ? command?.reply : undefined;
  let line = tag === undefined ? "" : paint("dim", `#${printable(tag)} `);
  line += paint(STYLES[head] ?? "bold", head);
  words.forEach((word, index) => {
    const style = head === "ERR" && index === 0 ? "bold" : "plain";
    // The message of an error is a sentence, so it is not quoted.
    const isMessage = head === "ERR" && index === 1;
    line += " " +
      paint(style, printable(isMessage ? word : valueOf(word, shape?.positional[index])));
  });
  for (const [name, value] of options) {
    const shown = printable(valueOf(value, shape?.named.get(name)));
    line += " " + paint("dim", `${printable(name)}=`) + shown;
  }
  return line + (body === undefined ? "" : ` ${paint("dim", `{${body.length}}`)}`) + "\n";
}

/** A value as a person reads it. */
function valueOf(text: string, field: NamedField | undefined): string {
  if (field?.type !== "duration") return formatWord(text);
  try {
    return age(parseValue(text, { type: "duration" }) as number);
  } catch {
    // The server breaks its own SPEC.
    return formatWord(text);
  }
}

/** A body as lines, each with its line feed. */
function showBody(body: Uint8Array): string {
  if (body.length === 0) return "";
  const text = printableBody(body.subarray(0, MOST_BODY));
  const left = body.length - MOST_BODY;
  const more = left > 0 ? `\n… ${left} bytes more; lineup call prints all of them` : "";
  return (text + more).replace(/\n?$/, "\n");
}

/** The most bytes of a raw line that are shown. */
const MOST_RAW = 2000;

/** Bytes of the wire, a row for each line, with visible line ends. */
export function showBytes(direction: "<" | ">", bytes: Uint8Array, paint: Paint): string {
  let rows = "";
  for (let start = 0; start < bytes.length;) {
    const feed = bytes.indexOf(0x0a, start);
    const end = feed < 0 ? bytes.length : feed + 1;
    const cut = Math.min(end, start + MOST_RAW);
    const text = printableBody(bytes.subarray(start, cut)).replaceAll("\t", "\\t")
      .replaceAll("\\x0d", "\\r").replace("\n", "\\n");
    const more = cut < end ? ` … ${end - cut} bytes more` : "";
    rows += paint(direction === ">" ? "note" : "item", direction) + ` ${text}${more}\n`;
    start = end;
  }
  return rows;
}
