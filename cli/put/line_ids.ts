// The ids of jobs that are lines of an input, so that a second run puts no line twice.

import { createHash } from "node:crypto";
import { Refusal } from "../../client/mod.ts";
import { decodeText } from "../../protocol/strings.ts";
import { BadValue, parseValue } from "../../protocol/values.ts";
import { queueProtocol } from "../../queue/protocol/mod.ts";
import { UsageError } from "../flags.ts";
import type { JobInput } from "./putter.ts";

const { id: ID } = queueProtocol.commands.PUT.options;
const TAB = 9;
/** The bytes of a hash in an id: two lines that differ do not get the same one by chance. */
const HASH_BYTES = 16;

/** The job of a line, with its id. Throws a `Refusal` for a line that holds none. */
export type LineReader = (line: Uint8Array, number: number) => JobInput;

/** Reads --id-from. `prefix` is the value of --id. Throws `UsageError`. */
export function lineReader(how: string | undefined, prefix: string | undefined): LineReader {
  if (how === undefined) return (body) => ({ body });
  if (how === "number") {
    if (prefix === undefined) {
      throw new UsageError("--id-from number needs --id, a name for the input.");
    }
    return (body, number) => ({ body, id: checked(`${prefix}-${number}`) });
  }
  if (prefix !== undefined) throw new UsageError("--id has an effect only with --id-from number.");
  if (how === "body") return (body) => ({ body, id: hash(body) });
  if (how === "tab") return beforeTab;
  const path = /^(?:\.[^.\s]+)+$/.test(how) ? how.slice(1).split(".") : undefined;
  if (path === undefined) {
    throw new UsageError(`--id-from must be number, body, tab or .FIELD, not ${how}.`);
  }
  return (body) => ({ body, id: checked(fieldOf(body, path)) });
}

function hash(body: Uint8Array): string {
  return createHash("sha256").update(body).digest().subarray(0, HASH_BYTES).toString("hex");
}

function beforeTab(line: Uint8Array): JobInput {
  const at = line.indexOf(TAB);
  if (at === -1) throw refusal("The line has no tab behind its id.");
  return { id: checked(textOf(line.subarray(0, at))), body: line.subarray(at + 1) };
}

/** The value of a field of a JSON object, as text. */
function fieldOf(line: Uint8Array, path: readonly string[]): string {
  let value: unknown;
  try {
    value = JSON.parse(textOf(line));
  } catch (error) {
    if (error instanceof Refusal) throw error;
    throw refusal("The line is not JSON.");
  }
  for (const name of path) {
    const isObject = typeof value === "object" && value !== null;
    value = isObject && Object.hasOwn(value as object, name)
      ? (value as Record<string, unknown>)[name]
      : undefined;
  }
  if (typeof value === "string" || typeof value === "number") return String(value);
  throw refusal(`The line has no text and no number .${path.join(".")}.`);
}

function textOf(bytes: Uint8Array): string {
  try {
    return decodeText(bytes);
  } catch {
    throw refusal("The line is not UTF-8.");
  }
}

function checked(id: string): string {
  try {
    return parseValue(id, ID) as string;
  } catch (error) {
    if (!(error instanceof BadValue)) throw error;
    throw refusal(`Its id must be ${error.message}.`);
  }
}

function refusal(message: string): Refusal {
  return new Refusal("bad-arguments", message);
}
