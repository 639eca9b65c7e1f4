// What the compiler says to a person who writes a protocol, handlers and calls. All programs are checked at once.

import { assert, assertEquals, assertStringIncludes } from "@std/assert";

const ROOT = new URL("../../", import.meta.url);

const PRELUDE = `
import { connect, type Protocol, serve } from "${new URL("mod.ts", ROOT).href}";
import { type Handlers, instant, type ServeOptions, type Service, service } from "${
  new URL("server/mod.ts", ROOT).href
}";
import { serveInMemory, testExamples } from "${new URL("testing/mod.ts", ROOT).href}";
const lamp = {
  name: "lamp", version: "1.0", summary: "A lamp.",
  commands: {
    STATUS: { summary: "Tell.", reply: { state: { type: "enum", values: ["on", "off"] } } },
    BLINK: {
      summary: "Blink.", args: { times: "integer" },
      items: { state: { type: "enum", values: ["on", "off"] } }, reply: { last: { type: "enum", values: ["on", "off"] } },
    },
  },
} as const satisfies Protocol;
const about = { name: "lamp", version: "1.0", summary: "A lamp." } as const;
const loose = { ...about, commands: { SET: { summary: "Set.", args: { watts: "integer", colour: "word" }, reply: { ok: "boolean" } } } };
const part = { watts: "integer" };
const parts = { ...about, commands: { SET: { summary: "Set.", args: part, reply: part } } } as const;
const lower = { ...about, commands: { status: { summary: "Tell." } } } as const;
const took = { ...about, commands: { STATUS: { summary: "Tell.", reply: { took: "integer" } } } } as const;
const within = { ...about, commands: { STATUS: { summary: "Tell.", options: { within: "integer" } } } } as const;
const camel = { ...about, commands: { SET: { summary: "Set.", args: { wattHours: "integer" } } } } as const;
const ping = { ...about, commands: { PING: { summary: "Answer." } } } as const;
const ok = { ...about, commands: { OK: { summary: "Answer." } } } as const;
const typo = { ...about, commands: { SET: { summary: "Set.", args: { watts: "intger" } } } } as const;
declare const dialect: NonNullable<ServeOptions["dialect"]>;
function* BLINK() { yield { state: "on" } as const; return { last: "off" } as const; }
const STATUS = () => ({ state: "on" }) as const;
`;

/** Programs that are right. */
const RIGHT: readonly string[] = [
  `serve(lamp, { STATUS: () => ({ state: "on" }), BLINK })`,
  `serve(lamp, { STATUS() { return { state: "on" }; }, BLINK })`,
  `serve(lamp, { STATUS: async () => ({ state: "on" }), BLINK })`,
  `serve(lamp, { async STATUS() { await null; return { state: "on" }; }, BLINK })`,
  `serve(lamp, { STATUS: (_, { signal }) => ({ state: signal.aborted ? "on" : "off" }), BLINK })`,
  `serve(lamp, { STATUS: function () { return { state: "on" }; }, BLINK })`,
  `serve(lamp, { STATUS: () => { if (Math.random() > 0.5) return { state: "on" }; return { state: "off" }; }, BLINK })`,
  `serve(lamp, { STATUS, *BLINK() { yield { state: "on" }; return { last: "off" }; } })`,
  `serve(lamp, { STATUS, *BLINK({ times }) { while (times-- > 0) yield { state: "on" }; return { last: "off" }; } })`,
  `serve(lamp, { STATUS, async *BLINK() { await null; yield { state: "on" }; return { last: "off" }; } })`,
  `serve(lamp, { STATUS }, { workers: { module: "lamp.ts" }, log: ({ message }) => message.length })`,
  `serve({ ...about, commands: { A: { summary: "A.", args: { b: { type: "enum", values: ["x"] } } } } }, { A: ({ b: _ }: { b: "x" }) => {} })`,
  `(p: Protocol) => serve(p, {})`,
  `<P extends Protocol>(protocol: P, handlers: Handlers<P>) => serve({ protocol, handlers } as Service, { port: 0 })`,
  `serveInMemory(lamp, { STATUS: () => ({ state: "on" }), BLINK })`,
  `testExamples(lamp, { STATUS: () => ({ state: "on" }), BLINK })`,
  `testExamples(lamp, () => ({ STATUS: () => ({ state: "on" }), BLINK }))`,
  `service(lamp)({ handlers: { STATUS: () => ({ state: "on" }), BLINK } })`,
  `serve([{ protocol: lamp, handlers: { STATUS, BLINK } }])`,
  `serve({ protocol: lamp, handlers: { STATUS, BLINK } }, { port: 0, log: ({ message }) => message.length })`,
  `serve(lamp, { STATUS: instant(() => ({ state: "on" })), BLINK })`,
  `serve(ping, { PING: () => {} }, { dialect, log: ({ message }) => message.length })`,
  `connect(lamp, "lamp:1").then((client) => client.STATUS()).then(({ state }: { state: "on" | "off" }) => state)`,
];

const WIDENED =
  "the types of this protocol are lost: write `as const satisfies Protocol` behind the object";
const VERB = `commands.status: a verb is an upper-case letter and up to 31 of A-Z, 0-9 and \\"-\\"`;

