import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  BadValue,
  type Command,
  compile,
  type CompiledCommand,
  type Frame,
  readReply,
  readRequest,
  Refusal,
  type StandardSchema,
  usageLine,
  type Values,
  writeParts,
} from "@lineup/lineup/protocol";
import { bytes, read } from "./frames.ts";

function command(more: Partial<Command>): CompiledCommand {
  const commands = { X: { summary: "Tested.", ...more } };
  return compile({ name: "t", version: "1", summary: "Tested.", commands }).commands.get("X")!;
}

function frame(side: "request" | "reply", text: string): Frame {
  const [found] = read(side, bytes(text, "\n"));
  assert(found?.kind === "frame", JSON.stringify(found));
  return found;
}

async function values(compiled: CompiledCommand, text: string): Promise<Values> {
  return { ...await readRequest(compiled, frame("request", text)) };
}

const put = command({
  args: { queue: { type: "word", max: 8 }, body: "text" },
  options: {
    key: "text",
    prio: { type: "integer", min: 0, max: 9, default: "5" },
    how: { type: "enum", values: ["fast", "very slow"] },
  },
});
const many = command({ args: { first: "integer", rest: { type: "word", many: true } } });
const maybe = command({ args: { a: "integer?", b: { type: "text", default: "none" } } });
const needy = command({ options: { token: { type: "word", required: true } } });
const data = command({ args: { body: { type: "json", optional: true } } });
const blob = command({ args: { body: { type: "bytes", max: 4 } } });

const ACCEPTED: readonly (readonly [CompiledCommand, string, Values])[] = [
  [put, "X mail hello", { queue: "mail", body: "hello", prio: 5 }],
  [put, "X mail {5}\nhello", { queue: "mail", body: "hello", prio: 5 }],
  [put, "X mail {0}\n", { queue: "mail", body: "", prio: 5 }],
  [put, 'X prio=0 mail how="very slow" ""', {
    queue: "mail",
    body: "",
    prio: 0,
    how: "very slow",
  }],
  [put, "X mail x within=2s class=bulk trace=00-1", {
    queue: "mail",
    body: "x",
    prio: 5,
    within: 2000,
    class: "bulk",
    trace: "00-1",
  }],
  [many, "X 1 a", { first: 1, rest: ["a"] }],
  [many, "X 1 a b c", { first: 1, rest: ["a", "b", "c"] }],
  [maybe, "X", { b: "none" }],
  [maybe, "X 7", { a: 7, b: "none" }],
  [maybe, 'X 7 ""', { a: 7, b: "" }],
  [needy, "X token=t", { token: "t" }],
  [data, "X", {}],
  [data, 'X "[1,null]"', { body: [1, null] }],
  [data, "X {4}\nnull", { body: null }],
  [blob, "X {4}\n\0\r\n\t", { body: bytes(0, "\r\n\t") }],
  [blob, "X é", { body: bytes("é") }],
];

Deno.test("readRequest gives the values by name", async () => {
  for (const [compiled, text, expected] of ACCEPTED) {
    assertEquals(await values(compiled, text), expected, text);
  }
});

