// A protocol as Lineup/1 carries it.

import { type CompiledProtocol, compileProtocol } from "../../protocol/compile.ts";
import type { Protocol } from "../../protocol/spec.ts";
import { builtin } from "./builtin_protocol.ts";

const REPLY = "a reply begins with this word; choose another verb";
const TIMING = "timing=on adds this name to every reply; choose another";

const RESERVED = {
  builtins: builtin.commands,
  verbs: { OK: REPLY, ERR: REPLY },
  replyFields: { waited: TIMING, took: TIMING },
};

/**
 * Checks a protocol and makes it ready. Throws `SpecError` with the path of what is wrong.
 *
 * @example
 * ```ts
 * import { compile, SpecError } from "@lineup/lineup/protocol";
 * import { assertThrows } from "@std/assert";
 *
 * assertThrows(
 *   () => compile({ name: "calc", version: "1.0", summary: "Adds.", commands: { add: { summary: "Add." } } }),
 *   SpecError,
 *   "commands.add: a verb is",
 * );
 * ```
 */
export function compile(protocol: Protocol): CompiledProtocol {
  return compileProtocol(protocol, RESERVED);
}
