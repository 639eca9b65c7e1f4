import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  builtin,
  compile,
  type Protocol,
  readCalls,
  SpecError,
  standardErrors,
} from "@lineup/lineup/protocol";

const base = { name: "t", version: "1.0", summary: "Tested." };
const X = { summary: "Tested." };

/** A protocol with one command, or with its parts changed. It may be wrong: the types allow anything. */
function spec(command: unknown, more: unknown = {}): Protocol {
  return { ...base, commands: { X: command }, ...more as object } as unknown as Protocol;
}

const args = (fields: unknown) => spec({ ...X, args: fields });
const options = (fields: unknown) => spec({ ...X, options: fields });
const reply = (fields: unknown) => spec({ ...X, reply: fields });

// A wrong protocol, the path of its wrong part, and a part of the message.
const WRONG: readonly (readonly [unknown, path: string, says: string])[] = [
  [null, "protocol", "must be an object"],
  [[], "protocol", "must be an object"],
  [spec(X, { name: "T" }), "name", "lower-case"],
  [spec(X, { name: "" }), "name", "lower-case"],
  [spec(X, { name: "a b" }), "name", "lower-case"],
  [spec(X, { name: "a\nb" }), "name", "lower-case"],
  [spec(X, { name: 5 }), "name", "lower-case"],
  [spec(X, { version: "one" }), "version", "1.0"],
  [spec(X, { version: 1 }), "version", "1.0"],
  [spec(X, { version: "1.0\n" }), "version", "1.0"],
  [spec(X, { summary: " " }), "summary", "sentence"],
  [spec(X, { description: 5 }), "description", "text"],
  [spec(X, { comands: {} }), "protocol.comands", "not known"],
  [spec(X, { commands: undefined }), "commands", "object"],
  [spec(X, { commands: [X] }), "commands", "object"],
  [spec(X, { commands: { add: X } }), "commands.add", "a verb is"],
  [spec(X, { commands: { "A B": X } }), "commands.A B", "a verb is"],
  [spec(X, { commands: { "A\n": X } }), "commands.A\n", "a verb is"],
  [spec(X, { commands: { PING: X } }), "commands.PING", "every server answers"],
  [spec(X, { commands: { OK: X } }), "commands.OK", "a reply begins"],
  [spec(X, { commands: { ERR: X } }), "commands.ERR", "a reply begins"],
  [spec("X"), "commands.X", "object"],
  [spec({}), "commands.X.summary", "sentence"],
  [spec({ ...X, arguments: {} }), "commands.X.arguments", "not known"],
  [spec({ ...X, class: "urgent" }), "commands.X.class", "interactive"],
  [spec({ ...X, cost: 0 }), "commands.X.cost", "positive"],
  [spec({ ...X, cost: "1" }), "commands.X.cost", "positive"],
  [spec({ ...X, idempotent: "yes" }), "commands.X.idempotent", "boolean"],
  [spec({ ...X, role: true }), "commands.X.role", "string"],
  [args([]), "commands.X.args", "object"],
  [args({ A: "text" }), "commands.X.args.A", "a name is"],
  [args({ "a=": "text" }), "commands.X.args.a=", "a name is"],
  [args({ constructor: "text" }), "commands.X.args.constructor", "JavaScript"],
  [args({ a: "string" }), "commands.X.args.a", "must be one of text"],
  [args({ a: "text??" }), "commands.X.args.a", "must be one of text"],
  [args({ a: 5 }), "commands.X.args.a", "a type or an object"],
  [args({ a: { type: "string" } }), "commands.X.args.a.type", "must be one of text"],
  [args({ a: {} }), "commands.X.args.a.type", "must be one of text"],
  [args({ a: { type: "text", maximum: 5 } }), "commands.X.args.a.maximum", "not known"],
  [args({ a: { type: "text", min: "1" } }), "commands.X.args.a.min", "number"],
  [args({ a: { type: "text", max: NaN } }), "commands.X.args.a.max", "number"],
  [args({ a: { type: "text", min: 2, max: 1 } }), "commands.X.args.a.min", "more than max"],
  [args({ a: "enum" }), "commands.X.args.a.values", "enum"],
  [args({ a: { type: "enum", values: [] } }), "commands.X.args.a.values", "words"],
  [args({ a: { type: "enum", values: [""] } }), "commands.X.args.a.values", "words"],
  [args({ a: { type: "enum", values: [1] } }), "commands.X.args.a.values", "words"],
  [args({ a: { type: "enum", values: "ab" } }), "commands.X.args.a.values", "words"],
  [args({ a: { type: "text", values: ["a"] } }), "commands.X.args.a.values", "enum"],
  [args({ a: { type: "text", schema: {} } }), "commands.X.args.a.schema", "Standard Schema"],
  [args({ a: { type: "text", schema: null } }), "commands.X.args.a.schema", "Standard Schema"],
  [args({ a: { type: "integer", default: "x" } }), "commands.X.args.a.default", "an integer"],
  [args({ a: { type: "integer", default: 5 } }), "commands.X.args.a.default", "an integer"],
  [
    args({ a: { type: "integer", max: 4, default: "5" } }),
    "commands.X.args.a.default",
    "at most 4",
  ],
  [args({ a: { type: "text", many: true, default: "x" } }), "commands.X.args.a.default", "single"],
  [args({ a: { type: "text", required: true } }), "commands.X.args.a", "required unless optional"],
  [args({ a: "text?", b: "text" }), "commands.X.args.b", "optional too"],
  [args({ a: { type: "text", default: "x" }, b: "text" }), "commands.X.args.b", "optional too"],
  [args({ a: "text...", b: "text" }), "commands.X.args.a", "only the last"],
  [args({ body: "integer" }), "commands.X.args.body", "bytes, text or json"],
  [args({ body: "text..." }), "commands.X.args.body", "bytes, text or json"],
  [args({ body: { type: "text", default: "x" } }), "commands.X.args.body.default", "single"],
  [options({ body: "text" }), "commands.X.options.body", "among the arguments"],
  [options({ within: "text" }), "commands.X.options.within", "every command takes"],
  [options({ a: "text..." }), "commands.X.options.a", "only the last argument may be many"],
  [
    spec({ ...X, args: { a: "text" }, options: { a: "text" } }),
    "commands.X.options.a",
    "same name",
  ],
  [reply({ took: "text" }), "commands.X.reply.took", "timing=on"],
  [reply({ a: "text..." }), "commands.X.reply.a", "only a positional field"],
  [
    reply({
      a: { type: "text", positional: true, optional: true },
      b: { type: "text", positional: true },
    }),
    "commands.X.reply.b",
    "optional too",
  ],
  [
    reply({
      a: { type: "text", positional: true, many: true },
      b: { type: "text", positional: true },
    }),
    "commands.X.reply.a",
    "only the last word",
  ],
  [spec({ ...X, items: { A: "text" } }), "commands.X.items.A", "a name is"],
  [spec({ ...X, errors: [] }), "commands.X.errors", "object"],
  [spec({ ...X, errors: { Bad: X } }), "commands.X.errors.Bad", "a code is"],
  [spec({ ...X, errors: { busy: X } }), "commands.X.errors.busy", "every command may answer"],
  [spec({ ...X, errors: { gone: {} } }), "commands.X.errors.gone.summary", "sentence"],
  [spec({ ...X, errors: { gone: { ...X, code: 1 } } }), "commands.X.errors.gone.code", "not known"],
  [
    spec({ ...X, errors: { gone: { ...X, executed: "yes" } } }),
    "commands.X.errors.gone.executed",
    "no or maybe",
  ],
  [
    spec({ ...X, errors: { gone: { ...X, retry: "yes" } } }),
    "commands.X.errors.gone.retry",
    "boolean",
  ],
  [spec({ ...X, examples: {} }), "commands.X.examples", "array"],
  [spec({ ...X, examples: [{ request: "X" }] }), "commands.X.examples.0.reply", "lines of text"],
];

