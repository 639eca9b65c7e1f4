// The view of a line that is being typed: its mistakes, its hint, the list of Tab, or the search through history.

import type { CompiledProtocol } from "../../protocol/compile.ts";
import type { Editor, Menu } from "./editor.ts";
import { hintFor } from "./hint.ts";
import { type Diagnostic, readRequestLine } from "./request_line.ts";
import { type StyledText, styledWidth } from "../styled_text.ts";
import type { View } from "./screen.ts";
import { printable } from "../../protocol/printable.ts";
import { width, wrap } from "../text_width.ts";

/** The state of a view besides its editor. */
export interface ViewState {
  readonly prompt: readonly StyledText[];
  readonly protocol: CompiledProtocol | undefined;
  /** Whether the line is a request to check and explain, and not a line of a body. */
  readonly explains: boolean;
  /** The mistake in the line, after Enter. */
  readonly diagnostic: Diagnostic | undefined;
  /** The commands of the terminal itself. */
  readonly local: Readonly<Record<string, string>>;
  /** The size of the terminal. */
  readonly columns: number;
  readonly rows: number;
}

/** The most candidates of Tab that are shown. */
const MOST_CANDIDATES = 16;
/** The most characters of a text of the server. */
const MOST_SHOWN = 2000;
/** The most rows of a hint. */
const MOST_DETAIL = 2;

/** The view of an editor. */
export function viewOf(editor: Editor, around: ViewState): View {
  const { search } = editor;
  if (search !== undefined) {
    const what = `${search.failed ? "not found" : "search"}: ${search.query}`;
    const found = search.found ?? "";
    return {
      before: [
        styled(`(${what}) `, search.failed ? "bad" : "note"),
        styled(found.slice(0, search.place)),
      ],
      after: [styled(found.slice(search.place))],
      rest: "",
      below: [[
        styled("Ctrl-R older, Ctrl-S newer, Enter runs it, Esc edits it, Ctrl-G gives up", "dim"),
      ]],
    };
  }
  const { text, cursor, menu } = editor;
  const { prompt, protocol, explains, diagnostic } = around;
  const isRequest = explains && !/^\s*[!/]/.test(text);
  const line = isRequest ? readRequestLine(text, protocol) : undefined;
  // A word that is being typed is not wrong yet.
  const mistakes = (line?.mistakes ?? []).filter(({ start, end }) =>
    cursor < start || cursor > end
  );
  const texts = marked(text, mistakes);
  const [before, after] = split(texts, cursor);
  const atEnd = cursor === text.length && text.trim() !== "";
  const hint = line !== undefined && atEnd && menu === undefined && diagnostic === undefined
    ? hintFor(line)
    : undefined;
  // A mistake is shown if there is no explanation.
  const detail = explains && text.startsWith("/")
    ? around.local[text.split(" ", 1)[0]] ?? ""
    : hint?.detail || (atEnd ? mistakes[0]?.message : "") || "";
  const promptWidth = styledWidth(prompt);
  return {
    before: [...prompt, ...before],
    after,
    rest: shown(hint?.rest ?? ""),
    below: diagnostic !== undefined
      ? showDiagnostic(diagnostic, text, promptWidth, around.columns)
      : menu !== undefined
      ? showMenu(menu, Math.min(MOST_CANDIDATES, around.rows - 3))
      : detail === ""
      ? []
      : wrap(shown(detail), around.columns - 1).slice(0, MOST_DETAIL).map((row) => [
        styled(row, "dim"),
      ]),
  };
}

/** Text of the server, escaped and cut. */
function shown(text: string): string {
  return printable(text.length > MOST_SHOWN ? `${text.slice(0, MOST_SHOWN)}…` : text);
}

function styled(text: string, style: StyledText["style"] = "plain"): StyledText {
  return { text, style };
}

/** The text with its mistakes marked. */
function marked(text: string, mistakes: readonly Diagnostic[]): StyledText[] {
  const texts: StyledText[] = [];
  let at = 0;
  for (const { start, end } of mistakes) {
    if (start < at) continue;
    texts.push(styled(text.slice(at, start)), styled(text.slice(start, end), "wrong"));
    at = end;
  }
  return [...texts, styled(text.slice(at))];
}

/** The texts before and after the cursor. */
function split(texts: readonly StyledText[], cursor: number): [StyledText[], StyledText[]] {
  const before: StyledText[] = [];
  const after: StyledText[] = [];
  let at = 0;
  for (const { text, style } of texts) {
    const here = Math.min(Math.max(cursor - at, 0), text.length);
    if (here > 0) before.push(styled(text.slice(0, here), style));
    if (here < text.length) after.push(styled(text.slice(here), style));
    at += text.length;
  }
  return [before, after];
}

/** A row that points at a mistake, and rows with its message. */
export function showDiagnostic(
  diagnostic: Diagnostic,
  text: string,
  promptWidth: number,
  columns: number,
): StyledText[][] {
  const message = wrap(shown(diagnostic.message), columns - 1).map((row) => [styled(row, "bad")]);
  const column = promptWidth + width(text.slice(0, diagnostic.start));
  const length = Math.max(1, width(text.slice(diagnostic.start, diagnostic.end)));
  // The pointer is left out if the whole line is wrong, or the line has several rows.
  const isWhole = diagnostic.start === 0 && diagnostic.end === text.length;
  if (isWhole || column + length >= columns) return message;
  return [[styled(" ".repeat(column) + "^".repeat(length), "bad")], ...message];
}

/** The candidates around the chosen one, and how many there are more. */
function showMenu({ completion, chosen }: Menu, rows: number): StyledText[][] {
  const { candidates } = completion;
  const most = Math.max(1, rows);
  const first = Math.min(Math.max(0, chosen - most + 1), Math.max(0, candidates.length - most));
  const visible = candidates.slice(first, first + most);
  const wide = Math.max(...visible.map(({ text }) => width(shown(text))));
  const rowsOfCandidates = visible.map(({ text, note }, index) => {
    const name = shown(text);
    const pad = " ".repeat(Math.max(0, wide - width(name)) + 2);
    const style = first + index === chosen ? "chosen" : "plain";
    return [styled("  "), styled(name, style), styled(pad + shown(note), "dim")];
  });
  const more = candidates.length - visible.length;
  return more > 0
    ? [...rowsOfCandidates, [styled(`  … ${more} more; Tab goes through them`, "dim")]]
    : rowsOfCandidates;
}
