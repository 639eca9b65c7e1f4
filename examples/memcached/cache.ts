// The handlers: the effect of each command on the items. Nothing here knows how a command is written.

import { type Handlers, instant } from "@lineup/lineup/server";
import { Refusal } from "@lineup/lineup";
import { Item, Lru } from "./lru.ts";
import type { protocol } from "./protocol.ts";

/** The version of memcached whose protocol this is. Some clients read its numbers. */
export const VERSION = "1.6.18";

const MONTH = 60 * 60 * 24 * 30;
/** The longest item. As in the original, 59 bytes beside its key and value count, and 4 more for flags. */
const MOST_ITEM = 1 << 20;
const ITEM_HEADER = 59;
/** A number at the beginning of a value: white space may stand before it, and anything behind white space. */
const NUMBER = /^\s*\+?([0-9]+)(?:\s|$)/;
const MOST_NUMBER = 64;
const ANYTHING = /^/;
const MOST_JOINS = 64;
const TWO_TO_64 = 1n << 64n;

/** The counts of `stats`, under the names of the original. */
const COUNTS = {
  cmd_get: 0,
  cmd_set: 0,
  cmd_flush: 0,
  cmd_touch: 0,
  get_hits: 0,
  get_misses: 0,
  delete_misses: 0,
  delete_hits: 0,
  incr_misses: 0,
  incr_hits: 0,
  decr_misses: 0,
  decr_hits: 0,
  cas_misses: 0,
  cas_hits: 0,
  cas_badval: 0,
  touch_hits: 0,
  touch_misses: 0,
  store_too_large: 0,
  total_items: 0,
};

/** A cache. */
export interface Cache {
  /** Its handlers. */
  readonly handlers: Handlers<typeof protocol>;
  /** Its figures. The first word of a name is the list that `stats` shows it in. */
  figures(): Iterable<readonly [name: string, value: string | number]>;
}

