// Makes a dialect of data.

import {
  type CompiledCommand,
  type CompiledProtocol,
  compileProtocol,
} from "../../protocol/compile.ts";
import type { Protocol } from "../../protocol/spec.ts";
import { isRecord, need } from "../../protocol/spec_error.ts";
import { encodeText } from "../../protocol/strings.ts";
import { type Dialect, PLAIN_WORDING } from "../dialect.ts";
import { AnswerWriter } from "./answers.ts";
import { LineForms } from "./forms.ts";
import { ownCommands } from "./own_commands.ts";
import { type FullSpec, OWN_COMMANDS, readSpec } from "./read_spec.ts";
import { LineSession } from "./session.ts";
import type { LineDialectSpec } from "./spec.ts";
import { VerbReader } from "./verbs.ts";

/**
 * A dialect from data, for protocols of lines: a word, its arguments, a reply of one line or several. Throws `SpecError`
 * with the path of the wrong part. The `compile` of the dialect also throws it for a protocol that does not fit.
 *
 * @example
 * ```ts
 * import { lineDialect } from "@lineup/lineup/dialects";
 * import { serve } from "@lineup/lineup/server";
 * import type { Protocol } from "@lineup/lineup/protocol";
 * import { assertEquals } from "@std/assert";
 *
 * const calc = {
 *   name: "calc",
 *   version: "1.0",
 *   summary: "A calculator.",
 *   commands: {
 *     ADD: { summary: "Add.", args: { a: "number", b: "number" }, reply: { sum: "number" } },
 *   },
 * } as const satisfies Protocol;
 *
 * const dialect = lineDialect({
 *   name: "calc/1",
 *   greeting: "220 {summary}",
 *   reply: "250 {text}",
 *   error: "550 {text}",
 *   multiline: "smtp",
 *   quit: { QUIT: "221 bye" },
 * });
 *
 * await using server = await serve(calc, { ADD: ({ a, b }) => ({ sum: a + b }) }, { dialect, port: 0 });
 * const { hostname, port } = new URL(server.address.replace("tcp:", "http:"));
 * using client = await Deno.connect({ hostname, port: Number(port) });
 * await client.write(new TextEncoder().encode("add 1 2\r\nquit\r\n"));
 * assertEquals(await new Response(client.readable).text(), "220 A calculator.\r\n250 3\r\n221 bye\r\n");
 * ```
 */
export function lineDialect(spec: LineDialectSpec): Dialect {
  const full = readSpec(spec);
  const forms = new LineForms(full);
  const verbs = new VerbReader(full.verbs, full.aliases, full.verbless);
  const writer = new AnswerWriter(full);
  const rules = { spec: full, forms, verbs, writer };
  const builtins = ownCommands(full, forms, verbs);
  const reserved = Object.entries(builtins).map(([verb, { command }]) => [verb, command]);
  return {
    name: full.name,
    about: full.about,
    builtins,
    wording: {
      ...PLAIN_WORDING,
      // Empty lines count as unknown commands: many of them end the connection.
      unknownCommand: (verb, request) =>
        verb === "" ? "A line begins with a command." : PLAIN_WORDING.unknownCommand(verb, request),
    },
    compile(protocol: Protocol): CompiledProtocol {
      needFreeVerbs(full, protocol);
      const compiled = compileProtocol(protocol, { builtins: Object.fromEntries(reserved) });
      const commands = [...compiled.commands].map(([verb, command]) =>
        [verb, withoutOptions(command)] as const
      );
      const fitting = { protocol, commands: new Map(commands) };
      forms.check(fitting);
      verbs.check(fitting);
      return fitting;
    },
    checkFigures: (figures) => forms.checkFigures(figures),
    open: (_peer, served) => new LineSession(served, rules),
    refuseConnection: ({ code, message }) => encodeText(forms.failure(code, message) + full.eol),
  };
}

/** Throws `SpecError` where the dialect has a command by itself that the protocol has too. */
function needFreeVerbs(spec: FullSpec, protocol: Protocol): void {
  // A protocol that is none is told by compileProtocol.
  const commands = isRecord(protocol) && isRecord(protocol.commands) ? protocol.commands : {};
  for (const kind of OWN_COMMANDS) {
    for (const verb of Object.keys(spec[kind])) {
      const isFree = !Object.hasOwn(commands, verb);
      need(isFree, `${kind}.${verb}`, "is a command of the protocol; choose another verb");
    }
  }
}

/** A command without the options that no line can give. Throws `SpecError` where it needs one. */
function withoutOptions(command: CompiledCommand): CompiledCommand {
  const { verb, request } = command;
  const [needed] = request.needed;
  need(
    needed === undefined,
    `commands.${verb}.options.${needed?.name}`,
    "a line has no options: make it an argument, or let it be left out",
  );
  need(
    request.body === undefined || request.inlineBody,
    `commands.${verb}.args.body`,
    "a line has no body: the arguments before it must be required, and each a single one",
  );
  return { ...command, request: { ...request, named: new Map() } };
}
