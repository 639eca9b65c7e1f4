// The queue, the options and the body of jobs, from the words of a command line.

import { fieldSpec } from "../../protocol/fields.ts";
import { BadValue, parseValue } from "../../protocol/values.ts";
import { queueProtocol } from "../../queue/protocol/mod.ts";
import { type Flag, type Flags, UsageError } from "../flags.ts";

const { args, options } = queueProtocol.commands.PUT;

/** A flag for each option of PUT. The server has the defaults. */
export const jobFlags: Readonly<Record<string, Flag>> = Object.fromEntries(
  Object.entries(options).map(([name, field]): [string, Flag] => {
    const { type, default: usual, summary = "", values } = fieldSpec(field);
    const value = type === "integer" ? "N" : values?.join("|") ?? type.toUpperCase();
    const more = usual === undefined ? "" : ` Default ${usual}.`;
    return [name, { value, type: field, summary: summary + more }];
  }),
);

/** The queue and the options of PUT. Throws `UsageError`. */
export function readJobArgs(queue: string, flags: Flags): Record<string, unknown> {
  try {
    parseValue(queue, args.queue);
  } catch (error) {
    if (!(error instanceof BadValue)) throw error;
    throw new UsageError(`QUEUE must be ${error.message}.`);
  }
  const given = Object.keys(options).map((name) => [name, flags[name]]);
  return { queue, ...Object.fromEntries(given) };
}

/** The body as text, or the file that holds it. */
export type BodyInput = { readonly text: string } | { readonly path: string };

/** Where the body comes from; `word` is the argument after QUEUE. Throws `UsageError`. */
export function readBodyArg(
  word: string | undefined,
  { lines, id, verbatim, "id-from": idFrom, "from-line": fromLine }: Flags,
): BodyInput {
  const [text, ...more] = verbatim;
  const extra = word !== undefined ? text : more[0];
  if (extra !== undefined) throw new UsageError(`${extra} is one argument too many.`);
  if (lines && id !== undefined && idFrom === undefined) {
    throw new UsageError(
      "--id is the name of one job; with --lines, --id-from gives each its own.",
    );
  }
  if (!lines && idFrom !== undefined) throw new UsageError("--id-from needs --lines.");
  if (!lines && fromLine !== undefined) throw new UsageError("--from-line needs --lines.");
  if (text === undefined) {
    if (word === undefined || word === "-") return { path: "-" };
    if (/^@./.test(word)) return { path: word.slice(1) };
  }
  if (lines) throw new UsageError("--lines reads standard input or @FILE, not a BODY.");
  return { text: (text ?? word)! };
}
