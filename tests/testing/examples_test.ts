import type { Protocol } from "@lineup/lineup/protocol";
import { type Handlers, service } from "@lineup/lineup/server";
import { type ExampleOptions, testExamples, TranscriptError } from "@lineup/lineup/testing";
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import calc from "../../examples/calc.ts";

const counter = {
  name: "counter",
  version: "1.0",
  summary: "Counts.",
  commands: {
    NEXT: {
      summary: "The next number.",
      reply: { n: "integer" },
      examples: [
        { request: "NEXT", reply: "OK n=1" },
        { request: "NEXT\n#a PING", reply: "OK n=2\n#a OK pong" },
      ],
    },
    ALL: {
      summary: "The numbers so far.",
      items: { n: { type: "integer", positional: true } },
      reply: { count: "integer" },
      examples: [{ request: "ALL", reply: "…OK count=…" }],
    },
  },
} as const satisfies Protocol;

function counterHandlers(): Handlers<typeof counter> {
  let last = 0;
  return {
    NEXT: () => ({ n: ++last }),
    *ALL() {
      for (let n = 1; n <= last; n++) yield { n };
      return { count: last };
    },
  };
}

/** The tests that a call registers, by name. */
function registered(register: (options: ExampleOptions) => void): Map<string, () => Promise<void>> {
  const tests = new Map<string, () => Promise<void>>();
  register({ test: (name, run) => void tests.set(name, run) });
  return tests;
}

// The tests of Deno.test, with a protocol as its users write it.
testExamples(calc.protocol, calc.handlers);

Deno.test("testExamples registers a test for each example; handlers keep their data", async () => {
  const tests = registered((options) => testExamples(counter, counterHandlers(), options));
  assertEquals([...tests.keys()], [
    "example of NEXT: NEXT",
    "example of NEXT: NEXT (2)",
    "example of ALL: ALL",
  ]);
  for (const run of tests.values()) await run();
});

Deno.test("a function that makes handlers gives each example new ones", async () => {
  const tests = registered((options) => testExamples(counter, counterHandlers, options));
  await tests.get("example of NEXT: NEXT")!();
  const { message } = await assertRejects(tests.get("example of NEXT: NEXT (2)")!, TranscriptError);
  assertEquals(
    message,
    "the answer differs\n\n  > NEXT\n  > #a PING\n- < OK n=2\n+ < OK n=1\n  < #a OK pong",
  );
});

Deno.test("testExamples takes a service, or a function that makes one", async () => {
  const make = () => service(counter)({ handlers: counterHandlers() });
  for (const each of [make, make()]) {
    const tests = registered((options) => testExamples(each, options));
    assertEquals(tests.size, 3);
    await tests.get("example of NEXT: NEXT")!();
  }
});

Deno.test("testExamples refuses a protocol without examples: a test that tests nothing would pass", () => {
  const bare = { name: "bare", version: "1.0", summary: "Nothing.", commands: {} } as const;
  assertThrows(() => testExamples(bare, {}), TypeError, "the commands of bare have no examples");
});
