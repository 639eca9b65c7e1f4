// Text with templates such as `{{n}}`, which get a new value in each request.

import { UsageError } from "../flags.ts";

/** Where values come from. */
export interface ValueSource {
  /** The next number of the run, from 1; each number is returned once. */
  next(): number;
  /** A random number from 0 to below 1. */
  random(): number;
}

/** A text that may differ from request to request. */
export interface Template {
  /** The text if it is always the same. */
  readonly fixed: string | undefined;
  /** The text of one request. */
  draw(source: ValueSource): string;
  /** Texts that together hold each kind of value, to be checked before a run. */
  readonly examples: readonly string[];
}

interface Generator {
  readonly draw: (source: ValueSource) => string;
  readonly examples: readonly string[];
}

/** A kind of template. */
interface GeneratorSpec {
  readonly usage: string;
  /** The generator for these arguments; `undefined` if they do not match `usage`. */
  readonly read: (args: readonly string[]) => Generator | undefined;
}

const MOST_BYTES = 1 << 20;
const LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789";

const kinds: Readonly<Record<string, GeneratorSpec>> = {
  n: {
    usage: "n",
    read: (args) =>
      args.length > 0 ? undefined : { draw: ({ next }) => String(next()), examples: ["1"] },
  },
  random: {
    usage: "random A..B",
    read(args) {
      const parts = /^(-?[0-9]{1,15})\.\.(-?[0-9]{1,15})$/.exec(args.join(" "));
      const [least, most] = [Number(parts?.[1]), Number(parts?.[2])];
      if (parts === null || least > most) return undefined;
      return {
        draw: ({ random }) => String(least + Math.floor(random() * (most - least + 1))),
        examples: [String(least), String(most)],
      };
    },
  },
  choice: {
    usage: "choice WORD...",
    read: (args) =>
      args.length === 0 ? undefined : {
        draw: ({ random }) => args[Math.floor(random() * args.length)],
        examples: args,
      },
  },
  uuid: {
    usage: "uuid",
    read: (args) =>
      args.length > 0
        ? undefined
        : { draw: () => crypto.randomUUID(), examples: ["00000000-0000-4000-8000-000000000000"] },
  },
  bytes: {
    usage: "bytes N",
    read(args) {
      const size = /^[0-9]{1,7}$/.test(args.join(" ")) ? Number(args[0]) : NaN;
      if (!(size <= MOST_BYTES)) return undefined;
      return { draw: ({ random }) => letters(size, random), examples: ["x".repeat(size)] };
    },
  },
};

function letters(size: number, random: () => number): string {
  let text = "";
  while (text.length < size) text += LETTERS[Math.floor(random() * LETTERS.length)];
  return text;
}

/** The usage of all templates, for help and messages. */
export const templateUsage: string = Object.values(kinds).map(({ usage }) => `{{${usage}}}`).join(
  ", ",
);

/** Matches a template, and captures the text in its braces. */
export const TEMPLATES = /\{\{([^{}]*)\}\}/g;

/** Reads a text with templates. Throws `UsageError` for a wrong template. */
export function readTemplate(text: string): Template {
  const pieces = text.split(TEMPLATES);
  // Each second piece stood in braces.
  const generators = pieces.map((piece, at) =>
    at % 2 === 0 ? constant(piece) : readGenerator(piece)
  );
  if (pieces.length === 1) return { fixed: text, draw: () => text, examples: [text] };
  const count = Math.max(...generators.map(({ examples }) => examples.length));
  const examples = Array.from(
    { length: count },
    (_, i) => generators.map(({ examples }) => examples[i % examples.length]).join(""),
  );
  const draw = (source: ValueSource): string => {
    let drawn = "";
    for (const generator of generators) drawn += generator.draw(source);
    return drawn;
  };
  return { fixed: undefined, draw, examples };
}

function constant(text: string): Generator {
  return { draw: () => text, examples: [text] };
}

function readGenerator(text: string): Generator {
  const [name, ...args] = text.trim().split(/\s+/);
  const kind = Object.hasOwn(kinds, name) ? kinds[name] : undefined;
  const generator = kind?.read(args);
  if (generator !== undefined) return generator;
  throw new UsageError(
    kind === undefined
      ? `{{${text}}} is not a template; the templates are ${templateUsage}.`
      : `{{${text}}} must be written {{${kind.usage}}}.`,
  );
}
