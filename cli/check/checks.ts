// The cases that a server must pass: those of conformance, and the examples of its own SPEC.

import {
  caseBytes,
  type CaseSubject,
  type ConformanceCase,
  conformanceCases,
  type ConformanceLevel,
} from "../../dialects/lineup1/conformance/mod.ts";
import type { Example, Protocol } from "../../protocol/spec.ts";
import { encodeText } from "../../protocol/strings.ts";
import type { Cutting, Expected } from "./exchange.ts";

/** One case. */
export interface CheckCase {
  readonly name: string;
  readonly level: ConformanceLevel | "examples";
  /** The bytes to send; `undefined` for a server that lacks something that the case needs. */
  readonly toBytes: (subject: CaseSubject) => Uint8Array | undefined;
  readonly expected: Expected;
  readonly cutting: Cutting;
}

/** An example of a protocol as a case. */
export interface ExampleCase extends CheckCase {
  readonly verb: string;
  readonly example: Example;
}

const CUTTINGS: readonly Cutting[] = ["whole", "byte by byte"];

const SLOWLY = " (byte by byte)";

/** The name of a case that is sent in one piece, for the name of one that may not be. */
export function inOnePiece(name: string): string {
  return name.endsWith(SLOWLY) ? name.slice(0, -SLOWLY.length) : name;
}

/** The cases of conformance, each sent in one piece and byte by byte. */
export const conformanceChecks: readonly CheckCase[] = CUTTINGS.flatMap((cutting) =>
  conformanceCases.map((each) => fromCase(each, cutting))
);

function fromCase(
  { name, level, send, ...expected }: ConformanceCase,
  cutting: Cutting,
): CheckCase {
  return {
    name: cutting === "whole" ? name : name + SLOWLY,
    level,
    toBytes: (subject) => caseBytes(send, subject),
    expected,
    cutting,
  };
}

/** The examples of a protocol, in its order. */
export function exampleChecks({ commands }: Protocol): ExampleCase[] {
  return Object.entries(commands).flatMap(([verb, { examples = [] }]) =>
    examples.map((example): ExampleCase => ({
      name: `example of ${verb}: ${example.request.split("\n")[0]}`,
      level: "examples",
      toBytes: () => encodeText(example.request + "\n"),
      expected: { expect: example.reply },
      cutting: "whole",
      verb,
      example,
    }))
  );
}
