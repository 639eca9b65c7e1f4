// Checks the requests of a load against the server's SPEC, before the run.

import type { CompiledProtocol } from "../../protocol/compile.ts";
import { Refusal } from "../../protocol/errors.ts";
import { encodeFrame } from "../../dialects/lineup1/frame.ts";
import { readRequest } from "../../dialects/lineup1/message.ts";
import { nearest, UsageError } from "../flags.ts";
import { exampleFrames, type RequestPlan, showRequest } from "./request.ts";

/** Throws `UsageError` for a request that the server refuses. */
export function checkRequest(
  plan: RequestPlan,
  { commands }: CompiledProtocol,
  { maxLine, maxBody }: { maxLine: number; maxBody: number },
): void {
  const command = commands.get(plan.verb);
  if (command === undefined) {
    throw new UsageError(
      `There is no command ${plan.verb}${nearest(plan.verb, [...commands.keys()])}`,
    );
  }
  for (const init of exampleFrames(plan)) {
    const { head, words = [], options = new Map(), body } = init;
    const line = encodeFrame({ head, words, options }).length + 12;
    if (line > maxLine) {
      throw new UsageError(
        `${showRequest(plan)}: the line has ${line} bytes; the server takes at most ${maxLine}.`,
      );
    }
    if (body !== undefined && body.length > maxBody) {
      throw new UsageError(
        `${showRequest(plan)}: the server takes bodies of at most ${maxBody} bytes.`,
      );
    }
    try {
      readRequest(command, { words, options, body });
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      throw new UsageError(`${showRequest(plan)}: ${error.message}`);
    }
  }
}
