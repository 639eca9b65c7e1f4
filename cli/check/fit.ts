// Whether the lines of an answer have the types that the protocol declares.

import type { Frame } from "../../dialects/lineup1/frame.ts";
import { Framer } from "../../dialects/lineup1/framer.ts";
import { readAnswer } from "../../dialects/lineup1/message.ts";
import type { CompiledCommand } from "../../protocol/compile.ts";
import { standardErrors } from "../../protocol/errors.ts";
import { show } from "../../protocol/printable.ts";
import type { Shape } from "../../protocol/shape.ts";
import { BadValue } from "../../protocol/values.ts";

/** The commands of a server by verb. */
export type CheckedCommands = ReadonlyMap<string, CompiledCommand>;

/** HELLO timing=on adds these to every final line. */
const TIMES = ["waited", "took"];

/**
 * The first difference between the lines of an answer and the types of their commands; `undefined` if there is none.
 * Lines whose request cannot be found are passed over, and so are all lines if a request is outside the grammar.
 */
export function misfit(
  frames: readonly Frame[],
  sent: Uint8Array,
  commands: CheckedCommands,
): string | undefined {
  const verbs = verbsOf(sent);
  if (verbs === undefined) return undefined;
  for (const frame of frames) {
    const { tag, head } = frame;
    if (head === "!") continue;
    const asked = verbs.get(tag);
    const command = commands.get(asked?.[0] ?? "");
    if (head !== "*") asked?.shift();
    const why = head === "ERR"
      ? misfitOfError(frame, command)
      : command && misfitOfLine(frame, command);
    if (why !== undefined) return why;
  }
  return undefined;
}

/** The number of requests, which are answered with as many final lines; `undefined` if one is outside the grammar. */
export function countRequests(sent: Uint8Array): number | undefined {
  const verbs = verbsOf(sent);
  return verbs && [...verbs.values()].flat().length;
}

/** The verbs of requests by their tags, in order; `undefined` if one of them is outside the grammar. */
function verbsOf(sent: Uint8Array): Map<string | undefined, string[]> | undefined {
  const framer = new Framer("request", { maxLine: sent.length + 1, maxBody: sent.length + 1 });
  const verbs = new Map<string | undefined, string[]>();
  framer.push(sent);
  for (let framed; (framed = framer.next()) !== undefined;) {
    if (framed.kind === "malformed") return undefined;
    if (framed.kind === "telnet") continue;
    const { tag, head } = framed;
    const same = verbs.get(tag);
    if (same === undefined) verbs.set(tag, [head]);
    else same.push(head);
  }
  return verbs;
}

function misfitOfError(
  { words: [code, message], options }: Frame,
  command: CompiledCommand | undefined,
): string | undefined {
  if (code === undefined || message === undefined) return "an ERR line has a code and a message";
  const known = command === undefined
    ? Object.hasOwn(standardErrors, code)
    : command.errors.has(code);
  if (!known) return `the code ${show(code)} is not declared for ${command?.verb ?? "any command"}`;
  const retry = options.get("retry");
  if (retry !== undefined && !/^[0-9]{1,15}$/.test(retry)) return "retry= must be milliseconds";
  const executed = options.get("executed");
  if (executed !== undefined && executed !== "no" && executed !== "maybe") {
    return "executed= must be no or maybe";
  }
  return undefined;
}

function misfitOfLine(frame: Frame, command: CompiledCommand): string | undefined {
  const { verb, reply, items, builtin } = command;
  const isItem = frame.head === "*";
  const where = `${isItem ? "an item" : "the reply"} of ${verb}`;
  try {
    readAnswer(command, frame);
  } catch (error) {
    if (!(error instanceof BadValue)) throw error;
    return `in ${where}, ${error.message}`;
  }
  // A later version of Lineup/1 may add to the built-in commands.
  return builtin ? undefined : undeclared(isItem ? items! : reply, frame, where);
}

/** A part of a line that its shape does not have. */
function undeclared(
  { positional, named, body }: Shape,
  frame: Frame,
  where: string,
): string | undefined {
  for (const name of frame.options.keys()) {
    if (!named.has(name) && !TIMES.includes(name)) return `SPEC has no ${name}= in ${where}`;
  }
  if (frame.words.length > positional.length && !positional.at(-1)?.many) {
    return `SPEC has no word ${show(frame.words[positional.length])} in ${where}`;
  }
  return frame.body !== undefined && body === undefined
    ? `SPEC has no body in ${where}`
    : undefined;
}
