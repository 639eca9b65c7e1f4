import { assert, assertEquals, assertRejects } from "@std/assert";
import { type ClientEvent, connect, ConnectionLost } from "../../client/mod.ts";
import { SEED, seededRandom } from "../seeded_random.ts";
import { VirtualClock } from "../../testing/virtual_clock.ts";
import { Ledger, ledger } from "./ledger.ts";
import { type Answer, type Faults, FaultyProxy, run } from "./proxy.ts";

/** Hosts, and the behaviour of each. */
class Hosts {
  readonly clock = new VirtualClock(0);
  readonly random = seededRandom(SEED);
  readonly served = new Map<string, number>();
  readonly events: ClientEvent[] = [];
  readonly faults = new Map<string, Faults>();
  readonly answers = new Map<string, Answer>();
  readonly ms = new Map<string, number>();
  readonly proxy: FaultyProxy;

  constructor() {
    const service = new Ledger();
    this.proxy = new FaultyProxy(this.clock, (frame, host) => {
      this.served.set(host, (this.served.get(host) ?? 0) + 1);
      return { ...(this.answers.get(host) ?? service.do(frame)), ms: this.ms.get(host) ?? 5 };
    }, (host) => this.faults.get(host) ?? {});
  }

  connect(addresses: string | string[], resolve?: (name: string) => Promise<string[]>) {
    const { clock, random, proxy: { dial } } = this;
    const onEvent = (event: ClientEvent) => void this.events.push(event);
    return run(clock, connect(ledger, addresses, { clock, random, dial, onEvent, resolve }));
  }

  pass(ms: number): Promise<void> {
    return run(this.clock, new Promise<void>((resolve) => this.clock.after(ms, resolve)));
  }
}

/** Makes `count` calls, one every `gap` milliseconds. Resolves with the number of answers. */
async function calls(
  hosts: Hosts,
  client: { LOOK(args: { id: number }): Promise<unknown> },
  count: number,
  gap: number,
): Promise<number> {
  let answered = 0;
  hosts.served.clear();
  for (let id = 0; id < count; id++) {
    client.LOOK({ id }).then(() => answered++, () => {});
    await hosts.pass(gap);
  }
  await hosts.pass(5000);
  return answered;
}

const ADDRESSES = ["tcp://10.0.0.1:1", "tcp://10.0.0.2:1", "tcp://10.0.0.3:1"];

Deno.test("A client uses all of several addresses, the slow one less", async () => {
  const hosts = new Hosts();
  hosts.ms.set("10.0.0.2", 100);
  const client = await hosts.connect(ADDRESSES);
  assertEquals(await calls(hosts, client, 1000, 2), 1000);
  const [first, slow, third] = ["10.0.0.1", "10.0.0.2", "10.0.0.3"].map((host) =>
    hosts.served.get(host) ?? 0
  );
  assert(first > 300 && third > 300, `${first} and ${third}`);
  assert(slow < 100, `${slow} at the slow one`);
  await run(hosts.clock, client.close());
});

Deno.test("A client leaves an address that refuses connections alone for ever longer times, and uses it again later", async () => {
  const hosts = new Hosts();
  hosts.faults.set("10.0.0.2", { dial: "refused" });
  const client = await hosts.connect(ADDRESSES);
  assertEquals(await calls(hosts, client, 1000, 20), 1000);
  const rests = hosts.events.filter((event) => event.type === "resting");
  assert(rests.length > 2 && rests.length < 30, `rested ${rests.length} times in 20 s`);
  assert(rests.every(({ address }) => address === "tcp://10.0.0.2:1"));
  assertEquals(hosts.served.has("10.0.0.2"), false);
  hosts.faults.clear();
  await hosts.pass(30_000);
  await calls(hosts, client, 300, 10);
  assert(hosts.served.get("10.0.0.2")! > 30, `${hosts.served.get("10.0.0.2")} after its recovery`);
  await run(hosts.clock, client.close());
});

Deno.test("A client leaves addresses that answer with failures alone, but never all addresses", async () => {
  const hosts = new Hosts();
  const busy = { lines: [{ head: "ERR", words: ["busy", "No."] }] };
  hosts.answers.set("10.0.0.2", busy);
  const client = await hosts.connect(ADDRESSES);
  assertEquals(await calls(hosts, client, 1000, 10), 1000);
  assert(hosts.served.get("10.0.0.2")! < 150, `${hosts.served.get("10.0.0.2")} of 1000`);
  for (const host of ["10.0.0.1", "10.0.0.3"]) hosts.answers.set(host, busy);
  assertEquals(await calls(hosts, client, 100, 10), 0);
  hosts.answers.clear();
  assert(await calls(hosts, client, 100, 10) > 90);
  await run(hosts.clock, client.close());
});

Deno.test("A connection that is lost moves its calls to another address", async () => {
  const hosts = new Hosts();
  const client = await hosts.connect(ADDRESSES);
  await calls(hosts, client, 100, 5);
  hosts.faults.set("10.0.0.1", { dial: "refused" });
  const pending = Promise.all(Array.from({ length: 60 }, (_, id) => client.LOOK({ id })));
  await hosts.pass(1);
  hosts.proxy.reset("10.0.0.1");
  assertEquals((await run(hosts.clock, pending)).length, 60);
  await run(hosts.clock, client.close());
});

Deno.test("A name with several addresses counts as several, and is resolved again when one fails", async () => {
  const hosts = new Hosts();
  let names = ["10.0.0.1", "10.0.0.2"];
  let asked = 0;
  const client = await hosts.connect("queue.example:1", () => {
    asked++;
    return Promise.resolve(names);
  });
  await calls(hosts, client, 200, 5);
  assertEquals([...hosts.served.keys()].sort(), ["10.0.0.1", "10.0.0.2"]);
  await hosts.pass(10_000);
  names = ["10.0.0.2", "10.0.0.3"];
  hosts.faults.set("10.0.0.1", { dial: "refused" });
  hosts.proxy.reset();
  await calls(hosts, client, 200, 5);
  assertEquals(asked, 2);
  await calls(hosts, client, 200, 5);
  assertEquals([...hosts.served.keys()].sort(), ["10.0.0.2", "10.0.0.3"]);
  await run(hosts.clock, client.close());
});

Deno.test("A name that cannot be resolved is dialled as it is", async () => {
  const hosts = new Hosts();
  const client = await hosts.connect(
    "queue.example:1",
    () => Promise.reject(new Error("no DNS here")),
  );
  await calls(hosts, client, 3, 5);
  assertEquals([...hosts.served.keys()], ["queue.example"]);
  await run(hosts.clock, client.close());
});

Deno.test("connect tries all addresses before it rejects", async () => {
  const hosts = new Hosts();
  hosts.faults.set("10.0.0.1", { dial: "refused" }).set("10.0.0.2", { dial: "silence" });
  const client = await hosts.connect(ADDRESSES);
  await run(hosts.clock, client.close());
  hosts.faults.set("10.0.0.3", { dial: "refused" });
  const error = await assertRejects(
    () => hosts.connect(ADDRESSES),
    ConnectionLost,
    "cannot connect",
  );
  assertEquals(error.executed, "no");
  await assertRejects(() => hosts.connect([]), ConnectionLost, "no address");
});
