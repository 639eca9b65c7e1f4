// The candidates of Tab at the cursor.

import type { CompiledProtocol } from "../../protocol/compile.ts";
import type { NamedField } from "../../protocol/fields.ts";
import { printable } from "../../protocol/printable.ts";
import { formatWord } from "../../protocol/quoting.ts";
import { commonOptions } from "../../protocol/spec.ts";
import { describe } from "../../protocol/describe.ts";
import { readRequestLine, type RequestLine } from "./request_line.ts";
import type { Token } from "./tokens.ts";

/** A candidate. */
export interface Candidate {
  /** The text for the line. */
  readonly text: string;
  /** A few words about it. */
  readonly note: string;
  /** Whether a space follows when it is chosen. */
  readonly whole: boolean;
}

/** Candidates to replace `text[start, end)`. */
export interface Completion {
  readonly start: number;
  readonly end: number;
  readonly candidates: readonly Candidate[];
}

/** Where candidates come from. */
export interface CompletionSource {
  /** The server's protocol, if it is known. */
  readonly protocol: CompiledProtocol | undefined;
  /** The commands of the terminal itself, such as `/help`, with their descriptions. */
  readonly local: Readonly<Record<string, string>>;
  /** The tags of the requests in flight. */
  readonly tags: () => readonly string[];
  /** The values of a field that the server has named; `undefined` while it is asked for the first time. */
  readonly known: (field: NamedField) => readonly string[] | undefined;
  /** The files, and the folders with `/`, whose paths begin with `prefix`. */
  readonly files: (prefix: string) => readonly string[];
}

/** The candidates at `cursor`. */
export function complete(text: string, cursor: number, source: CompletionSource): Completion {
  const completion = candidatesAt(text, cursor, source);
  // A name of the server that holds controls must not get into the line.
  const candidates = completion.candidates.filter(({ text }) => text === printable(text));
  return { ...completion, candidates };
}

function candidatesAt(text: string, cursor: number, source: CompletionSource): Completion {
  const before = text.slice(0, cursor);
  const bang = /^\s*!/.exec(before)?.[0].length ?? 0;
  const [repeat] = /^\/repeat\s+\S+\s+/.exec(before) ?? [];
  if (repeat !== undefined) {
    const { length } = repeat;
    const inner = candidatesAt(text.slice(length), cursor - length, source);
    return { ...inner, start: inner.start + length, end: inner.end + length };
  }
  const [, save, path] = /^(\/save\s+)(\S*)$/.exec(before) ?? [];
  if (save !== undefined) {
    return { start: save.length, end: cursor, candidates: pathsFrom(path, "", source) };
  }
  if (before.startsWith("/")) {
    const candidates = Object.entries(source.local)
      .filter(([name]) => name.startsWith(before))
      .map(([name, note]) => ({ text: name, note, whole: true }));
    return { start: 0, end: cursor, candidates };
  }
  const line = readRequestLine(before.slice(bang), source.protocol);
  const tokens = [line.verb, ...line.rest].filter((each) => each !== undefined);
  const last = tokens.at(-1);
  const current = last !== undefined && last.end === line.text.length ? last : undefined;
  const typed = current === undefined ? "" : line.text.slice(current.start);
  // The word around the cursor is replaced as a whole.
  const tail = /^[^\s"=]*/.exec(text.slice(cursor))![0].length;
  const shift = (start: number): number => start + bang;
  const put = (start: number, candidates: readonly Candidate[]): Completion => ({
    start: shift(start),
    end: cursor + (current === undefined ? 0 : tail),
    candidates,
  });
  const start = current?.start ?? line.text.length;
  if (current === line.verb && (current !== undefined || line.verb === undefined)) {
    if (line.tag !== undefined && line.tag.end === line.text.length) return put(start, []);
    return put(start, verbs(source.protocol, typed));
  }
  if (line.command === undefined) return put(start, []);
  if (current?.kind === "option") {
    const field = line.command.request.named.get(current.name!);
    return put(current.valueStart, field === undefined ? [] : values(field, current, source) ?? []);
  }
  if (current?.quoted) return put(start, []);
  return put(start, words(line, current, typed, source));
}

function verbs(protocol: CompiledProtocol | undefined, typed: string): Candidate[] {
  const prefix = typed.toUpperCase();
  return [...protocol?.commands.values() ?? []]
    .filter(({ verb }) => verb.startsWith(prefix))
    .sort((a, b) => Number(a.builtin) - Number(b.builtin))
    .map(({ verb, command }) => ({ text: verb, note: command.summary, whole: true }));
}

/** The candidates for a word of a request: values of its argument, options, files. */
function words(
  line: RequestLine,
  current: Token | undefined,
  typed: string,
  source: CompletionSource,
): Candidate[] {
  const { request, verb } = line.command!;
  const before = line.rest.filter((each) => each !== current);
  const count = before.filter(({ kind }) => kind === "word").length;
  const field = request.positional[count] ??
    (request.positional.at(-1)?.many ? request.positional.at(-1) : undefined);
  if (typed.startsWith("@") && request.body !== undefined) {
    return pathsFrom(typed.slice(1), "@", source);
  }
  const known = field === undefined
    ? []
    : verb === "HELP"
    ? verbs(source.protocol, typed)
    : verb === "CANCEL"
    ? source.tags().filter((tag) => tag.startsWith(typed)).map(plain)
    : values(field, { value: typed }, source);
  // While the server is asked, nothing else is offered in the place of its answer.
  if (known === undefined) return [];
  if (known.length > 0) return known;
  // Options are not offered in place of a required argument, unless one is being typed.
  if (typed === "" && count < request.required) return [];
  const given = new Set(before.map(({ name }) => name));
  return [...request.named.values()]
    .filter(({ name }) => name.startsWith(typed) && !given.has(name))
    .filter(({ name }) => typed !== "" || !Object.hasOwn(commonOptions, name))
    .map((option) => ({
      text: `${option.name}=`,
      note: option.summary ?? describe(option),
      whole: false,
    }));
}

function pathsFrom(prefix: string, mark: string, { files }: CompletionSource): Candidate[] {
  return files(prefix).map((path) => ({
    text: mark + path,
    note: "",
    whole: !path.endsWith("/"),
  }));
}

/** The values of a field, if they are known. */
function values(
  field: NamedField,
  { value }: Pick<Token, "value">,
  { known }: CompletionSource,
): Candidate[] | undefined {
  const all = field.type === "enum"
    ? field.values!
    : field.type === "boolean"
    ? ["yes", "no"]
    : field.default !== undefined
    ? [field.default]
    : known(field);
  return all?.filter((each) => each.startsWith(value)).map((each) => plain(formatWord(each)));
}

function plain(text: string): Candidate {
  return { text, note: "", whole: true };
}

/** The longest beginning that all candidates have in common. */
export function commonPrefix(candidates: readonly Candidate[]): string {
  const [first = "", ...others] = candidates.map(({ text }) => text);
  let length = first.length;
  for (const text of others) {
    let same = 0;
    while (same < length && first[same] === text[same]) same++;
    length = same;
  }
  return first.slice(0, length);
}
