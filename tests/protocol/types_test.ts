// Tests of types: the compiler accepts and refuses these lines. A @ts-expect-error is itself an error where the line
// below it compiles. The functions need not run.

import type {
  CallArgs,
  Command,
  GivenArgs,
  GivenItem,
  GivenReply,
  Protocol,
  ReceivedArgs,
  ReceivedItem,
  ReceivedReply,
  StandardSchema,
} from "@lineup/lineup/protocol";
import { type Handlers, serve } from "@lineup/lineup/server";
import { type Client, connect, type Items } from "@lineup/lineup/client";

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2) ? true
  : false;
function same<_ extends true>(): void {}
function made(..._functions: readonly unknown[]): void {}

/** A schema from text to a date. */
const date: StandardSchema<string, Date> = {
  "~standard": {
    version: 1,
    vendor: "test",
    validate: (value) => ({ value: new Date(String(value)) }),
  },
};

const shop = {
  name: "shop",
  version: "1.0",
  summary: "Every kind of field.",
  commands: {
    ADD: {
      summary: "Required arguments.",
      args: { a: "number", b: "integer" },
      reply: { sum: "number" },
    },
    PUT: {
      summary: "A body and options.",
      args: { queue: "word", body: "bytes" },
      options: {
        key: "text",
        delay: { type: "duration", default: "0ms" },
        token: { type: "word", required: true },
      },
      reply: { id: "integer", old: "text?" },
    },
    MANY: {
      summary: "Optional, default, many.",
      args: {
        a: "boolean",
        b: "size?",
        c: { type: "text", default: "x" },
        rest: { type: "word", many: true, optional: true },
      },
    },
    PICK: {
      summary: "An enum.",
      args: { colour: { type: "enum", values: ["red", "green"] } },
      reply: { found: { type: "enum", values: ["yes", "no"] } },
    },
    WHEN: {
      summary: "Schemas.",
      args: {
        day: { type: "text", schema: date },
        more: { type: "text", many: true, schema: date },
      },
    },
    LIST: {
      summary: "Items.",
      args: { all: "word..." },
      items: { name: "text", size: "size?" },
      reply: { count: "integer" },
    },
    NOTHING: { summary: "Nothing in, nothing out." },
  },
} as const satisfies Protocol;

type C = typeof shop.commands;

Deno.test("ReceivedArgs has the arguments that a handler gets", () => {
  same<Equal<ReceivedArgs<C["ADD"]>, { a: number; b: number }>>();
  same<
    Equal<
      ReceivedArgs<C["PUT"]>,
      { queue: string; body: Uint8Array; delay: number; token: string; key?: string }
    >
  >();
  same<Equal<ReceivedArgs<C["MANY"]>, { a: boolean; c: string; b?: number; rest?: string[] }>>();
  same<Equal<ReceivedArgs<C["PICK"]>, { colour: "red" | "green" }>>();
  same<Equal<ReceivedArgs<C["WHEN"]>, { day: Date; more: Date[] }>>();
  same<Equal<ReceivedArgs<C["LIST"]>, { all: string[] }>>();
  same<Equal<ReceivedArgs<C["NOTHING"]>, Record<never, never>>>();
});

Deno.test("GivenArgs has the arguments that a call takes", () => {
  same<Equal<GivenArgs<C["ADD"]>, { a: number; b: number }>>();
  same<
    Equal<
      GivenArgs<C["PUT"]>,
      {
        queue: string;
        body: Uint8Array | string;
        token: string;
        key?: string | undefined;
        delay?: number | undefined;
      }
    >
  >();
  same<
    Equal<
      GivenArgs<C["MANY"]>,
      {
        a: boolean;
        b?: number | undefined;
        c?: string | undefined;
        rest?: readonly string[] | undefined;
      }
    >
  >();
  same<Equal<GivenArgs<C["WHEN"]>, { day: string; more: readonly string[] }>>();
});

Deno.test("CallArgs may be left out only where no argument is required", () => {
  same<Equal<CallArgs<C["NOTHING"]>, [args?: Record<never, never> | undefined]>>();
  same<Equal<CallArgs<C["ADD"]>, [args: { a: number; b: number }]>>();
});

