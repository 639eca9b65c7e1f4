// The table of the options of `lineup queue` and `lineup serve` for docs/OPERATIONS.md, made from the flags.

import { describe } from "../../protocol/describe.ts";
import type { Flag, Subcommand } from "../flags.ts";
import { writtenDuration, writtenSize } from "../written.ts";
import { memberOf, optionsOf, variableOf } from "./names.ts";

/** The table, as Markdown. `commands` have names. */
export function optionsTable(commands: Readonly<Record<string, Subcommand>>): string {
  const all = new Map<string, { spec: Flag; of: string[] }>();
  for (const [name, command] of Object.entries(commands)) {
    for (const [flag, spec] of Object.entries(optionsOf(command))) {
      if (flag === "config") continue;
      const row = all.get(flag) ?? { spec, of: [] };
      row.of.push(name);
      all.set(flag, row);
    }
  }
  const count = Object.keys(commands).length;
  const rows = [...all].map(([flag, { spec, spec: { usual = spec.default }, of }]) => [
    `\`${memberOf(flag)}\``,
    `\`${variableOf(flag)}\``,
    valueOf(spec),
    usual === undefined ? "" : `\`${usual}\``,
    spec.live ? "at SIGHUP" : "restart",
    `${of.length < count ? `(${of.join(", ")}) ` : ""}${spec.summary}`,
  ]);
  const head = ["option", "variable", "value", "default", "change", "meaning"];
  return [head, head.map(() => "---"), ...rows]
    .map((cells) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`)
    .join("\n");
}

/** The values of an option, in a few words. */
function valueOf({ value, type = { type: "text" }, list }: Flag): string {
  if (value === undefined) return "true or false";
  if (list) return "a text or an array of texts";
  const { type: kind, min = 0, max } = type;
  if (value === "FILE") return "a path";
  if (kind !== "duration" && kind !== "size") return describe(type);
  const write = kind === "duration" ? writtenDuration : writtenSize;
  return `a ${kind}, ${max === undefined ? "at least " : ""}${write(min)}${
    max === undefined ? "" : ` to ${write(max)}`
  }`;
}
