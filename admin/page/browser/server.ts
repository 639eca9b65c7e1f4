// The connection to the server, over our own client for browsers.

import { connect, Refusal } from "../../../client/browser.ts";
import type { DynamicClient } from "../../../client/client.ts";
import type { Values } from "../../../protocol/shape.ts";
import { Rights } from "../../../queue/rights.ts";
import {
  NO_PERMISSIONS,
  type PageRequest,
  type Permissions,
  permits,
  seesFigures,
} from "./permissions.ts";
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
  /** The rights of this page. */
  readonly permissions: Permissions;
  /** The keys to which all its rights are limited, as patterns. */
  readonly keys?: readonly string[];
}

const ADDRESS = `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/lineup`;
const TOKEN = "lineup-token";
const RETRY_MS = 2000;
const WITHIN_MS = 20_000;
/** How often we ask for our rights: they may grow while a connection is open. */
const RIGHTS_MS = 15_000;
const NONE: PageConnection = {
  state: "connecting",
  takesTokens: false,
  permissions: NO_PERMISSIONS,
};

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
      const hello = await greet(opened);
      if (own !== attempt) return void opened.close(0);
      if (hello.isLocked) {
        void opened.close(0);
        connection.set({ ...hello, state: "locked", permissions: NO_PERMISSIONS });
        return;
      }
      client = opened;
      connection.set({ ...hello, state: "open" });
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

/** Asks who we are, and what we may do. */
async function greet(opened: DynamicClient): Promise<Omit<PageConnection, "state">> {
  const { auth, identity, body } = await opened.call("HELLO", {
    version: "lineup/1",
    rights: true,
  });
  const { name, version, commands } = opened.protocol;
  const told = body as
    | Pick<ConstructorParameters<typeof Rights>[0], "roles" | "grants">
    | undefined;
  return {
    protocol: `${name}/${version}`,
    identity: identity as string | undefined,
    takesTokens: auth !== undefined && auth !== "none",
    isLocked: auth === "required" && identity === undefined,
    permissions: {
      commands: new Set(Object.keys(commands)),
      rights: told && new Rights({ name: String(identity), ...told }),
    },
    keys: told?.grants.keys,
  };
}

/** Asks again what we may do, now and then, as long as the page is seen. */
export async function followRights(): Promise<never> {
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, RIGHTS_MS));
    if (!document.hidden) await renewRights();
  }
}

async function renewRights(): Promise<void> {
  const asked = client;
  if (asked === undefined || connection.get().permissions.rights === undefined) return;
  try {
    const hello = await greet(asked);
    if (client === asked) connection.set({ ...connection.get(), ...hello });
  } catch {
    // The next request tells of a lost connection.
  }
}

function stateAfter(error: unknown): PageConnection["state"] {
  const { cause } = error as Error;
  const refusal = error instanceof Refusal ? error : cause;
  if (refusal instanceof Refusal && refusal.code === "unauthenticated") return "locked";
  return "lost";
}

/** Whether this page may make a request about a queue, and a key of it; without a queue: about any. */
export function may(request: PageRequest, queue?: string, key?: string): boolean {
  return permits(connection.get().permissions, request, queue, key);
}

/** Whether this page may see the figures of the server. */
export function maySeeFigures(): boolean {
  return seesFigures(connection.get().permissions);
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
      } else if (error.code === "forbidden") void renewRights();
    } else if ((error as Error).name === "ConnectionLost") {
      lose((error as Error).message);
    }
    throw error;
  }
}
