// Small faults, each at one place: those of Stryker's mutators, and missing statements, which Stryker does not have.

import { parse } from "@babel/parser";
import { Instrumenter } from "@stryker-mutator/instrumenter";

/** A fault: a piece of a file, and the text that replaces it. */
export interface Mutant {
  readonly file: string;
  /** The place of the piece: offsets into the file's text. */
  readonly start: number;
  readonly end: number;
  /** The line of its start, from 1. */
  readonly line: number;
  /** The text of that line. */
  readonly code: string;
  readonly was: string;
  readonly becomes: string;
  readonly mutator: string;
}

const SILENT = {
  isTraceEnabled: () => false,
  isDebugEnabled: () => false,
  isInfoEnabled: () => false,
  isWarnEnabled: () => false,
  isErrorEnabled: () => false,
  isFatalEnabled: () => false,
  trace: () => {},
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  fatal: () => {},
};

/** All mutants of a file, in the order of the text. */
export async function mutantsOf(file: string, text: string): Promise<Mutant[]> {
  const offsets = lineOffsets(text);
  const lines = text.split("\n");
  const { mutants } = await new Instrumenter(SILENT).instrument(
    [{ name: file, mutate: true, content: text }],
    { plugins: null, ignorers: [], excludedMutations: [] },
  );
  const found = mutants.map(
    ({ location, mutatorName, replacement }): Mutant => {
      const start = offsets[location.start.line] + location.start.column;
      const end = offsets[location.end.line] + location.end.column;
      return {
        file,
        start,
        end,
        line: location.start.line + 1,
        code: lines[location.start.line].trim(),
        was: text.slice(start, end),
        becomes: replacement,
        mutator: mutatorName,
      };
    },
  );
  return [...found, ...missingStatements(file, text)]
    .filter((mutant) => !isProse(mutant))
    .sort((a, b) => a.start - b.start || a.end - b.end);
}

/** The text of a file with the fault in it. */
export function apply({ start, end, becomes }: Mutant, text: string): string {
  return text.slice(0, start) + becomes + text.slice(end);
}

/** A mutant on one line, as the list of equivalent mutants names it. */
export function describe({ was, becomes, mutator }: Mutant): string {
  const short = (code: string): string => {
    const line = code.replace(/\s+/g, " ").trim();
    return line.length > 100 ? `${line.slice(0, 97)}...` : line;
  };
  return `${mutator}: ${short(was)} -> ${short(becomes) || "(nothing)"}`;
}

/** Whether a mutant changes a text for people: a test of every word would only repeat the text. */
function isProse({ mutator, was }: Mutant): boolean {
  return mutator === "StringLiteral" && / /.test(was);
}

interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly loc: { readonly start: { readonly line: number } };
  readonly [name: string]: unknown;
}

const REMOVABLE = new Set([
  "BreakStatement",
  "ContinueStatement",
  "ExpressionStatement",
  "ThrowStatement",
]);

/** One mutant for each statement that can be left out. */
function missingStatements(file: string, text: string): Mutant[] {
  const found: Mutant[] = [];
  const lines = text.split("\n");
  const visit = (value: unknown): void => {
    if (Array.isArray(value)) value.forEach(visit);
    if (!isNode(value)) return;
    if (isRemovable(value)) {
      const { start, end, loc } = value;
      found.push({
        file,
        start,
        end,
        line: loc.start.line,
        code: lines[loc.start.line - 1].trim(),
        was: text.slice(start, end),
        becomes: ";",
        mutator: "MissingStatement",
      });
    }
    for (const [name, child] of Object.entries(value)) {
      if (name !== "loc" && typeof child === "object") visit(child);
    }
  };
  visit(
    parse(text, { sourceType: "module", plugins: ["typescript"] }).program.body,
  );
  return found;
}

function isNode(value: unknown): value is Node {
  return typeof (value as Node | null)?.type === "string";
}

function isRemovable({ type, argument, expression }: Node): boolean {
  if (type === "ReturnStatement") return argument === null;
  // Without super(...) a constructor throws each time.
  const callee = (expression as Node | undefined)?.callee as Node | undefined;
  return REMOVABLE.has(type) && callee?.type !== "Super";
}

function lineOffsets(text: string): number[] {
  const offsets = [0];
  for (let at = 0; (at = text.indexOf("\n", at)) !== -1;) offsets.push(++at);
  return offsets;
}
