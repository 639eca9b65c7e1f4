// The line of a command: its verb, its arguments, and the length of its body.

import type { Values } from "../../protocol/shape.ts";
import { decodeText } from "../../protocol/strings.ts";
import { beanstalkdProtocol } from "./protocol.ts";
import { isTubeName } from "./tube_names.ts";

const SPACE = 0x20, ZERO = 0x30, NINE = 0x39;

/** An argument of a command. */
interface Argument {
  readonly name: string;
  /** The highest number; `undefined` for the name of a tube. */
  readonly most: number | undefined;
}

/** A command as it is written. */
export interface CommandSyntax {
  /** Its verb in the protocol. */
  readonly verb: string;
  readonly args: readonly Argument[];
  /** Whether a length and a body follow. */
  readonly hasBody: boolean;
}

/** The highest number of 64 bits, as doubles round it: no job has one as high. */
const MOST_64 = 2 ** 64 + 4096;
/** The length of a body, behind the arguments. */
const LENGTH: Argument = { name: "length", most: 2 ** 32 - 1 };

/** The commands by the words that name them on the wire. */
export const syntax: ReadonlyMap<string, CommandSyntax> = new Map([
  ...Object.entries(beanstalkdProtocol.commands).map(([verb, command]) => {
    const fields = "args" in command ? Object.entries(command.args) : [];
    const args = fields.filter(([name]) => name !== "body").map(([name, field]): Argument => ({
      name,
      most: field.type === "word" ? undefined : "max" in field ? field.max : MOST_64,
    }));
    const hasBody = args.length < fields.length;
    return [verb.toLowerCase(), {
      verb,
      args: hasBody ? [...args, LENGTH] : args,
      hasBody,
    }] as const;
  }),
  ["quit", { verb: "QUIT", args: [], hasBody: false }],
]);

/** The command that a line names, by its whole first word; `undefined` for none. */
export function commandOf(
  bytes: Uint8Array,
  start: number,
  end: number,
): CommandSyntax | undefined {
  const stop = wordEnd(bytes, start, end);
  // No command is longer. The bytes of other words may be no text.
  if (stop - start > 24) return undefined;
  for (let i = start; i < stop; i++) if (bytes[i] > 0x7f) return undefined;
  return syntax.get(decodeText(bytes, start, stop));
}

/** The arguments of a line; `undefined` if one is wrong, missing, or one too many. */
export function readArguments(
  { verb, args }: CommandSyntax,
  bytes: Uint8Array,
  start: number,
  end: number,
): Values | undefined {
  let at = start + verb.length;
  const values: Values = {};
  for (const { name, most } of args) {
    if (at === end || bytes[at] !== SPACE) return undefined;
    at++;
    if (most === undefined) {
      const stop = wordEnd(bytes, at, end);
      if (!isTubeName(bytes, at, stop)) return undefined;
      values[name] = decodeText(bytes, at, stop);
      at = stop;
      continue;
    }
    // beanstalkd takes further spaces before numbers.
    while (at < end && bytes[at] === SPACE) at++;
    const first = at;
    let value = 0;
    for (let byte; at < end && (byte = bytes[at]) >= ZERO && byte <= NINE; at++) {
      value = value * 10 + byte - ZERO;
    }
    if (at === first || value > most) return undefined;
    values[name] = value;
  }
  return at === end ? values : undefined;
}

/** The length of the body behind the line of a put whose arguments are wrong; `undefined` if it tells none. */
export function lengthBehind(bytes: Uint8Array, start: number, end: number): number | undefined {
  const words = new TextDecoder().decode(bytes.subarray(start, end)).split(" ").filter(Boolean);
  const length = words[4];
  return length !== undefined && /^[0-9]{1,10}$/.test(length) ? Number(length) : undefined;
}

function wordEnd(bytes: Uint8Array, at: number, end: number): number {
  while (at < end && bytes[at] !== SPACE) at++;
  return at;
}
