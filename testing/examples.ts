// The examples of a protocol as tests of its handlers.

import type { Protocol } from "../protocol/spec.ts";
import type { EveryHandler, SomeHandlers } from "../server/request/handlers.ts";
import type { Service } from "../server/service.ts";
import { type MemoryServerOptions, serveInMemory } from "./memory_server.ts";
import { checkTranscript } from "./transcript.ts";

/** Options of `testExamples`. */
export interface ExampleOptions extends MemoryServerOptions {
  /** Registers a test. Default: `Deno.test`. */
  test?: (name: string, run: () => Promise<void>) => void;
}

/**
 * Registers a test for each example of a protocol: a server in memory must answer its request with its reply, in which
 * `…` stands for any text. Each test has a server of its own. Handlers that are given as an object keep their data from
 * one example to the next, in the order of the protocol; a function that makes them gives each example new ones. Throws
 * `TypeError` for a protocol without examples.
 *
 * @example
 * ```ts
 * import { testExamples } from "@lineup/lineup/testing";
 * import { assertEquals } from "@std/assert";
 *
 * const calc = {
 *   name: "calc",
 *   version: "1.0",
 *   summary: "A calculator on a line.",
 *   commands: {
 *     ADD: {
 *       summary: "Add two numbers.",
 *       args: { a: "number", b: "number" },
 *       reply: { sum: "number" },
 *       examples: [{ request: "ADD 1 2", reply: "OK sum=3" }],
 *     },
 *   },
 * } as const;
 *
 * const names: string[] = [];
 * const runs: (() => Promise<void>)[] = [];
 * testExamples(calc, { ADD: ({ a, b }) => ({ sum: a + b }) }, {
 *   // Without this option the tests are those of Deno.test.
 *   test: (name, run) => void (names.push(name), runs.push(run)),
 * });
 * assertEquals(names, ["example of ADD: ADD 1 2"]);
 * for (const run of runs) await run();
 * ```
 */
export function testExamples<const P extends Protocol, H extends SomeHandlers<P>>(
  protocol: P,
  handlers: H & EveryHandler<P, H> | (() => H & EveryHandler<P, H>),
  options?: ExampleOptions,
): void;
/** Registers a test for each example of a service. */
export function testExamples(service: Service | (() => Service), options?: ExampleOptions): void;
export function testExamples(
  first: Protocol | Service | (() => Service),
  second: Service["handlers"] | (() => Service["handlers"]) | ExampleOptions = {},
  third: ExampleOptions = {},
): void {
  if (typeof first === "function" || "protocol" in first) {
    const make = typeof first === "function" ? first : () => first;
    registerExamples(make().protocol, make, second as ExampleOptions);
  } else {
    const handlers = second as Service["handlers"] | (() => Service["handlers"]);
    const make = (): Service => ({
      protocol: first,
      handlers: typeof handlers === "function" ? handlers() : handlers,
    });
    registerExamples(first, make, third);
  }
}

function registerExamples(
  { name, commands }: Protocol,
  make: () => Service,
  { test = Deno.test, ...options }: ExampleOptions,
): void {
  const examples = Object.entries(commands).flatMap(([verb, { examples = [] }]) =>
    examples.map((example) => ({ verb, ...example }))
  );
  if (examples.length === 0) throw new TypeError(`the commands of ${name} have no examples`);
  const times = new Map<string, number>();
  for (const { verb, request, reply } of examples) {
    const title = `example of ${verb}: ${request.split("\n")[0]}`;
    const time = (times.get(title) ?? 0) + 1;
    times.set(title, time);
    test(time === 1 ? title : `${title} (${time})`, async () => {
      await using server = await serveInMemory(make(), options);
      await checkTranscript(server, [...lines(">", request), ...lines("<", reply)].join("\n"));
    });
  }
}

function lines(mark: string, text: string): string[] {
  return text.split("\n").map((line) => `${mark} ${line}`);
}
