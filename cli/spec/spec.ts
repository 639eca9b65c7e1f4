// `lineup spec`: prints a protocol's reference or its types.

import { compile } from "../../dialects/lineup1/compile.ts";
import type { CompiledProtocol } from "../../protocol/compile.ts";
import { specDocument } from "../../protocol/document.ts";
import { markdown } from "../../protocol/reference.ts";
import { typesModule } from "../../protocol/types_module.ts";
import { dialer, dialFlags, readAuthority } from "../dial.ts";
import type { Subcommand } from "../flags.ts";
import { print } from "../output.ts";
import { remoteSpec } from "../remote_spec.ts";
import { importService, isModule } from "../service_module.ts";

const formats = {
  json: (compiled: CompiledProtocol): string => JSON.stringify(specDocument(compiled), null, 2),
  markdown: (compiled: CompiledProtocol): string => markdown(compiled).trimEnd(),
  types: (compiled: CompiledProtocol): string => typesModule(compiled).trimEnd(),
};

/** `lineup spec`. */
export const spec: Subcommand = {
  summary: "Print a protocol's reference or its types, from a server or a module.",
  args: "ADDRESS|MODULE",
  count: [1, 1],
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
    "spec 127.0.0.1:5463 | less",
    "spec --format types 127.0.0.1:5463 > queue_protocol.ts",
    "spec --format json ./my_service.ts",
  ],
  more: "Exit code: 0; 2 without a connection; 141 if standard output is closed.",
  async run([word], flags) {
    const compiled = isModule(word)
      ? compile((await importService(word)).protocol)
      : (await remoteSpec(word, dialer(readAuthority(flags)))).compiled!;
    print(formats[flags.format as keyof typeof formats](compiled) + "\n");
    return 0;
  },
};