/** Makes a cache whose items cost at most `mostBytes`. `now` tells the time in ms since the Unix epoch. */
export function createCache(mostBytes: number, now: () => number = Date.now): Cache {
  const items = new Lru(mostBytes);
  const counts = { ...COUNTS };
  let lastCas = 0;
  let flushAt = Infinity;
  let verbosity = 0;

  function expiry(exptime: number): number {
    if (exptime === 0) return Infinity;
    if (exptime < 0) return 0;
    return 1000 * exptime + (exptime > MONTH ? 0 : now());
  }

  const ttl = ({ expires }: Item): number =>
    expires === Infinity ? -1 : Math.max(0, Math.ceil((expires - now()) / 1000));

  /** The item under a key, unless its time is over. */
  function find(key: string): Item | undefined {
    if (flushAt < Infinity && flushAt <= now()) {
      flushAt = Infinity;
      items.clear();
    }
    const item = items.get(key);
    if (item === undefined || item.expires === Infinity || item.expires > now()) return item;
    items.delete(key);
    return undefined;
  }

  function count(item: Item | undefined, touch: number | undefined): void {
    const hit = item === undefined ? 0 : 1;
    if (touch === undefined) {
      counts.cmd_get++;
      counts.get_hits += hit;
      counts.get_misses += 1 - hit;
    } else {
      counts.cmd_touch++;
      counts.touch_hits += hit;
      counts.touch_misses += 1 - hit;
    }
  }

  function use(item: Item): void {
    item.fetched = true;
    item.usedAt = now();
    items.use(item);
  }

  function fetch(key: string, touch: number | undefined): Item | undefined {
    const item = find(key);
    count(item, touch);
    if (item === undefined) return undefined;
    if (touch !== undefined) item.expires = expiry(touch);
    use(item);
    return item;
  }

  function put(item: Item): Item {
    item.cas = ++lastCas;
    item.usedAt = now();
    counts.total_items++;
    items.set(item);
    return item;
  }

  const handlers: Cache["handlers"] = {
    GET: instant(({ key, touch }) => fetch(key, touch)),

    *MULTIGET({ keys, touch }) {
      for (const key of keys) {
        const item = fetch(key, touch);
        if (item !== undefined) yield item;
      }
    },

    LOOKUP: instant(({ key, touch, create, recache = 0, peek }) => {
      let item = find(key);
      const isNew = item === undefined && create !== undefined;
      if (isNew) item = put(new Item(key, "", 0, expiry(create)));
      count(item, item && touch);
      if (item === undefined) return;
      if (touch !== undefined) item.expires = expiry(touch);
      const { value, flags, cas, fetched, stale, sent } = item;
      const isSoonOver = recache > 0 && item.expires < expiry(recache);
      const won = isNew || (!sent && (stale || isSoonOver));
      const idle = Math.floor((now() - item.usedAt) / 1000);
      if (won) item.sent = true;
      if (!peek) use(item);
      return { value, flags, cas, ttl: ttl(item), idle, fetched, stale, sent, won };
    }),

    STORE: instant(({ key, value, mode, flags, exptime, cas, invalidate }) => {
      const old = find(key);
      if (value === undefined || !fits(key, flags, value)) {
        counts.store_too_large++;
        // Nobody should read the value that this one replaces.
        if (mode === "set" && cas === undefined) items.delete(key);
        throw new Refusal("too-large", "object too large for cache");
      }
      counts.cmd_set++;
      let item = new Item(key, value, flags, expiry(exptime));
      if (mode === "add") {
        if (old !== undefined) {
          items.use(old);
          return { outcome: "NOT_STORED", cas: 0 };
        }
      } else if (mode === "append" || mode === "prepend") {
        if (old === undefined) return { outcome: "NOT_STORED", cas: 0 };
        if (cas !== undefined && cas !== 0 && cas !== old.cas) return { outcome: "EXISTS", cas: 0 };
        const both = mode === "append" ? old.value + value : value + old.value;
        if (!fits(key, old.flags, both)) return { outcome: "NOT_STORED", cas: 0 };
        item = new Item(key, both, old.flags, old.expires);
        item.joins = joinsOf(both, old.joins + 1);
      } else if (cas !== undefined) {
        if (old === undefined) {
          counts.cas_misses++;
          return { outcome: "NOT_FOUND", cas: 0 };
        }
        const isLate = invalidate === true && cas !== 0 && cas < old.cas;
        if (cas !== old.cas && !isLate) {
          counts.cas_badval++;
          return { outcome: "EXISTS", cas: 0 };
        }
        counts.cas_hits++;
        if (isLate) {
          item.expires = old.expires;
          item.stale = true;
          item.sent = old.sent;
        }
      } else if (mode === "replace" && old === undefined) return { outcome: "NOT_STORED", cas: 0 };
      return { outcome: "STORED", cas: put(item).cas };
    }),

    DELETE: instant(({ key, cas, stale, exptime }) => {
      const item = find(key);
      if (item === undefined || (cas !== undefined && cas !== item.cas)) {
        counts.delete_misses++;
        return { outcome: item === undefined ? "NOT_FOUND" : "EXISTS" };
      }
      if (stale) {
        if (exptime !== undefined) item.expires = expiry(exptime);
        item.stale = true;
        item.sent = false;
        item.cas = ++lastCas;
      } else {
        counts.delete_hits++;
        items.delete(key);
      }
      return { outcome: "DELETED" };
    }),

    CHANGE: instant(({ key, by, down, cas = 0, touch, create, initial = "0" }) => {
      let item = find(key);
      let value = initial;
      if (item === undefined) {
        if (create === undefined) {
          counts[down ? "decr_misses" : "incr_misses"]++;
          return { outcome: "NOT_FOUND" };
        }
        item = put(new Item(key, value, 0, expiry(create)));
      } else {
        const before = NUMBER.exec(item.value.slice(0, MOST_NUMBER))?.[1];
        if (item.value !== "" && cas !== 0 && cas !== item.cas) return { outcome: "EXISTS" };
        if (before === undefined || BigInt(before) >= TWO_TO_64) {
          throw new Refusal(
            "not-a-number",
            "cannot increment or decrement non-numeric value",
          );
        }
        counts[down ? "decr_hits" : "incr_hits"]++;
        value = String(changed(BigInt(before), BigInt(by), down === true));
        if (value.length > item.value.length) {
          item = put(new Item(key, value, item.flags, item.expires));
        } else {
          // As in the original, a number that gets shorter keeps its length.
          item.value = value.padEnd(item.value.length);
          item.cas = ++lastCas;
          items.use(item);
        }
      }
      if (touch !== undefined) item.expires = expiry(touch);
      return { outcome: "CHANGED", cas: item.cas, ttl: ttl(item), value };
    }),

    TOUCH: instant(({ key, exptime }) => ({ found: fetch(key, exptime) !== undefined })),

    "FLUSH-ALL": instant(({ exptime }) => {
      counts.cmd_flush++;
      flushAt = exptime > 0 ? expiry(exptime) : Infinity;
      if (exptime > 0) return;
      lastCas++;
      items.clear();
    }),

    VERBOSITY: instant(({ level }) => {
      verbosity = level;
    }),

    "RESET-STATS": instant(() => {
      Object.assign(counts, COUNTS);
      items.evictions = 0;
    }),

    VERSION: instant(() => ({ version: VERSION })),

    NOOP: instant(() => {}),
  };

  return {
    handlers,
    *figures() {
      yield ["stats pid", Deno.pid];
      yield ["stats time", Math.floor(now() / 1000)];
      yield ["stats version", VERSION];
      yield ["stats pointer_size", 64];
      yield ["stats threads", 1];
      for (const [name, value] of Object.entries(counts)) yield [`stats ${name}`, value];
      yield ["stats limit_maxbytes", items.most];
      yield ["stats bytes", items.bytes];
      yield ["stats curr_items", items.size];
      yield ["stats evictions", items.evictions];
      yield ["settings maxbytes", items.most];
      yield ["settings verbosity", verbosity];
      yield ["settings evictions", "on"];
      yield ["settings cas_enabled", "yes"];
      yield ["settings flush_enabled", "yes"];
      yield ["settings item_size_max", MOST_ITEM];
      yield ["settings num_threads", 1];
    },
  };
}

function fits(key: string, flags: number, value: string): boolean {
  return ITEM_HEADER + key.length + (flags === 0 ? 0 : 4) + value.length <= MOST_ITEM;
}

/**
 * The number of parts that a joined text has beside its first. V8 keeps it as a tree of them until a pattern looks at
 * it, and then as one piece. To do that at each append to a long value would take long.
 */
function joinsOf(text: string, joins: number): number {
  if (joins < MOST_JOINS) return joins;
  ANYTHING.test(text);
  return 0;
}

function changed(value: bigint, by: bigint, down: boolean): bigint {
  if (!down) return (value + by) % TWO_TO_64;
  return by > value ? 0n : value - by;
}