/** Programs with one mistake each, and what the one error says. */
const WRONG: readonly (readonly [program: string, says: string])[] = [
  [`serve(lamp, { STATUS })`, "Property 'BLINK' is missing in type"],
  [`serve(lamp, { STATSU: STATUS, BLINK })`, "there is no command STATSU"],
  [`serve(lamp, { STATUS, BLINK, BLINKS: BLINK })`, "there is no command BLINKS"],
  [`serve(lamp, { STATUS: () => ({ state: "no" }), BLINK })`, `"no"' is not assignable to type '"`],
  [
    `serve(lamp, { STATUS: () => ({ state: 7 }), BLINK })`,
    "Type 'number' is not assignable to type",
  ],
  [`serve(lamp, { STATUS: () => ({}), BLINK })`, "Type '{}' is not assignable to type '{ state: "],
  [
    `serve(lamp, { STATUS, *BLINK() { yield { state: "no" }; return { last: "on" }; } })`,
    `Type '"no"' is n`,
  ],
  [
    `serve(lamp, { STATUS, *BLINK() { yield { state: "on" }; } })`,
    "Type 'void' is not assignable to",
  ],
  [
    `serve(lamp, { STATUS, BLINK: () => ({ last: "on" }) })`,
    "is not assignable to type 'ItemSource<",
  ],
  [`serve(lamp, { STATUS }, { port: 0 })`, "Property 'BLINK' is missing in type"],
  [`serve(lamp, { STATUS, BLINK }, { port: 0, prot: 1 })`, "'prot' does not exist in type"],
  [`serve(loose, { SET: ({ watts }) => ({ ok: watts > 0 }) })`, `type '"${WIDENED}"'.`],
  [`serve(parts, { SET: ({ watts }) => ({ watts }) })`, `type '"${WIDENED}"'.`],
  [`serve(lower, { status: () => {} })`, `type '"${VERB}"'.`],
  [
    `serve({ protocol: lamp, handlers: { STATUS, BLINK } }, { prot: 0 })`,
    '"serve has no option prot"',
  ],
  [`serve(lamp, { BLINK, STATUS: 7 })`, "Type 'number' is not assignable to type 'Handler<"],
  [
    `serve(lamp, { BLINK, STATUS: ({ lamp }) => ({ state: lamp }) })`,
    "Property 'lamp' does not exist",
  ],
  [
    `serve(took, { STATUS: () => ({ took: 7 }) })`,
    `type '"commands.STATUS.reply.took: timing=on adds this name to every reply; choose another"'.`,
  ],
  [
    `serve(within, { STATUS: ({ within }) => void within })`,
    `type '"commands.STATUS.options.within: every command takes an option of this name"'.`,
  ],
  [
    `serve(camel, { SET: ({ wattHours }) => void wattHours })`,
    `type '"commands.SET.args.wattHours: a name is a lower-case letter and lower-case letters, digits, \\"-\\""'.`,
  ],
  [
    `serve(ping, { PING: () => {} })`,
    `type '"commands.PING: every server answers this command itself; choose another verb"'.`,
  ],
  [
    `serve(ok, { OK: () => {} })`,
    `type '"commands.OK: a reply begins with this word; choose another verb"'.`,
  ],
  [`serve(typo, { SET: () => {} })`, `Did you mean '"integer"'?`],
  [
    `service(lamp)({ handlers: { STATUS } })`,
    "Property 'BLINK' is missing in type",
  ],
  [
    `service(lamp)({ handlers: { STATUS, BLINK, BLINKS: BLINK } })`,
    "Did you mean to write 'BLINK'?",
  ],
  [`service(lower)({ handlers: { status: () => {} } })`, `type '"${VERB}"'.`],
  [
    `service(loose)({ handlers: { SET: ({ watts }) => ({ ok: watts }) } })`,
    `'"${WIDENED}"'.`,
  ],
  [`connect(lower, "lamp:1")`, `type '"${VERB}"'.`],
  [`connect(loose, "lamp:1")`, `type '"${WIDENED}"'.`],
  [`connect(lamp, "lamp:1", { agnt: "me" })`, "Did you mean to write 'agent'?"],
  [
    `connect(lamp, "lamp:1").then((client) => client.STATSU())`,
    "Property 'STATSU' does not exist on type",
  ],
  [
    `connect(lamp, "lamp:1").then((client) => client.BLINK())`,
    "Expected 1-2 arguments, but got 0.",
  ],
];

/** The errors of a program by the number of its line. */
async function check(program: string): Promise<Map<number, string[]>> {
  const file = await Deno.makeTempFile({ suffix: ".ts" });
  try {
    await Deno.writeTextFile(file, program);
    const { stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["check", "--quiet", "--no-lock", file],
      env: { NO_COLOR: "1" },
      stdout: "null",
    }).output();
    const errors = new Map<number, string[]>();
    for (const text of new TextDecoder().decode(stderr).split(/^TS\d+ \[ERROR\]: /m).slice(1)) {
      // Other places are those that the compiler shows beside an error.
      const [, line] = text.split(`${file}:`);
      if (line === undefined) continue;
      errors.set(parseInt(line), [...errors.get(parseInt(line)) ?? [], text]);
    }
    return errors;
  } finally {
    await Deno.remove(file);
  }
}

Deno.test("the compiler takes right programs, and says one thing of each wrong one", async () => {
  const programs = [...RIGHT, ...WRONG.map(([program]) => program)];
  const lines = programs.map((program) =>
    `export const _${programs.indexOf(program)} = () => ${program};`
  );
  const errors = await check(PRELUDE + lines.join("\n"));
  const first = PRELUDE.split("\n").length;
  for (const [index, program] of programs.entries()) {
    const said = errors.get(first + index) ?? [];
    const [, says] = WRONG[index - RIGHT.length] ?? [];
    if (says === undefined) assertEquals(said, [], program);
    else {
      assertEquals(said.length, 1, `${program}\n${said.join("\n")}`);
      assertStringIncludes(said[0], says, program);
      assert(!program.startsWith("serve") || !said[0].includes("No overload"), said[0]);
    }
    errors.delete(first + index);
  }
  assertEquals([...errors], []);
});
