// What the terminal draws of a line that is being typed.

import type { CompiledProtocol } from "../../protocol/compile.ts";
import type { Editor, Menu } from "./editor.ts";
import { hintFor } from "./hint.ts";
import { type Diagnostic, readRequestLine } from "./request_line.ts";
import { type StyledText, styledWidth } from "../styled_text.ts";
import type { View } from "./screen.ts";
import { printable } from "../../protocol/printable.ts";
import { width, wrap } from "../text_width.ts";

/** What is shown beside the line. */
export interface ViewState {
  readonly prompt: readonly StyledText[];
  readonly protocol: CompiledProtocol | undefined;
  /** Whether the line is a request, to be checked and explained, and not a line of a body. */
  readonly explains: boolean;
  /** What was wrong with the line that was entered. */
  readonly fault: Diagnostic | undefined;
  /** The commands of the terminal itself. */
  readonly local: Readonly<Record<string, string>>;
  /** The size of the terminal. */
  readonly columns: number;
  readonly rows: number;
}

const MOST_CANDIDATES = 16;
// A hint is to be glanced at.
const MOST_SHOWN = 2000;
const MOST_DETAIL = 2;

/** The view of an editor. */
export function viewOf(editor: Editor, around: ViewState): View {
  const { search } = editor;
  if (search !== undefined) {
    const what = `${search.failed ? "not found" : "search"}: ${search.query}`;
    const found = search.found ?? "";
    return {
      before: [
        span(`(${what}) `, search.failed ? "bad" : "note"),
        span(found.slice(0, search.place)),
      ],
      after: [span(found.slice(search.place))],
      rest: "",
      below: [[
        span("Ctrl-R older, Ctrl-S newer, Enter runs it, Esc edits it, Ctrl-G gives up", "dim"),
      ]],
    };
  }
  const { text, cursor, menu } = editor;
  const { prompt, protocol, explains, fault } = around;
  const isRequest = explains && !/^\s*[!/]/.test(text);
  const line = isRequest ? readRequestLine(text, protocol) : undefined;
  // A word is not wrong before it is finished.
  const faults = (line?.faults ?? []).filter(({ start, end }) => cursor < start || cursor > end);
  const spans = marked(text, faults);
  const [before, after] = split(spans, cursor);
  const atEnd = cursor === text.length && text.trim() !== "";
  const hint = line !== undefined && atEnd && menu === undefined && fault === undefined
    ? hintFor(line)
    : undefined;
  // What is wrong already is told where there is nothing to explain.
  const detail = explains && text.startsWith("/")
    ? around.local[text.trimEnd()] ?? ""
    : hint?.detail || (atEnd ? faults[0]?.message : "") || "";
  const promptWidth = styledWidth(prompt);
  return {
    before: [...prompt, ...before],
    after,
    rest: shown(hint?.rest ?? ""),
    below: fault !== undefined
      ? showFault(fault, text, promptWidth, around.columns)
      : menu !== undefined
      ? showMenu(menu, Math.min(MOST_CANDIDATES, around.rows - 3))
      : detail === ""
      ? []
      : wrap(shown(detail), around.columns - 1).slice(0, MOST_DETAIL).map((row) => [
        span(row, "dim"),
      ]),
  };
}

/** Text of the server's, as much of it as there is any use for. */
function shown(text: string): string {
  return printable(text.length > MOST_SHOWN ? `${text.slice(0, MOST_SHOWN)}…` : text);
}

function span(text: string, style: StyledText["style"] = "plain"): StyledText {
  return { text, style };
}

function marked(text: string, faults: readonly Diagnostic[]): StyledText[] {
  const spans: StyledText[] = [];
  let at = 0;
  for (const { start, end } of faults) {
    if (start < at) continue;
    spans.push(span(text.slice(at, start)), span(text.slice(start, end), "wrong"));
    at = end;
  }
  return [...spans, span(text.slice(at))];
}

function split(spans: readonly StyledText[], cursor: number): [StyledText[], StyledText[]] {
  const before: StyledText[] = [];
  const after: StyledText[] = [];
  let at = 0;
  for (const { text, style } of spans) {
    const here = Math.min(Math.max(cursor - at, 0), text.length);
    if (here > 0) before.push(span(text.slice(0, here), style));
    if (here < text.length) after.push(span(text.slice(here), style));
    at += text.length;
  }
  return [before, after];
}

/** Rows that point at what is wrong and say it. */
export function showFault(
  fault: Diagnostic,
  text: string,
  promptWidth: number,
  columns: number,
): StyledText[][] {
  const message = wrap(shown(fault.message), columns - 1).map((row) => [span(row, "bad")]);
  const column = promptWidth + width(text.slice(0, fault.start));
  const length = Math.max(1, width(text.slice(fault.start, fault.end)));
  // A line that is wrong as a whole needs no pointer, and one of several rows has no place for it.
  const isWhole = fault.start === 0 && fault.end === text.length;
  if (isWhole || column + length >= columns) return message;
  return [[span(" ".repeat(column) + "^".repeat(length), "bad")], ...message];
}

function showMenu({ completion, chosen }: Menu, rows: number): StyledText[][] {
  const { candidates } = completion;
  const most = Math.max(1, rows);
  const first = Math.min(Math.max(0, chosen - most + 1), Math.max(0, candidates.length - most));
  const visible = candidates.slice(first, first + most);
  const wide = Math.max(...visible.map(({ text }) => width(shown(text))));
  const lines = visible.map(({ text, note }, index) => {
    const name = shown(text);
    const pad = " ".repeat(Math.max(0, wide - width(name)) + 2);
    const style = first + index === chosen ? "chosen" : "plain";
    return [span("  "), span(name, style), span(pad + shown(note), "dim")];
  });
  const more = candidates.length - visible.length;
  return more > 0 ? [...lines, [span(`  … ${more} more; Tab goes through them`, "dim")]] : lines;
}
