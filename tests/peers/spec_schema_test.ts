// docs/spec.schema.json describes every answer to SPEC, and refuses what `compile` refuses.

import { assert, assertEquals, assertThrows } from "@std/assert";
import { Ajv2020 } from "npm:ajv@8.20.0/dist/2020.js";
import { compile, type Protocol, specDocument, SpecError } from "@lineup/lineup/protocol";
import { queueProtocol } from "@lineup/lineup/queue";
import cache from "../../examples/cache.ts";
import calc from "../../examples/calc.ts";
import { bareProtocol } from "../bare_protocol.ts";
import { protocol as tests } from "../test_server.ts";
import { protocol as suite } from "../transports/protocol.ts";
import { run } from "./program.ts";

const schema = JSON.parse(
  Deno.readTextFileSync(new URL("../../docs/spec.schema.json", import.meta.url)),
);
const validate = new Ajv2020({ strict: true, allErrors: true }).compile(schema);

/** The errors of a document; `null` if there are none. It travels as JSON. */
function errorsOf(document: unknown): unknown {
  validate(JSON.parse(JSON.stringify(document)));
  return validate.errors ?? null;
}

Deno.test("the SPEC of every protocol of the project is what its JSON Schema says", () => {
  const protocols: Protocol[] = [
    queueProtocol,
    calc.protocol,
    cache.protocol,
    bareProtocol,
    tests,
    suite,
  ];
  for (const protocol of protocols) {
    assertEquals(errorsOf(specDocument(compile(protocol))), null, protocol.name);
  }
});

Deno.test("the SPEC of the Python calculator is what the JSON Schema says", async () => {
  const folder = new URL("../../examples/python/", import.meta.url).pathname;
  const program =
    "import calc, json; print(json.dumps({'lineup': '1', 'protocol': calc.PROTOCOL}))";
  const { out } = await run("python3", ["-B", "-c", program], { cwd: folder });
  assertEquals(errorsOf(JSON.parse(out)), null);
});

Deno.test("the answer to SPEC that docs/PROTOCOL.md shows is what the JSON Schema says", async () => {
  const text = await Deno.readTextFile(new URL("../../docs/PROTOCOL.md", import.meta.url));
  const [, shown] = /```json\n(.*?)```/s.exec(text)!;
  assertEquals(errorsOf(JSON.parse(shown)), null);
});

const field = { type: "integer" };

/** Parts of a description that no server may send: they are merged into a command. */
const WRONG: Readonly<Record<string, unknown>> = {
  "a field of no type": { args: { a: { type: "int" } } },
  "a field in short form": { args: { a: "integer" } },
  "a field with a misspelt member": { args: { a: { ...field, optinal: true } } },
  "a field name in upper case": { args: { A: field } },
  "an enum without values": { args: { a: { type: "enum" } } },
  "values of a type other than enum": { args: { a: { ...field, values: ["1"] } } },
  "a default that is no text": { args: { a: { ...field, default: 5 } } },
  "a body of another type": { args: { body: field } },
  "an option that is a body": { options: { body: { type: "text" } } },
  "a limit that is no number": { args: { a: { ...field, max: "9" } } },
  "an unknown class": { class: "royal" },
  "a cost of nothing": { cost: 0 },
  "an error without a summary": { errors: { gone: {} } },
  "an error code in upper case": { errors: { Gone: { summary: "Gone." } } },
  "an example without a reply": { examples: [{ request: "A" }] },
  "an undo of two lines": { examples: [{ request: "A", reply: "OK", undo: "A\nB" }] },
  "an unknown member": { colour: "red" },
  "no summary": { summary: undefined },
};

Deno.test("the JSON Schema refuses what compile refuses", () => {
  const wrong = (more: object) => ({
    name: "wrong",
    version: "1.0",
    summary: "Wrong.",
    commands: { A: { summary: "A.", ...more } },
  });
  assertEquals(errorsOf({ lineup: "1", protocol: wrong({ args: { a: field } }) }), null);
  for (const [what, more] of Object.entries(WRONG)) {
    const protocol = wrong(more as object);
    assert(errorsOf({ lineup: "1", protocol }) !== null, what);
    // The short form is for people who write a protocol, not for the wire.
    if (what.includes("short form")) continue;
    assertThrows(() => compile(protocol as unknown as Protocol), SpecError, undefined, what);
  }
  for (const document of [{}, { lineup: "2", protocol: wrong({}) }, { lineup: "1" }, []]) {
    assert(errorsOf(document) !== null, JSON.stringify(document));
  }
});
