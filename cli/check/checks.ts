// The cases that a server must pass: those of conformance, and the examples of its own SPEC.

import {
  caseBytes,
  type ConformanceCase,
  conformanceCases,
} from "../../dialects/lineup1/conformance/mod.ts";
import type { Protocol } from "../../protocol/spec.ts";
import { encodeText } from "../../protocol/strings.ts";
import type { Greeting } from "../../client/mod.ts";
import type { Cutting, Expected } from "./exchange.ts";

/** One case. */
export interface CheckCase {
  readonly name: string;
  /** The bytes to send to a server with this greeting. */
  readonly toBytes: (greeting: Greeting) => Uint8Array;
  readonly expected: Expected;
  readonly cutting: Cutting;
}

const CUTTINGS: readonly Cutting[] = ["whole", "byte by byte"];

/** The cases of conformance, each sent in one piece and byte by byte. */
export const conformanceChecks: readonly CheckCase[] = CUTTINGS.flatMap((cutting) =>
  conformanceCases.map((each) => fromCase(each, cutting))
);

function fromCase({ name, send, ...expected }: ConformanceCase, cutting: Cutting): CheckCase {
  return {
    name: cutting === "whole" ? name : `${name} (${cutting})`,
    toBytes: (greeting) => caseBytes(send, greeting),
    expected,
    cutting,
  };
}

/** The examples of a protocol, in its order. */
export function exampleChecks({ commands }: Protocol): CheckCase[] {
  return Object.entries(commands).flatMap(([verb, { examples = [] }]) =>
    examples.map(({ request, reply }): CheckCase => ({
      name: `example of ${verb}: ${request.split("\n")[0]}`,
      toBytes: () => encodeText(request + "\n"),
      expected: { expect: reply },
      cutting: "whole",
    }))
  );
}
