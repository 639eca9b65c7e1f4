// The examples of a server's SPEC: what they will do, one after another, and what undoes them.

import type { Frame } from "../../dialects/lineup1/frame.ts";
import type { CompiledProtocol } from "../../protocol/compile.ts";
import { formatWord } from "../../protocol/quoting.ts";
import { encodeText } from "../../protocol/strings.ts";
import { type ExampleCase, exampleChecks } from "./checks.ts";
import type { Exchange, ExchangeResult } from "./exchange.ts";

/** The most examples of a server that are run. */
export const MOST_EXAMPLES = 1000;

/** The chosen examples of a protocol, and how many were left out because there are too many. */
export function chooseExamples(
  { protocol }: CompiledProtocol,
  only: string,
): { examples: ExampleCase[]; leftOut: number } {
  const all = exampleChecks(protocol).filter(({ name }) => name.includes(only));
  return {
    examples: all.slice(0, MOST_EXAMPLES),
    leftOut: Math.max(0, all.length - MOST_EXAMPLES),
  };
}

/** Sentences about what some examples will do to a server. */
export function plan(examples: readonly ExampleCase[], server: string): string {
  const verbs = new Map<string, number>();
  for (const { verb } of examples) verbs.set(verb, (verbs.get(verb) ?? 0) + 1);
  const list = [...verbs].map(([verb, times]) => times === 1 ? verb : `${verb} (${times})`);
  const undone = examples.filter(({ example }) => example.undo !== undefined).length;
  return `The examples of its SPEC send ${count(examples.length, "request")} to ${server}: ` +
    `${list.join(", ")}. They may change its data. ` +
    (undone === 0
      ? "SPEC has nothing to undo them."
      : `At the end ${count(undone, "request")} of SPEC undo them.`);
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}

/**
 * Runs examples in order. With `stops`, the first failure ends them, because later ones may build on it: on a server in
 * use they could meet data that is not theirs. Then sends what undoes those that were run, the last first. Returns how
 * many were not run.
 */
export async function runExamples(
  examples: readonly ExampleCase[],
  run: (each: ExampleCase) => Promise<ExchangeResult>,
  send: (exchange: Exchange) => Promise<unknown>,
  stops: boolean,
): Promise<number> {
  const undo: string[] = [];
  let done = 0;
  for (const each of examples) {
    const { why, last } = await run(each);
    done++;
    const request = last && undoing(each, last);
    if (request !== undefined) undo.push(request);
    if (why !== undefined && stops) break;
  }
  for (const request of undo.reverse()) {
    await send({
      toBytes: () => encodeText(request + "\n"),
      expected: { expect: "…" },
      cutting: "whole",
    });
  }
  return examples.length - done;
}

/** The request that undoes an example with this reply; `undefined` if there is nothing to undo. */
function undoing({ example: { undo } }: ExampleCase, { head, options }: Frame): string | undefined {
  if (undo === undefined || head !== "OK") return undefined;
  let isWhole = true;
  const request = undo.replace(/\$([a-z][a-z0-9-]*)/g, (_, name) => {
    const value = options.get(name);
    isWhole &&= value !== undefined;
    return formatWord(value ?? "");
  });
  return isWhole ? request : undefined;
}
