// The commands on keys.

import { Refusal } from "@lineup/lineup/protocol";
import {
  type Clock,
  type Context,
  type Handlers,
  instant,
  systemClock,
} from "@lineup/lineup/server";
import { integerOf, wrongArity } from "./command_plan.ts";
import { checkConditions, type Condition, endOf, endOfSet, mayExpire } from "./expiry.ts";
import { readGlob } from "./glob.ts";
import { Keyspace, stringOf, typeOf } from "./keyspace.ts";
import type { End } from "./list.ts";
import type { protocol } from "./protocol.ts";
import { NO_ARRAY, OK } from "./reply.ts";
import { type Popped, type Waiter, Waiters } from "./waiters.ts";

/** The memory of a key for which a client waits, roughly. */
const WAITED_KEY_BYTES = 400;
/** The memory of the elements that one LPOP or RPOP takes: what is taken must fit into a reply. */
const MOST_POPPED = 4 << 20;
/** The most elements of one LRANGE. */
const MOST_ELEMENTS = 1 << 20;
const MOST_INTEGER = 2n ** 63n - 1n;
/** An integer that a `number` holds, as most are. */
const SMALL_INTEGER = /^(?:0|-?[1-9]\d{0,14})$/;

/** The handlers of a server, and its figures for INFO. */
export interface RedisService {
  readonly handlers: Handlers<typeof protocol>;
  /** The figures, for the option `stats` of `serve`. */
  readonly stats: () => Iterable<readonly [name: string, value: number]>;
}

/** The integer in a string, and 1 more. Throws a `Refusal` where there is none, or none more in 64 bits. */
function increment(text: string): number | bigint {
  if (SMALL_INTEGER.test(text)) return Number(text) + 1;
  const value = integerOf(text);
  if (value === undefined) {
    throw new Refusal("bad-arguments", "value is not an integer or out of range");
  }
  if (value < MOST_INTEGER) return value + 1n;
  throw new Refusal("bad-arguments", "increment or decrement would overflow");
}

