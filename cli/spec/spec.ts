// `lineup spec`: prints a protocol's reference or its types.

import { compile } from "../../dialects/lineup1/compile.ts";
import type { CompiledProtocol } from "../../protocol/compile.ts";
import { specDocument } from "../../protocol/document.ts";
import { markdown } from "../../protocol/reference.ts";
import { typesModule } from "../../protocol/types_module.ts";
import { destination } from "../destination.ts";
import { dialFlags } from "../dial.ts";
import type { Flags, Subcommand } from "../flags.ts";
import { print } from "../output.ts";
import { remoteSpec } from "../remote_spec.ts";
import { importService, isModule, needModuleOrAddress, protocolOf } from "../service_module.ts";

const formats = {
  json: (compiled: CompiledProtocol): string => JSON.stringify(specDocument(compiled), null, 2),
  markdown: (compiled: CompiledProtocol): string => markdown(compiled).trimEnd(),
  types: (compiled: CompiledProtocol): string => typesModule(compiled).trimEnd(),
};

/** `lineup spec`. */
export const spec: Subcommand = {
  summary: "Print a protocol's reference or its types, from a server or a module.",
  args: "",
  count: [0, 0],
  address: "ADDRESS|MODULE",
  flags: {
    ...dialFlags,
    format: {
      value: "FORMAT",
      type: { type: "enum", values: Object.keys(formats) },
      summary: "json, markdown, or types: a TypeScript module with a constant for connect().",
      default: "markdown",
    },
  },
  examples: [
    "spec | less",
    "spec --format types 127.0.0.1:5463 > queue_protocol.ts",
    "spec --format json ./my_service.ts",
  ],
  exits: [
    [0, "Printed."],
    [1, "The module cannot be imported."],
    [2, "There is no connection."],
    [141, "Standard output is closed."],
  ],
  async run(_args, flags) {
    const word: string | undefined = flags.address;
    needModuleOrAddress(word);
    const compiled = word !== undefined && isModule(word)
      ? compile(protocolOf(await importService(word)))
      : await compiledOf(flags);
    print(formats[flags.format as keyof typeof formats](compiled) + "\n");
    return 0;
  },
};

/** The protocol of a server. */
async function compiledOf(flags: Flags): Promise<CompiledProtocol> {
  const { address, dial } = destination(flags);
  return (await remoteSpec(address, dial)).compiled!;
}
