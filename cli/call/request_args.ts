// A request from the words of a command line.

import type { Outgoing } from "../../client/mod.ts";
import type { CompiledCommand } from "../../protocol/compile.ts";
import { isOptional } from "../../protocol/fields.ts";
import { isOptionName, isVerb } from "../../protocol/names.ts";
import { formatWord } from "../../protocol/quoting.ts";
import { formatValue } from "../../protocol/values.ts";
import { needNoToken } from "../credentials.ts";
import { type Flags, UsageError } from "../flags.ts";
import { inputPieces } from "../input.ts";
import { reason } from "../reason.ts";

/** A request as the command line gives it. */
export interface RequestArgs {
  readonly verb: string;
  readonly words: readonly string[];
  /** Words after `--`: arguments, whatever they look like. */
  readonly verbatim: readonly string[];
  readonly options: ReadonlyMap<string, string>;
  /** The body of a flag: its text, or the file that holds it. */
  readonly body: BodyArg | undefined;
}

type BodyArg = { readonly text: string } | { readonly file: string };

/** Reads the words after ADDRESS. Throws `UsageError`. */
export function readRequestArgs([word, ...rest]: readonly string[], flags: Flags): RequestArgs {
  const verb = word.toUpperCase();
  if (!isVerb(verb)) {
    throw new UsageError(`${word} is not a verb: a letter, then letters, digits, "-".`);
  }
  needNoToken(verb);
  const { verbatim, timeout, body, "body-file": file } = flags;
  if (body !== undefined && file !== undefined) {
    throw new UsageError("--body and --body-file exclude each other.");
  }
  const options = new Map<string, string>();
  if (timeout !== undefined) options.set("within", formatValue(timeout, { type: "duration" }));
  const words: string[] = [];
  for (const word of rest) {
    const equals = word.indexOf("=");
    const name = word.slice(0, equals);
    if (equals > 0 && isOptionName(name)) options.set(name, word.slice(equals + 1));
    else words.push(word);
  }
  return {
    verb,
    words,
    verbatim,
    options,
    body: body !== undefined ? { text: body } : file !== undefined ? { file } : undefined,
  };
}

/** Whether the SPEC must tell if the last word or standard input is the body. */
export function needsSpec({ words, body }: RequestArgs): boolean {
  return body === undefined && (words.at(-1)?.startsWith("@") || !Deno.stdin.isTerminal());
}

/** The request to send, with its body. `command` is that of the SPEC, if it is known. Rejects with `UsageError`. */
export async function toOutgoing(
  args: RequestArgs,
  command: CompiledCommand | undefined,
): Promise<Outgoing> {
  const { verb, verbatim, options } = args;
  const { words, body } = command === undefined ? args : withBody(args, command);
  const text = [...words, ...verbatim].map((word) => " " + quoted(word)).join("") +
    [...options].map(([name, value]) => ` ${name}=${quoted(value)}`).join("");
  return { head: verb, text, body: body === undefined ? undefined : await readBody(body) };
}

/**
 * The words and the body of a request whose command is known. A last word `@FILE` is the body's file. A body that must
 * be there and is not comes from standard input, unless that is a terminal.
 */
function withBody(
  { words, verbatim, body }: RequestArgs,
  { request }: CompiledCommand,
): Pick<RequestArgs, "words" | "body"> {
  if (request.body === undefined || body !== undefined) return { words, body };
  const last = verbatim.length === 0 ? words.at(-1) : undefined;
  if (last !== undefined && /^@./.test(last)) {
    return { words: words.slice(0, -1), body: { file: last.slice(1) } };
  }
  const count = words.length + verbatim.length;
  const isInline = request.inlineBody && count > request.positional.length;
  const isMissing = !isOptional(request.body) && !isInline && count >= request.required;
  return { words, body: isMissing && !Deno.stdin.isTerminal() ? { file: "-" } : undefined };
}

/** A word as the wire needs it. Throws `UsageError`. */
function quoted(text: string): string {
  try {
    return formatWord(text);
  } catch (error) {
    throw new UsageError(`${JSON.stringify(text)} cannot be sent: ${(error as Error).message}.`);
  }
}

async function readBody(body: BodyArg): Promise<Uint8Array> {
  if ("text" in body) return new TextEncoder().encode(body.text);
  if (body.file === "-") {
    return new Uint8Array(await new Response(ReadableStream.from(inputPieces())).arrayBuffer());
  }
  try {
    return await Deno.readFile(body.file);
  } catch (error) {
    throw new UsageError(`The body cannot be read from ${body.file}: ${reason(error)}.`);
  }
}