const USAGE = "Usage: X queue body [key=] [prio=] [how=]";
const REFUSED: readonly (readonly [CompiledCommand, string, string])[] = [
  [put, "X", `X needs queue: a word without white space of at most 8 characters. ${USAGE}`],
  [put, "X mail", `X needs body: text, as the last word or as {n} and n bytes. ${USAGE}`],
  [put, "X {1}\nx", `X needs queue: a word without white space of at most 8 characters. ${USAGE}`],
  [
    put,
    'X "two words" x',
    'queue must be a word without white space of at most 8 characters, not "two words".',
  ],
  [put, "X 123456789 x", "queue must be a word without white space of at most 8 characters"],
  [put, "X mail a b", '"a" is one argument too many; quote text that holds spaces.'],
  [put, "X mail a {1}\nx", '"a" is one argument too many'],
  [put, "X mail a prio=10", 'prio must be an integer, 0 to 9, not "10".'],
  [put, "X mail a prio=1.5", 'prio must be an integer, 0 to 9, not "1.5".'],
  [put, "X mail a how=slow", 'how must be one of fast, very slow, not "slow".'],
  [put, "X mail a=b", 'X has no option a; quote an argument that holds "=": "a=…".'],
  [put, "X mail a constructor=b", "X has no option constructor"],
  [put, "X mail a within=0ms", "within must be a duration"],
  [put, "X mail a within=soon", "within must be a duration"],
  [put, "X mail a class=urgent", "class must be one of interactive, normal, bulk, background"],
  [many, "X", "X needs first: an integer."],
  [many, "X 1", "X needs rest: a word without white space."],
  [many, 'X 1 a "b c"', 'rest must be a word without white space, not "b c".'],
  [maybe, "X 1 2 3", '"3" is one argument too many'],
  [needy, "X", "X needs token: a word without white space. Usage: X token="],
  [needy, "X trace=1", "X needs token"],
  [needy, "X token=t {1}\nx", "X takes no body. Usage: X token="],
  [data, "X nonsense", 'body must be JSON, not "nonsense".'],
  [blob, "X {5}\n12345", "body must be at most 4 bytes, not 5 bytes."],
];

Deno.test("readRequest refuses with the argument's name, its allowed values, and the usage", async () => {
  for (const [compiled, text, message] of REFUSED) {
    try {
      await values(compiled, text);
    } catch (error) {
      assert(error instanceof Refusal, String(error));
      assertEquals(error.code, "bad-arguments");
      assert(error.message.startsWith(message), `${text}: ${error.message}`);
      assert(error.message.endsWith(`Usage: ${usageLine(compiled)}`), error.message);
      continue;
    }
    throw new Error(`accepted: ${text}`);
  }
});

Deno.test("readRequest refuses a body of text that is no UTF-8", async () => {
  const [found] = read("request", bytes("X mail {2}\n", 0xc3, 0x28, "\n"));
  let thrown: unknown;
  try {
    await readRequest(put, found as Frame);
  } catch (error) {
    thrown = error;
  }
  assert(thrown instanceof Refusal && thrown.message.startsWith("body must be text in UTF-8"));
});

/** A Standard Schema that upper-cases a text that begins with a letter, at once or later. */
function upper(later: boolean): StandardSchema<string, string> {
  const check = (value: unknown) =>
    /^[a-z]/.test(String(value))
      ? { value: String(value).toUpperCase() }
      : { issues: [{ message: "begin with a letter" }, { message: "be short" }] };
  const validate = (value: unknown) => later ? Promise.resolve(check(value)) : check(value);
  return { "~standard": { version: 1, vendor: "test", validate } };
}

for (const later of [false, true]) {
  const schema = upper(later);
  const checked = command({
    args: { a: { type: "word", schema }, b: { type: "word", default: "none", schema } },
    options: { n: "integer", c: { type: "word", schema } },
  });
  const each = command({ args: { all: { type: "word", many: true, schema } } });
  const how = later ? "later" : "at once";

  Deno.test(`readRequest returns a schema's output for values, defaults and each of many, ${how}`, async () => {
    assertEquals(await values(checked, "X x c=z"), { a: "X", b: "NONE", c: "Z" });
    assertEquals(await values(each, "X a b"), { all: ["A", "B"] });
    // An option that is left out has nothing to check.
    assertEquals(await values(checked, "X x"), { a: "X", b: "NONE" });
  });

  Deno.test(`readRequest refuses values that a schema refuses, ${how}`, async () => {
    for (
      const [compiled, text] of [[checked, "X 1"], [checked, "X a b c=1"], [
        each,
        "X a 1 b",
      ]] as const
    ) {
      let message = "";
      try {
        await values(compiled, text);
      } catch (error) {
        assert(error instanceof Refusal);
        message = error.message;
      }
      assert(message.includes("is refused: begin with a letter; be short. Usage: X"), message);
      assertEquals(message.split("Usage:").length, 2, message);
    }
  });

  // An unhandled rejection would end the process. The test runner reports it as a failure.
  Deno.test(`readRequest leaves no check behind when another argument is refused, ${how}`, async () => {
    for (const text of ["X 1 b n=x", "X 1 2 c=3", "X 1 2 3 4"]) {
      let refused = false;
      try {
        await values(checked, text);
      } catch {
        refused = true;
      }
      assert(refused);
    }
  });
}

