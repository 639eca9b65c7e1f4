// A protocol as a TypeScript module, for a client of a server whose protocol is known from SPEC only.

import type { CompiledCommand, CompiledProtocol } from "./compile.ts";
import { specDocument } from "./document.ts";
import { printable } from "./printable.ts";
import type { Protocol } from "./spec.ts";

/**
 * The text of a module that exports the protocol as a constant, from which `connect` infers its calls, and the types of
 * each command's arguments, items and reply. It has no schemas: SPEC does not send them.
 *
 * @example
 * ```ts
 * import { compile, typesModule } from "@lineup/lineup/protocol";
 * import { assertStringIncludes } from "@std/assert";
 *
 * const text = typesModule(compile({
 *   name: "calc",
 *   version: "1.0",
 *   summary: "A calculator on a line.",
 *   commands: { ADD: { summary: "Add.", args: { a: "number", b: "number" }, reply: { sum: "number" } } },
 * }));
 * assertStringIncludes(text, "export const calcProtocol = {");
 * assertStringIncludes(text, "export type AddReply =");
 * ```
 */
export function typesModule(compiled: CompiledProtocol): string {
  const { protocol } = specDocument(compiled);
  const own = [...compiled.commands.values()].filter(({ builtin }) => !builtin);
  const constant = `${camel(protocol.name)}Protocol`;
  // A verb such as GIVEN would make the name of an imported type.
  const taken = new Set(helpers.map((name) => name.replace(/(Args|Item|Reply)$/, "")));
  const types = own.flatMap((command) => typesOf(command, constant, taken));
  const used = [
    "Protocol",
    ...helpers.filter((name) => types.some((type) => type.includes(`${name}<`))),
  ];
  const blocks = [
    [
      `// ${protocol.name} ${protocol.version}, from its SPEC, by lineup spec.`,
      "//",
      '//     import { connect } from "@lineup/lineup/client";',
      `//     await using client = await connect(${constant}, "tcp://...");`,
    ].join("\n"),
    `import type { ${used.sort().join(", ")} } from "@lineup/lineup/protocol";`,
    `${comment(`${protocol.name}: ${protocol.summary}`)}\nexport const ${constant} = ${
      literal(protocol)
    } as const satisfies Protocol;`,
    `export default ${constant};`,
    ...types,
  ];
  return blocks.join("\n\n") + "\n";
}

const helpers = ["GivenArgs", "ReceivedItem", "ReceivedReply"];

function typesOf({ verb, items }: CompiledCommand, constant: string, taken: Set<string>): string[] {
  // Two verbs may read the same without their hyphens.
  let name: string = pascal(verb);
  while (taken.has(name)) name += "_";
  taken.add(name);
  const command = `(typeof ${constant})["commands"][${JSON.stringify(verb)}]`;
  const type = (what: string, suffix: string, helper: string): string =>
    `/** ${what} */\nexport type ${name}${suffix} = ${helper}<${command}>;`;
  return [
    type(`What a call of ${verb} takes.`, "Args", "GivenArgs"),
    ...(items === undefined ? [] : [type(`An item of ${verb}.`, "Item", "ReceivedItem")]),
    type(`What ${verb} answers.`, "Reply", "ReceivedReply"),
  ];
}

// A foreign text must not end the comment, and never begins it: TypeScript obeys comments that begin with an @, such as the
// directive to expect an error.
function comment(text: string): string {
  return `/** ${printable(text.replaceAll("*/", "*\\/").replace(/[\n\r\u2028\u2029]+/g, " "))} */`;
}

/** A text as JSON, with escapes for invisible characters: code must mean what it shows. */
function literal(protocol: Protocol): string {
  return JSON.stringify(protocol, null, 2).replace(
    /(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu,
    (character) =>
      character.split("").map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)
        .join(""),
  );
}

function pascal(text: string): string {
  return text.toLowerCase().split("-").map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join("");
}

function camel(text: string): string {
  const all = pascal(text);
  return all.charAt(0).toLowerCase() + all.slice(1);
}
