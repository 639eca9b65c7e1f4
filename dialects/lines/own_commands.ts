// The commands that a line dialect has by itself.

import type { Fields } from "../../protocol/spec.ts";
import { need } from "../../protocol/spec_error.ts";
import { usageLine } from "../../protocol/usage.ts";
import type { Builtin, DialectSession } from "../dialect.ts";
import type { LineForms } from "./forms.ts";
import { type FullSpec, OWN_COMMANDS } from "./read_spec.ts";
import type { LineSession } from "./session.ts";
import type { VerbReader } from "./verbs.ts";

const ANY_WORDS: Fields = { words: { type: "text", many: true, optional: true } };

/** The commands that the server answers itself. */
export function ownCommands(
  spec: FullSpec,
  forms: LineForms,
  verbs: VerbReader,
): Readonly<Record<string, Builtin>> {
  const make: Record<typeof OWN_COMMANDS[number], (verb: string) => Builtin> = {
    fixed(verb) {
      const [line] = spec.fixed[verb].split("\n");
      return { command: { summary: `Answer "${line}".`, args: ANY_WORDS }, run() {} };
    },
    quit: () => ({
      command: { summary: "End the connection." },
      control: true,
      run: async (_args, context) => {
        await context.quit();
      },
    }),
    status(verb) {
      const names = [...new Set(forms.fieldsOf(verb))];
      const reply: Fields = Object.fromEntries(names.map((name) => [name, "text"] as const));
      return {
        command: { summary: "Tell figures of the server.", reply },
        run(_args, context) {
          const figures = new Map(context.figures());
          return Object.fromEntries(names.map((name) => [name, figureOf(figures, name)]));
        },
      };
    },
    help: () => ({
      command: { summary: "List all commands.", args: ANY_WORDS, reply: { text: "text" } },
      run: (_args, _context, session) => ({ text: helpOf(session, verbs) }),
    }),
  };
  const all = new Map<string, Builtin>();
  for (const kind of OWN_COMMANDS) {
    for (const verb of Object.keys(spec[kind])) {
      need(!all.has(verb), `${kind}.${verb}`, "is there already");
      all.set(verb, make[kind](verb));
    }
  }
  return Object.fromEntries(all);
}

function figureOf(figures: ReadonlyMap<string, string | number>, name: string): string {
  if (name === "text") return [...figures].map((figure) => figure.join(" ")).join("\n");
  const figure = figures.get(name);
  if (figure === undefined) throw new Error(`STATS has no figure ${name}`);
  return String(figure);
}

function alsoOf(aliases: readonly string[]): string {
  return aliases.length === 0 ? "" : ` Also: ${aliases.join(", ")}.`;
}

/** A line for each command. */
function helpOf(session: DialectSession, verbs: VerbReader): string {
  const { compiled: { commands } } = (session as LineSession).served;
  const all = [...commands.values()];
  const ordered = [
    ...all.filter(({ builtin }) => !builtin),
    ...all.filter(({ builtin }) => builtin),
  ];
  const usages = ordered.map((command) => ({
    usage: usageLine({ ...command, verb: verbs.written(command.verb) }),
    summary: command.command.summary + alsoOf(verbs.aliasesOf(command.verb)),
  }));
  const width = Math.max(...usages.map(({ usage }) => usage.length));
  return usages.map(({ usage, summary }) => `${usage.padEnd(width)}  ${summary}`).join("\n");
}