/** A service whose keys take at most `mostBytes`, roughly. */
export function redisService(mostBytes: number, clock: Clock = systemClock): RedisService {
  const now = (): number => Math.floor(clock.wall?.() ?? clock.now());
  const keys = new Keyspace(mostBytes, now);
  const waiters = new Waiters();

  /** Gives the elements of a list to clients that wait for them. */
  function serveWaiters(key: string): void {
    for (let waiter; (waiter = waiters.first(key)) !== undefined;) {
      const { end } = waiter;
      if (keys.list(key) === undefined) return;
      waiters.remove(waiter);
      waiter.popped = [key, keys.change(key, (list) => list.pop(end))];
      waiter.resolve();
    }
  }

  function push(end: End) {
    return ({ key, element }: { key: string; element: string[] }) => {
      keys.reserve();
      const length = keys.change(key, (list) => {
        for (const each of element) list.push(end, each);
        return list.length;
      });
      serveWaiters(key);
      return { length };
    };
  }

  function pop(end: End) {
    return ({ key, count }: { key: string; count?: number }) => {
      if (keys.list(key) === undefined) return { element: count === undefined ? null : NO_ARRAY };
      if (count === undefined) return { element: keys.change(key, (list) => list.pop(end)) };
      return { element: keys.change(key, (list) => list.popMany(end, count, MOST_POPPED)) };
    };
  }

  function blockingPop(end: End) {
    return (
      { key: names, timeout }: { key: string[]; timeout: number },
      context: Context,
    ): { popped?: Popped } | Promise<{ popped?: Popped }> => {
      const ms = Math.ceil(timeout * 1000);
      if (ms >= 2 ** 63) throw new Refusal("bad-arguments", "timeout is out of range");
      if (ms < 0) throw new Refusal("bad-arguments", "timeout is negative");
      for (const name of names) {
        if (keys.list(name) === undefined) continue;
        return { popped: [name, keys.change(name, (list) => list.pop(end))] };
      }
      return wait(names, end, ms === 0 ? Infinity : ms, context);
    };
  }

  async function wait(
    names: readonly string[],
    end: End,
    ms: number,
    context: Context,
  ): Promise<{ popped?: Popped }> {
    context.hold(names.length * WAITED_KEY_BYTES);
    const { promise, resolve } = Promise.withResolvers<void>();
    const waiter: Waiter = { keys: names, end, client: context.client, popped: undefined, resolve };
    waiters.add(waiter);
    const stop = clock.after(ms, resolve);
    try {
      await context.park(promise);
      return { popped: waiter.popped };
    } finally {
      stop();
      waiters.remove(waiter);
      // The client may have left between the push and this.
      if (waiter.popped !== undefined && context.signal.aborted) giveBack(waiter.popped, end);
    }
  }

  function giveBack([key, element]: Popped, end: End): void {
    keys.change(key, (list) => list.push(end, element));
    serveWaiters(key);
  }

  function expire(unit: number, command: string) {
    return ({ key, time, condition = [] }: {
      key: string;
      time: number;
      condition?: Condition[];
    }) => {
      checkConditions(condition);
      const end = endOf(time, unit, now(), command);
      const entry = keys.find(key);
      const may = mayExpire(condition, entry?.expires ?? Infinity, end);
      if (entry === undefined || !may) return { set: 0 };
      if (end <= now()) keys.delete(key);
      else keys.expireAt(entry, end);
      return { set: 1 };
    };
  }

  function timeLeft(unit: number) {
    return ({ key }: { key: string }) => {
      const entry = keys.find(key);
      if (entry === undefined) return { time: -2 };
      if (entry.expires === Infinity) return { time: -1 };
      return { time: Math.floor((entry.expires - now() + unit / 2) / unit) };
    };
  }

  const atOnce: Omit<Handlers<typeof protocol>, "BLPOP" | "BRPOP"> = {
    GET: ({ key }) => ({ value: keys.string(key) }),

    SET({ key, value, nx, xx, get, ...times }) {
      if (nx && xx) throw new Refusal("bad-arguments", "syntax error");
      const end = endOfSet(times, now());
      keys.reserve();
      const before = get ? keys.string(key) ?? null : undefined;
      const entry = keys.find(key);
      const isSet = !(nx && entry !== undefined) && !(xx && entry === undefined);
      if (isSet) keys.set(key, value, end ?? entry?.expires);
      return { value: get ? before : isSet ? OK : null };
    },

    MGET: ({ key }) => ({
      values: key.map((each) => {
        const value = keys.find(each)?.value;
        return typeof value === "string" ? value : null;
      }),
    }),

    MSET({ "key-value": words }) {
      if (words.length % 2 !== 0) throw wrongArity("mset");
      keys.reserve();
      for (let i = 0; i < words.length; i += 2) keys.set(words[i], words[i + 1]);
    },

    INCR({ key }) {
      keys.reserve();
      const entry = keys.find(key);
      const value = increment(entry === undefined ? "0" : stringOf(entry));
      if (entry === undefined) keys.set(key, String(value));
      else keys.replace(entry, String(value));
      return { value };
    },

    STRLEN: ({ key }) => ({ length: keys.string(key)?.length ?? 0 }),

    DEL: ({ key }) => ({ count: key.filter((each) => keys.delete(each)).length }),

    EXISTS: ({ key }) => ({ count: key.filter((each) => keys.find(each) !== undefined).length }),

    TYPE({ key }) {
      const entry = keys.find(key);
      return { type: entry === undefined ? "none" : typeOf(entry) };
    },

    EXPIRE: expire(1000, "expire"),
    PEXPIRE: expire(1, "pexpire"),
    TTL: timeLeft(1000),
    PTTL: timeLeft(1),

    PERSIST({ key }) {
      const entry = keys.find(key);
      if (entry === undefined || entry.expires === Infinity) return { removed: 0 };
      keys.expireAt(entry, Infinity);
      return { removed: 1 };
    },

    SCAN({ cursor, match, count = 10, type }) {
      if (!/^\d{1,20}$/.test(cursor)) throw new Refusal("bad-arguments", "invalid cursor");
      if (count < 1) throw new Refusal("bad-arguments", "syntax error");
      const [left, found] = keys.scan(Number(cursor), {
        count,
        glob: match === undefined || match === "*" ? undefined : readGlob(match),
        patternLength: match?.length ?? 0,
        type: type?.toLowerCase(),
      });
      return { scanned: [String(left), found] };
    },

    DBSIZE: () => ({ count: keys.size }),
    FLUSHALL: () => keys.clear(),

    LPUSH: push("left"),
    RPUSH: push("right"),
    LPOP: pop("left"),
    RPOP: pop("right"),
    LLEN: ({ key }) => ({ length: keys.list(key)?.length ?? 0 }),

    LRANGE({ key, start, stop }) {
      const list = keys.list(key);
      if (list === undefined) return { elements: [] };
      const { length } = list;
      const from = Math.max(0, start < 0 ? length + start : start);
      const to = Math.min(length - 1, stop < 0 ? length + stop : stop);
      if (to - from >= MOST_ELEMENTS) {
        throw new Refusal("body-too-large", `a reply has at most ${MOST_ELEMENTS} elements`);
      }
      return { elements: list.slice(from, to) };
    },
  };
  for (const handler of Object.values(atOnce)) instant(handler as () => unknown);

  return {
    handlers: { ...atOnce, BLPOP: blockingPop("left"), BRPOP: blockingPop("right") },
    stats: () => [
      ["keys", keys.size],
      ["keys-with-ttl", keys.expiring],
      ["keys-expired-total", keys.expired],
      ["keyspace-bytes", keys.bytes],
      ["keyspace-bytes-limit", keys.mostBytes],
    ],
  };
}
