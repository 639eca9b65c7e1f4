// The documented use of memcached of npm, against the server on the port that is its argument.

import { assertEquals } from "@std/assert";
import Memcached from "npm:memcached@2.2.2";

const client = new Memcached(`127.0.0.1:${Deno.args[0]}`, { retries: 0, timeout: 5000 });
// deno-lint-ignore no-explicit-any
const call = (method: string, ...args: unknown[]): Promise<any> =>
  new Promise((resolve, reject) =>
    // deno-lint-ignore no-explicit-any
    (client as any)[method](
      ...args,
      (error: unknown, data: unknown) => error ? reject(error) : resolve(data),
    )
  );
assertEquals(await call("set", "greeting", "hello", 100), true);
assertEquals(await call("get", "greeting"), "hello");
assertEquals(await call("get", "other"), undefined);
await call("set", "number", 5, 0);
assertEquals(await call("incr", "number", 3), 8);
assertEquals(await call("decr", "number", 1), 7);
assertEquals(await call("incr", "none", 1), false);
const { cas } = await call("gets", "greeting");
assertEquals(await call("cas", "greeting", "again", cas, 100), true);
assertEquals(await call("cas", "greeting", "late", cas, 100), false);
assertEquals(await call("append", "greeting", "!"), true);
assertEquals(await call("prepend", "greeting", "> "), true);
const all = await call("getMulti", ["greeting", "number", "other"]);
assertEquals({ ...all }, { greeting: "> again!", number: 7 });
assertEquals(await call("add", "fresh", { a: [1, "ü"] }, 100), true);
assertEquals(await call("get", "fresh"), { a: [1, "ü"] });
assertEquals(await call("touch", "greeting", 10), true);
assertEquals(await call("del", "greeting"), true);
assertEquals(await call("del", "greeting"), false);
const [stats] = await call("stats");
assertEquals(stats.curr_items, 2);
const [version] = await call("version");
assertEquals(version.version, "1.6.18");
assertEquals(await call("flush"), [true]);
assertEquals(await call("get", "number"), undefined);
client.end();
console.log("all as expected");
