// How a command is called, in one line.

import type { CompiledCommand } from "./compile.ts";
import { isOptional } from "./fields.ts";
import { commonOptions } from "./spec.ts";

/**
 * The usage of a command: `PUT queue body [key=] [delay=]`.
 *
 * @example
 * ```ts
 * import { compile, usageLine } from "@lineup/lineup/protocol";
 * import { assertEquals } from "@std/assert";
 *
 * const calc = compile({
 *   name: "calc",
 *   version: "1.0",
 *   summary: "Adds.",
 *   commands: {
 *     ADD: { summary: "Add.", args: { a: "integer", b: "integer?" }, reply: { sum: "integer" } },
 *   },
 * });
 * assertEquals(usageLine(calc.commands.get("ADD")!), "ADD a [b]");
 * ```
 */
export function usageLine({ verb, request }: CompiledCommand): string {
  let line = verb;
  for (const arg of request.positional) {
    const name = arg.many ? `${arg.name}...` : arg.name;
    line += isOptional(arg) ? ` [${name}]` : ` ${name}`;
  }
  if (request.body !== undefined) {
    const name = request.inlineBody ? request.body.name : "{n}";
    line += isOptional(request.body) ? ` [${name}]` : ` ${name}`;
  }
  for (const [name, option] of request.named) {
    if (Object.hasOwn(commonOptions, name)) continue;
    line += isOptional(option) ? ` [${name}=]` : ` ${name}=`;
  }
  return line;
}