Deno.test("replies and items are inferred for both ends", () => {
  same<Equal<ReceivedReply<C["PUT"]>, { id: number; old?: string }>>();
  same<Equal<GivenReply<C["PUT"]>, { id: number; old?: string | undefined }>>();
  same<Equal<ReceivedReply<C["PICK"]>, { found: "yes" | "no" }>>();
  same<Equal<ReceivedItem<C["LIST"]>, { name: string; size?: number }>>();
  same<Equal<GivenItem<C["LIST"]>, { name: string; size?: number | undefined }>>();
  same<Equal<GivenReply<C["NOTHING"]>, Record<never, never> | void>>();
});

Deno.test("Handlers refuses a wrong handler", () => {
  type H = Handlers<typeof shop>;
  const right: H = {
    ADD: ({ a, b }) => ({ sum: a + b }),
    PUT: async ({ body }, { park }) => ({ id: await park(Promise.resolve(body.length)) }),
    MANY: () => {},
    PICK: ({ colour }) => ({ found: colour === "red" ? "yes" : "no" }),
    WHEN: ({ day }) => void day.getTime(),
    *LIST({ all }) {
      for (const name of all) yield { name };
      return { count: all.length };
    },
    NOTHING: () => {},
  };
  const wrong = [
    // @ts-expect-error The reply lacks its field.
    (): H => ({ ...right, ADD: () => ({}) }),
    // @ts-expect-error The reply is missing.
    (): H => ({ ...right, ADD: () => {} }),
    // @ts-expect-error The field is a number.
    (): H => ({ ...right, ADD: () => ({ sum: "3" }) }),
    // @ts-expect-error The field is a number, also behind a promise.
    (): H => ({ ...right, ADD: () => Promise.resolve({ sum: "3" }) }),
    // @ts-expect-error There is no argument c.
    (): H => ({ ...right, ADD: ({ c }) => ({ sum: c }) }),
    // @ts-expect-error The enum has no value blue.
    (): H => ({ ...right, PICK: () => ({ found: "blue" }) }),
    // @ts-expect-error An option that is not required may be missing.
    (): H => ({ ...right, PUT: ({ key }) => ({ id: key.length }) }),
    // @ts-expect-error The handler returns a reply without items.
    (): H => ({ ...right, LIST: () => ({ count: 1 }) }),
    (): H => ({
      ...right,
      // @ts-expect-error The item lacks its name.
      *LIST() {
        yield { size: 1 };
        return { count: 1 };
      },
    }),
    (): H => ({
      ...right,
      // @ts-expect-error The reply behind the items is missing.
      *LIST() {
        yield { name: "a" };
      },
    }),
  ];
  const { ADD: _, ...without } = right;
  made(
    wrong,
    // @ts-expect-error The handler of ADD is missing.
    (): H => without,
    // @ts-expect-error The handler of ADD is missing.
    () => serve(shop, without),
    () => serve(shop, right),
    () => serve(shop, without, { workers: { module: "file:///shop.ts" } }),
    // @ts-expect-error The handler of ADD returns the wrong reply.
    () => serve(shop, { ADD: () => ({ sum: "3" }) }, { workers: { module: "file:///shop.ts" } }),
    // @ts-expect-error The workers may be undefined.
    (workers?: { module: string }) => serve(shop, without, { workers }),
    // @ts-expect-error The protocol has no command SUB.
    () => serve(shop, { ...right, SUB: () => {} } satisfies H),
  );
});

Deno.test("serve infers the values of an enum from the protocol", () => {
  const signal = {
    name: "signal",
    version: "1.0",
    summary: "A signal.",
    commands: {
      GET: { summary: "Tell.", reply: { light: { type: "enum", values: ["red", "green"] } } },
      SEE: { summary: "Look on.", items: { light: { type: "enum", values: ["red", "green"] } } },
    },
  } as const satisfies Protocol;
  const GET = () => ({ light: "red" }) as const;
  function* SEE() {
    yield { light: "red" } as const;
  }
  made(
    () => serve(signal, { GET: () => ({ light: "red" }), SEE }),
    // deno-lint-ignore require-await
    () => serve(signal, { GET: async () => ({ light: "red" }), SEE }),
    () =>
      serve(signal, {
        GET() {
          return { light: "red" };
        },
        *SEE() {
          yield { light: "red" };
        },
      }),
    () =>
      serve(signal, {
        GET: () => ({ light: "red" }),
        async *SEE() {
          yield { light: "red" };
        },
      }, { workers: { module: "file:///signal.ts" }, log: ({ message }) => void message }),
    // @ts-expect-error There is no light blue.
    () => serve(signal, { GET: () => ({ light: "blue" }), SEE }),
    // @ts-expect-error The handler of SEE is missing.
    () => serve(signal, { GET }),
    // @ts-expect-error There is no command GOT.
    () => serve(signal, { GET, SEE, GOT: GET }),
    // @ts-expect-error There is no option prot.
    () => serve(signal, { GET, SEE }, { port: 0, prot: 1 }),
  );
});

