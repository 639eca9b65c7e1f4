// The connection to the server, over our own client for browsers.

import { connect, Refusal } from "../../../client/browser.ts";
import type { DynamicClient } from "../../../client/client.ts";
import type { Values } from "../../../protocol/shape.ts";
import { createStore, type Watched } from "./store.ts";

export type { Values };

/** The state of the connection. */
export interface PageConnection {
  /** `locked`: the server wants a token. `foreign`: it speaks no Lineup/1 here. */
  readonly state: "connecting" | "open" | "lost" | "locked" | "foreign";
  /** Why it is lost or locked. */
  readonly why?: string;
  /** The name and version of the protocol. */
  readonly protocol?: string;
  /** The identity that the server knows this page by. */
  readonly identity?: string;
  /** Whether the server takes tokens. */
  readonly takesTokens: boolean;
  /** Whether it wants one first. */
  readonly isLocked?: boolean;
  /** The commands that this page may use. */
  readonly commands: ReadonlySet<string>;
}

const ADDRESS = `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/lineup`;
const TOKEN = "lineup-token";
const RETRY_MS = 2000;
const WITHIN_MS = 20_000;
const NONE: PageConnection = { state: "connecting", takesTokens: false, commands: new Set() };

/** The state of the connection, for all to see. */
export const connection: Watched<PageConnection> = createStore<PageConnection>(NONE);

let client: DynamicClient | undefined;
let attempt = 0;

/** The token of this tab; it is gone when the tab is closed. */
export function token(): string | undefined {
  return sessionStorage.getItem(TOKEN) ?? undefined;
}

/** Uses another token from now on; none if it is empty. */
export function setToken(text: string): void {
  if (text === "") sessionStorage.removeItem(TOKEN);
  else sessionStorage.setItem(TOKEN, text);
  void open();
}

/** Connects, and tries again until it can. */
export async function open(): Promise<void> {
  const own = ++attempt;
  const before = client;
  client = undefined;
  void before?.close(0);
  for (;;) {
    try {
      const opened = await connect(ADDRESS, {
        agent: "lineup-page",
        ...token() === undefined ? {} : { token: token() },
      });
      const [hello, allowed] = await greet(opened);
      if (own !== attempt) return void opened.close(0);
      if (hello.isLocked) {
        void opened.close(0);
        connection.set({ ...hello, state: "locked", commands: NONE.commands });
        return;
      }
      client = opened;
      connection.set({ ...hello, state: "open", commands: allowed });
      return;
    } catch (error) {
      if (own !== attempt) return;
      const state = stateAfter(error);
      connection.set({ ...connection.get(), state, why: (error as Error).message });
      if (state !== "lost") return;
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      if (own !== attempt) return;
    }
  }
}

/** Asks who we are. A command that the server would forbid is none of ours. */
async function greet(
  opened: DynamicClient,
): Promise<[Omit<PageConnection, "state" | "commands">, Set<string>]> {
  const { auth, identity } = await opened.call("HELLO", { version: "lineup/1" });
  const { name, version, commands } = opened.protocol;
  return [
    {
      protocol: `${name}/${version}`,
      identity: identity as string | undefined,
      takesTokens: auth !== undefined && auth !== "none",
      isLocked: auth === "required" && identity === undefined,
    },
    new Set(Object.keys(commands)),
  ];
}

function stateAfter(error: unknown): PageConnection["state"] {
  const { cause } = error as Error;
  const refusal = error instanceof Refusal ? error : cause;
  if (refusal instanceof Refusal && refusal.code === "unauthenticated") return "locked";
  return "lost";
}

/** Whether this page may use a command. */
export function may(verb: string): boolean {
  return connection.get().commands.has(verb);
}

/** Calls a command without items. */
export async function call(verb: string, args: Values = {}, within = WITHIN_MS): Promise<Values> {
  return await told(need().call(verb, args as never, { within }));
}

/** Calls a command with items, and reads them all. */
export async function list(
  verb: string,
  args: Values = {},
): Promise<{ items: readonly Values[]; reply: Values }> {
  const answer = need().stream(verb, args as never, { within: WITHIN_MS });
  const items: Values[] = [];
  const read = async (): Promise<Values> => {
    for await (const item of answer) items.push(item as Values);
    return await answer.reply as Values;
  };
  return { items, reply: await told(read()) };
}

function need(): DynamicClient {
  if (client === undefined) throw new Error("There is no connection to the server.");
  return client;
}

/** Notes that the server cannot be reached, whoever has found it out, and connects again. */
export function lose(why: string): void {
  // Another state than open has its own reason, or is trying already.
  if (connection.get().state !== "open") return;
  connection.set({ ...connection.get(), state: "lost", why });
  void open();
}

/** Notes whether the connection still works. */
async function told<T>(answer: Promise<T>): Promise<T> {
  try {
    const result = await answer;
    if (client !== undefined && connection.get().state === "lost") {
      connection.set({ ...connection.get(), state: "open" });
    }
    return result;
  } catch (error) {
    if (error instanceof Refusal) {
      if (error.code === "unauthenticated") {
        connection.set({ ...connection.get(), state: "locked", why: error.message });
      }
    } else if ((error as Error).name === "ConnectionLost") {
      lose((error as Error).message);
    }
    throw error;
  }
}
