// Tests of the types of services: the compiler accepts and refuses these lines. The functions need not run.

import type { Protocol } from "@lineup/lineup/protocol";
import {
  type Around,
  type Context,
  type Handlers,
  inWorker,
  serve,
  type Service,
  service,
} from "@lineup/lineup/server";

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2) ? true
  : false;
function same<A, B>(_: Equal<A, B>): void {}
function made(..._functions: readonly unknown[]): void {}

const chat = {
  name: "chat",
  version: "1.0",
  summary: "Says things.",
  commands: {
    SAY: { summary: "Say.", args: { text: "text" }, reply: { n: "integer" } },
    EACH: { summary: "Hear.", items: { text: "text" }, reply: { n: "integer" } },
  },
} as const satisfies Protocol;

interface Session {
  user?: string;
}

const signedIn: Around<{ state: Session }, { user: string }> = (_args, { state }, next) =>
  next({ user: state.user ?? "nobody" });
const tenant: Around<{ user: string }, { tenant: number }> = (_args, { user }, next) =>
  next({ tenant: user.length });
const logged: Around = (_args, { log }, next) => {
  log("asked");
  return next();
};
const rest = {
  *EACH() {
    yield { text: "a" };
    return { n: 1 };
  },
} satisfies Partial<Handlers<typeof chat>>;

Deno.test("service gives handlers the state and what middleware adds", () => {
  made(
    (): Service =>
      service(chat)({
        state: (client) => ({ id: client.id, said: 0 }),
        handlers: {
          ...rest,
          SAY: ({ text }, { state }) => {
            same<typeof text, string>(true);
            same<typeof state, { id: number; said: number }>(true);
            return { n: ++state.said };
          },
        },
      }),
    (): Service =>
      service(chat)({
        state: (): Session => ({}),
        around: [logged, signedIn, tenant],
        handlers: {
          SAY: (_, { user, tenant, state }) => {
            same<typeof user, string>(true);
            same<typeof tenant, number>(true);
            same<typeof state, Session>(true);
            return { n: tenant };
          },
          async *EACH(_, { user }) {
            yield { text: user };
            return { n: await Promise.resolve(1) };
          },
        },
      }),
    (): Service =>
      service(chat)({
        around: [
          (_args, { verb, state }, next) => {
            same<typeof state, unknown>(false);
            return next({ lower: verb.toLowerCase() });
          },
          async (_args, _context, next) => await next(),
          () => {
            throw new Error("never here");
          },
        ],
        handlers: { ...rest, SAY: (_, { lower }) => ({ n: lower.length }) },
      }),
    (): Service => service(chat)({ handlers: { SAY: inWorker, EACH: inWorker } }),
    (context: Context<Session>): string | undefined => context.state.user,
  );
});

Deno.test("service knows the values of an enum, inline and as a constant", () => {
  const lamp = {
    name: "lamp",
    version: "1.0",
    summary: "A lamp.",
    commands: {
      STATUS: {
        summary: "Is it on?",
        reply: { state: { type: "enum", values: ["on", "off"] } },
      },
    },
  } as const;
  made(
    (): Service => service(lamp)({ handlers: { STATUS: () => ({ state: "on" }) } }),
    (): Service =>
      service(lamp)({
        state: () => ({ isOn: true }),
        handlers: {
          async STATUS(_, { state }) {
            return await Promise.resolve({ state: state.isOn ? "on" : "off" });
          },
        },
      }),
    // @ts-expect-error The enum has no value dim.
    () => service(lamp)({ handlers: { STATUS: () => ({ state: "dim" }) } }),
  );
});

Deno.test("serve takes several services, also as a spread list", () => {
  const one: Service = service(chat)({ handlers: { SAY: inWorker, EACH: inWorker } });
  const all: readonly Service[] = [one];
  made(
    () => serve(one),
    () => serve([one, service(chat)({ handlers: { SAY: inWorker, EACH: inWorker } })]),
    () => serve(all),
    () => serve([...all, one], { port: 0 }),
    // @ts-expect-error A number is no service.
    () => serve([...all, 1]),
  );
});

Deno.test("service refuses wrong handlers and middleware", () => {
  made(
    () =>
      service(chat)({
        handlers: {
          ...rest,
          SAY: () => ({ n: 1 }),
          // @ts-expect-error There is no command SHOUT.
          SHOUT: () => {},
        },
      }),
    // @ts-expect-error The handler of EACH is missing.
    () => service(chat)({ handlers: { SAY: () => ({ n: 1 }) } }),
    // @ts-expect-error The reply is a number.
    () => service(chat)({ handlers: { ...rest, SAY: () => ({ n: "1" }) } }),
    () =>
      service(chat)({
        handlers: {
          ...rest,
          // @ts-expect-error Nothing adds user.
          SAY: (_, { user }) => ({ n: user.length }),
        },
      }),
    () =>
      service(chat)({
        state: (): Session => ({}),
        around: [signedIn],
        // @ts-expect-error Nothing adds tenant.
        handlers: { ...rest, SAY: (_, { tenant }) => ({ n: tenant }) },
      }),
    () =>
      service(chat)({
        state: (): Session => ({}),
        // @ts-expect-error Nothing before it adds user.
        around: [tenant, signedIn],
        handlers: { ...rest, SAY: () => ({ n: 1 }) },
      }),
    () =>
      service(chat)({
        // @ts-expect-error The connections have no state.
        around: [signedIn],
        handlers: { ...rest, SAY: () => ({ n: 1 }) },
      }),
    // @ts-expect-error The middleware adds a number.
    (): Around<unknown, { user: string }> => (_args, _context, next) => next({ user: 1 }),
  );
});