Deno.test("readRequest asks each schema once, in order, where some answer later", async () => {
  const asked: string[] = [];
  const schema = (later: boolean): StandardSchema<string, string> => {
    const validate = (value: unknown) => {
      asked.push(String(value));
      const result = { value: `${value}!` };
      return later ? Promise.resolve(result) : result;
    };
    return { "~standard": { version: 1, vendor: "test", validate } };
  };
  for (const pattern of ["slls", "lsl", "ssl", "llll", "sssl", "lsss"]) {
    const args = Object.fromEntries(
      [...pattern].map((each, i) =>
        [`a${i}`, { type: "word", schema: schema(each === "l") }] as const
      ),
    );
    const words = [...pattern].map((_, i) => `w${i}`);
    asked.length = 0;
    const read = await values(command({ args }), `X ${words.join(" ")}`);
    assertEquals(asked, words, pattern);
    assertEquals(Object.values(read), words.map((word) => `${word}!`), pattern);
  }
});

Deno.test("readRequest returns no promise unless a schema returns one", () => {
  assert(!(readRequest(put, frame("request", "X mail a")) instanceof Promise));
});

Deno.test("writeParts throws for values that the shape does not allow", () => {
  const cases: readonly (readonly [CompiledCommand, Values, string])[] = [
    [
      put,
      { body: "x" },
      "queue must be a word without white space of at most 8 characters, and is missing",
    ],
    [put, { queue: "mail" }, "body must be text, and is missing"],
    [put, { queue: "a b", body: "x" }, "queue must be"],
    [put, { queue: "a\nQUIT", body: "x" }, "queue must be"],
    [put, { queue: "mail", body: 5 }, 'body must be text, not "5"'],
    [put, { queue: "mail", body: "x", prio: 10 }, "prio must be"],
    [put, { queue: "mail", body: "x", prio: "1 QUIT" }, "prio must be"],
    [put, { queue: "mail", body: "x", how: "slow" }, "how must be"],
    [put, { queue: "mail", body: "\ud800" }, 'body must be text, not "\ufffd"'],
    [many, { first: 1, rest: [] }, "rest must be an array of one or more"],
    [many, { first: 1, rest: "ab" }, "rest must be an array of one or more"],
    [many, { first: 1, rest: ["a", "b c"] }, "rest must be"],
    [maybe, { b: "x" }, "a must be an integer, and is missing"],
    [needy, {}, "token must be a word without white space, and is missing"],
  ];
  for (const [{ request }, given, message] of cases) {
    assertThrows(() => writeParts(request, given), BadValue, message);
  }
});

Deno.test("readReply skips unknown fields and names missing ones", () => {
  const { reply } = command({
    reply: {
      id: { type: "integer", positional: true },
      rest: { type: "word", positional: true, many: true },
      key: "text",
      body: { type: "text", optional: true },
    },
  });
  assertEquals(readReply(reply, frame("reply", "OK 1 a b key=k new=1 {1}\nx")), {
    id: 1,
    rest: ["a", "b"],
    key: "k",
    body: "x",
  });
  const wrong = { "OK": "id", "OK 1 key=k": "rest", "OK 1 a": "key", "OK x a key=k": "id must be" };
  for (const [line, message] of Object.entries(wrong)) {
    assertThrows(() => readReply(reply, frame("reply", line)), BadValue, message);
  }
});

Deno.test("readReply gives the defaults of fields that are left out", () => {
  const { reply } = command({
    reply: {
      a: { type: "integer", positional: true, default: "1" },
      b: { type: "text", default: "x" },
    },
  });
  assertEquals(readReply(reply, frame("reply", "OK")), { a: 1, b: "x" });
});

Deno.test("usageLine shows arguments, body and options", () => {
  assertEquals([put, many, maybe, needy, data, blob].map(usageLine), [
    "X queue body [key=] [prio=] [how=]",
    "X first rest...",
    "X [a] [b]",
    "X token=",
    "X [body]",
    "X body",
  ]);
});
