// The layer of the file: JSON with comments, whose members are named as the flags, in camel case, a group for each dot.
//
// jsonc-parser reads it: the parser of Visual Studio Code, which tells the place of each member, and goes on behind a
// mistake. @std/jsonc only returns the values, and comment-json stops at the first mistake.

import { dirname, resolve } from "node:path";
import { type Node, type ParseError, parseTree, printParseErrorCode } from "jsonc-parser";
import { BadValue } from "../../protocol/values.ts";
import { describe } from "../../protocol/describe.ts";
import { type Flag, nearWord, parseText } from "../flags.ts";
import { reason } from "../reason.ts";
import type { Layer, LayerValue } from "./layer.ts";
import { memberOf } from "./names.ts";

const MOST_BYTES = 1 << 20;
/** Enough to see the kind of mistake in a file of something else. */
const MOST_PROBLEMS = 30;

/** Reads a file. What is wrong with it is among the problems of the layer. */
export function readConfigurationFile(
  path: string,
  options: Readonly<Record<string, Flag>>,
): Layer {
  let text: string;
  try {
    text = readWhole(path);
  } catch (error) {
    // The message of a missing permission must stay as it is.
    if (error instanceof Deno.errors.NotCapable) throw error;
    return { values: new Map(), problems: [`${path} cannot be read: ${reason(error)}.`] };
  }
  const reader = new FileReader(path, text, options);
  reader.read();
  const { values, problems } = reader;
  const more = problems.length - MOST_PROBLEMS;
  return {
    values,
    problems: more <= 0
      ? problems
      : [...problems.slice(0, MOST_PROBLEMS), `${path}: ${more} more are not shown.`],
  };
}

function readWhole(path: string): string {
  const { isFile, isDirectory } = Deno.statSync(path);
  if (isDirectory) throw new Error("it is a directory");
  if (!isFile) throw new Error("it is not a file");
  using file = Deno.openSync(path);
  const bytes = new Uint8Array(MOST_BYTES + 1);
  let length = 0;
  for (let read; length <= MOST_BYTES && (read = file.readSync(bytes.subarray(length))) !== null;) {
    length += read;
  }
  if (length > MOST_BYTES) throw new Error(`it has more than ${MOST_BYTES} bytes`);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(0, length));
  } catch {
    throw new Error("it is not UTF-8");
  }
}

/** The sentences about mistakes of grammar, by the names of their codes. */
const MISTAKES: Readonly<Record<string, string>> = {
  InvalidSymbol: "a word in quotes, a number, true or false is expected here.",
  InvalidNumberFormat: "this is not a number.",
  PropertyNameExpected: 'the name of an option in quotes is expected here: "port".',
  ValueExpected: "a value is expected here.",
  ColonExpected: 'a ":" is expected here.',
  CommaExpected: 'a "," is expected here.',
  CloseBraceExpected: 'a "}" is expected here.',
  CloseBracketExpected: 'a "]" is expected here.',
  EndOfFileExpected: "the file should end here.",
  UnexpectedEndOfComment: "this comment does not end.",
  UnexpectedEndOfString: "this text does not end on its line.",
};

/** The reading of one file. */
class FileReader {
  readonly values = new Map<string, LayerValue>();
  readonly problems: string[] = [];
  readonly #path: string;
  readonly #text: string;
  readonly #options: ReadonlyMap<string, readonly [flag: string, spec: Flag]>;
  /** The offsets at which lines begin. */
  readonly #lines: readonly number[];