Deno.test("serve and connect refuse a wrong protocol", () => {
  const base = { name: "t", version: "1", summary: "Tested." } as const;
  const X = { summary: "Tested." } as const;
  const widened = { ...base, commands: { X: { summary: "Tested.", args: { a: "text" } } } };
  const lower = { ...base, commands: { x: X } } as const;
  const took = { ...base, commands: { X: { ...X, reply: { took: "text" } } } } as const;
  const general = base as unknown as Protocol;
  made(
    () => serve(general, {}),
    () => connect(general, ""),
    // @ts-expect-error The types are lost.
    () => serve(widened, { X: () => {} }),
    // @ts-expect-error The types are lost.
    () => connect(widened, ""),
    // @ts-expect-error A verb is in upper case.
    () => serve(lower, { x: () => {} }),
    // @ts-expect-error The name is reserved.
    () => serve(took, { X: () => ({ took: "" }) }),
  );
});

Deno.test("Client refuses a wrong call", () => {
  type Shop = Client<typeof shop>;
  const right = [
    (client: Shop): Promise<{ sum: number }> => client.ADD({ a: 1, b: 2 }, { within: 500 }),
    (client: Shop) => client.PUT({ queue: "a", body: "text", token: "t" }),
    (client: Shop) => client.PUT({ queue: "a", body: new Uint8Array(1), token: "t", key: "k" }),
    (client: Shop) => client.NOTHING(),
    (client: Shop) => client.NOTHING(undefined, { class: "bulk" }),
    (client: Shop) => client.MANY({ a: true, rest: ["x"] }),
    (client: Shop): Promise<{ word: string }> => client.PING(),
    (client: Shop): Items<{ name: string; size?: number }, { count: number }> =>
      client.LIST({ all: ["a"] }),
  ];
  const wrong = [
    // @ts-expect-error The arguments are missing.
    (client: Shop) => client.ADD(),
    // @ts-expect-error The argument b is missing.
    (client: Shop) => client.ADD({ a: 1 }),
    // @ts-expect-error The argument a is a number.
    (client: Shop) => client.ADD({ a: "1", b: 2 }),
    // @ts-expect-error There is no argument c.
    (client: Shop) => client.ADD({ a: 1, b: 2, c: 3 }),
    // @ts-expect-error The option token is required.
    (client: Shop) => client.PUT({ queue: "a", body: "x" }),
    // @ts-expect-error The enum has no value blue.
    (client: Shop) => client.PICK({ colour: "blue" }),
    // @ts-expect-error A `many` argument is an array.
    (client: Shop) => client.LIST({ all: "a" }),
    // @ts-expect-error A call gives the input of the schema, and Date is its output.
    (client: Shop) => client.WHEN({ day: new Date(), more: [] }),
    // @ts-expect-error There is no such class.
    (client: Shop) => client.NOTHING({}, { class: "urgent" }),
    // @ts-expect-error There is no command SUB.
    (client: Shop) => client.SUB(),
    // @ts-expect-error The reply has no field product.
    async (client: Shop) => (await client.ADD({ a: 1, b: 2 })).product,
  ];
  made(right, wrong);
});

Deno.test("Protocol refuses a wrong description", () => {
  const base = { name: "t", version: "1", summary: "Tested." } as const;
  const X = { summary: "Tested." } as const;
  made(
    { ...base, commands: { X } } satisfies Protocol,
    // @ts-expect-error The summary is missing.
    { ...base, commands: { X: {} } } satisfies Protocol,
    // @ts-expect-error There is no type string.
    { ...base, commands: { X: { ...X, args: { a: "string" } } } } as const satisfies Protocol,
    // @ts-expect-error There is no class urgent.
    { ...base, commands: { X: { ...X, class: "urgent" } } } satisfies Protocol,
    // @ts-expect-error A default is a text, in the written form of the value.
    { ...X, args: { a: { type: "integer", default: 1 } } } satisfies Command,
    // @ts-expect-error There is no such limit.
    { ...X, args: { a: { type: "integer", maximum: 1 } } } satisfies Command,
  );
});