Deno.test("compile refuses a wrong protocol with the path of the wrong part", () => {
  for (const [protocol, path, says] of WRONG) {
    const error = assertThrows(() => compile(protocol as Protocol), SpecError, says, path);
    assertEquals(error.path, path);
    assert(error.message.startsWith(`${path}: `), error.message);
  }
});

Deno.test("a client says of a wrong protocol what the server says, as far as it looks at it", () => {
  const said = (check: () => unknown): string | undefined => {
    try {
      check();
    } catch (error) {
      return (error as SpecError).message;
    }
  };
  const wrong = [
    ...WRONG.map(([protocol]) => protocol as Protocol),
    { ...spec(X), commands: { add: X } },
    { ...spec(X), commands: { X: 7 as never } },
    args({ a: "enum?x" }) as Protocol,
  ];
  let seen = 0;
  for (const protocol of wrong) {
    const client = said(() => readCalls(protocol));
    if (client === undefined) continue;
    seen++;
    const server = said(() => compile(protocol));
    assertEquals(client, server);
  }
  assert(seen > 10, `${seen} were seen by a client`);
});

Deno.test("compile includes every command of a protocol and the built-in ones", () => {
  const { commands } = compile(spec(X));
  assertEquals([...commands.keys()], [...Object.keys(builtin.commands), "X"]);
  assert(commands.get("PING")!.builtin && !commands.get("X")!.builtin);
});

Deno.test("compile adds the standard errors to a command's own", () => {
  const own = { gone: { summary: "Gone." } };
  const { errors } = compile(spec({ ...X, errors: own })).commands.get("X")!;
  assertEquals([...errors.keys()], [...Object.keys(standardErrors), "gone"]);
});

Deno.test("compile allows an inline body only where no other field can be meant", () => {
  const cases: readonly (readonly [Record<string, unknown>, boolean])[] = [
    [{ body: "text" }, true],
    [{ a: "text", body: "bytes" }, true],
    [{ a: "text", body: { type: "json", optional: true } }, true],
    [{ a: "text?", body: "text" }, false],
    [{ a: "text...", body: "text" }, false],
    [{ a: { type: "text", default: "x" }, body: "text" }, false],
    [{ a: "text" }, false],
  ];
  for (const [fields, inline] of cases) {
    assertEquals(compile(args(fields)).commands.get("X")!.request.inlineBody, inline);
  }
});