  constructor(path: string, text: string, options: Readonly<Record<string, Flag>>) {
    this.#path = path;
    this.#text = text;
    this.#options = new Map(
      Object.entries(options).filter(([flag]) => flag !== "config")
        .map(([flag, spec]) => [memberOf(flag), [flag, spec]]),
    );
    this.#lines = [
      0,
      ...text.matchAll(/\r\n|\r|\n/g).map(({ index, 0: end }) => index + end.length),
    ];
  }

  read(): void {
    const mistakes: ParseError[] = [];
    let root: Node | undefined;
    try {
      root = parseTree(this.#text, mistakes, { allowTrailingComma: true, allowEmptyContent: true });
    } catch (error) {
      // The parser calls itself for each level.
      if (!(error instanceof RangeError)) throw error;
      this.problems.push(`${this.#path}: it is nested too deeply.`);
      return;
    }
    // Behind a mistake, the tree may be another one than its author means.
    for (const { error, offset } of mistakes) {
      this.#problem(offset, MISTAKES[printParseErrorCode(error)] ?? "this is no JSON.");
    }
    if (mistakes.length > 0 || root === undefined) return;
    if (root.type === "object") this.#group(root, "");
    else this.#problem(root.offset, 'an object is expected here: { "port": 5463 }.');
  }

  /** Reads the members of an object. `prefix` is empty, or the name of a group with a dot. */
  #group(object: Node, prefix: string): void {
    const seen = new Map<string, number>();
    for (const { children } of object.children ?? []) {
      const [key, value] = children!;
      const name: string = key.value;
      const first = seen.get(name);
      if (first !== undefined) {
        const place = this.#place(first);
        this.#problem(key.offset, `${prefix}${name} is given twice; the first is at ${place}.`);
        continue;
      }
      seen.set(name, key.offset);
      this.#member(prefix + name, key, value);
    }
  }

  #member(path: string, key: Node, value: Node): void {
    if (path === "$schema") return;
    const option = this.#options.get(path);
    if (option !== undefined) return this.#option(path, option, value);
    const names = [...this.#options.keys()];
    if (!names.some((name) => name.startsWith(`${path}.`))) {
      return this.#problem(key.offset, `there is no option ${path}${this.#nearest(path)}`);
    }
    if (value.type === "object") return this.#group(value, `${path}.`);
    this.#problem(value.offset, `${path} must be an object of its options, not ${shown(value)}.`);
  }

  /** The option that was meant: one of this name in another group, or one of a name like it. */
  #nearest(path: string): string {
    const names = [...this.#options.keys()];
    const last = path.split(".").at(-1)!;
    const elsewhere = names.find((name) => name.split(".").at(-1) === memberOf(last));
    const groups = names.map((name) => name.split(".")[0]);
    const near = elsewhere ?? nearWord(path, [...names, ...new Set(groups)]);
    return near === undefined ? ": `lineup config` lists all." : `; did you mean ${near}?`;
  }

  #option(path: string, [flag, spec]: readonly [string, Flag], value: Node): void {
    try {
      const text = textOf(spec, value, dirname(resolve(this.#path)));
      this.values.set(flag, { texts: [text], at: this.#place(value.offset) });
    } catch (error) {
      if (!(error instanceof BadValue)) throw error;
      // A number in quotes looks right.
      const isNumeric = ["integer", "number"].includes(spec.type?.type ?? "");
      const kind = isNumeric && value.type === "string" ? "the text " : "";
      const given = spec.secret ? "" : `, not ${kind}${shown(value)}`;
      this.#problem(value.offset, `${path} must be ${error.message}${given}.`);
    }
  }

  #problem(offset: number, text: string): void {
    this.problems.push(`${this.#place(offset)}: ${text}`);
  }

  #place(offset: number): string {
    let line = this.#lines.findIndex((begin) => begin > offset);
    if (line < 0) line = this.#lines.length;
    return `${this.#path}:${line}:${offset - this.#lines[line - 1] + 1}`;
  }
}

/** The text of a value, as a flag takes it. Throws `BadValue`, whose message says what the value must be. */
function textOf(flag: Flag, value: Node, folder: string): string {
  const wanted = (what: string): never => {
    throw new BadValue(what);
  };
  const field = flag.type ?? { type: "text" };
  if (flag.value === undefined) {
    return value.type === "boolean" ? String(value.value) : wanted("true or false");
  }
  if (flag.list && value.type === "array") {
    const items = value.children ?? [];
    if (
      items.length === 0 || items.some(({ type, value }) => type !== "string" || /,/.test(value))
    ) {
      return wanted("an array of texts without commas");
    }
    return items.map((each) => each.value).join(",");
  }
  const isNumeric = ["integer", "number", "size"].includes(field.type);
  const isFit = value.type === "string"
    ? !isNumeric || field.type === "size"
    : value.type === "number" && isNumeric;
  if (!isFit || value.value === "") {
    return wanted(flag.list ? "a text, or an array of texts" : describe(field));
  }
  const text = String(value.value);
  try {
    parseText(flag, text);
  } catch (error) {
    if (error instanceof BadValue) wanted(describe(field));
    throw error;
  }
  return placed(flag, text, folder);
}

/** The scheme of an address that stands where a file may stand too. */
const SCHEME = /^[a-z][a-z0-9+.-]*:\/\//i;

/** A path of the file is one from its folder, wherever the server is started. An address stays as it is. */
function placed({ value }: Flag, text: string, folder: string): string {
  if (text.startsWith("unix:") && text.length > "unix:".length) {
    return `unix:${resolve(folder, text.slice("unix:".length))}`;
  }
  const isPath = value === "FILE" && text !== ":memory:" && text !== "-" && !SCHEME.test(text);
  return isPath ? resolve(folder, text) : text;
}

/** A value as it stands in the file, or the kind of one that is long. */
function shown({ type, value }: Node): string {
  if (type === "object" || type === "array") return type === "object" ? "an object" : "an array";
  const text = JSON.stringify(value);
  return text.length <= 60 ? text : `${text.slice(0, 60)}…`;
}
