// Clients of beanstalkd in other languages: their documented use, against `lineup queue --beanstalkd`.

import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { startLineup } from "../../cli/lineup_process.ts";
import { run } from "../program.ts";
import jackd from "npm:jackd@2.2.2";
import fivebeans from "npm:fivebeans@1.5.0";

// Its types have a default export, and its module is that class.
const Jackd = jackd as unknown as typeof jackd.default;

/** A queue of its own, for clients of beanstalkd. Resolves with their port. */
async function withQueue(test: (port: number) => Promise<void>): Promise<void> {
  const port = freePort();
  const args = ["queue", "--port", "0", "--data", ":memory:", "--beanstalkd", String(port)];
  await using queue = await startLineup(args);
  try {
    await test(port);
  } finally {
    queue.kill("SIGTERM");
    const { code, err } = await queue.finished();
    assertEquals(code, 0, err);
    assertMatch(err, new RegExp(`Clients of beanstalkd connect to tcp://127.0.0.1:${port}\\.`));
  }
}

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

const here = new URL(".", import.meta.url).pathname;

for (
  const [language, program, file] of [
    ["beaneater (Ruby)", "ruby", "client.rb"],
    ["pheanstalk (PHP)", "php", "client.php"],
  ]
) {
  Deno.test(`${language} works against lineup queue --beanstalkd`, () =>
    withQueue(async (port) => {
      const { code, out } = await run(program, [here + file, String(port)]);
      assertEquals(out, await Deno.readTextFile(`${here}${file}.txt`));
      assertEquals(code, 0);
    }));
}

Deno.test("jackd works against lineup queue --beanstalkd", () =>
  withQueue(async (port) => {
    const text = (payload: unknown): string => new TextDecoder().decode(payload as Uint8Array);
    const producer = new Jackd();
    const consumer = new Jackd();
    await producer.connect({ host: "127.0.0.1", port });
    await consumer.connect({ host: "127.0.0.1", port });
    assertEquals(await producer.use("awesome-tube"), "awesome-tube");
    assertEquals(await consumer.watch("awesome-tube"), 2);
    assertEquals(await consumer.ignore("default"), 1);
    await assertRejects(() => consumer.ignore("awesome-tube"), Error, "NOT_IGNORED");
    const waiting = consumer.reserve();
    const id = await producer.put({ foo: "bar" }, { delay: 0, priority: 10, ttr: 600 });
    const job = await waiting;
    assertEquals([job.id, JSON.parse(text(job.payload))], [id, { foo: "bar" }]);
    await consumer.touch(id);
    await consumer.release(id, { priority: 10, delay: 0 });
    assertEquals((await consumer.reserveWithTimeout(5)).id, id);
    await consumer.bury(id, 0);
    assertEquals(text((await producer.peekBuried()).payload), '{"foo":"bar"}');
    await producer.kickJob(id);
    assertEquals((await producer.peekReady()).id, id);
    assertMatch(String(await producer.statsJob(id)), /\nburies: 1\nkicks: 1\n/);
    assertMatch(String(await producer.statsTube("awesome-tube")), /\nname: "awesome-tube"\n/);
    await consumer.delete(id);
    await assertRejects(() => consumer.delete(id), Error, "NOT_FOUND");
    await assertRejects(() => consumer.reserveWithTimeout(0), Error, "TIMED_OUT");
    const hostile = "a\0\r\nquit\r\né";
    await producer.put(hostile);
    assertEquals(text((await consumer.reserve()).payload), hostile);
    assertMatch(String(await producer.stats("")), /^---\ncurrent-jobs-urgent: 0\n/);
    assertEquals(await producer.kick(10), 0);
    await producer.disconnect();
    await consumer.disconnect();
  }));

Deno.test("fivebeans works against lineup queue --beanstalkd", () =>
  withQueue(async (port) => {
    const client = new fivebeans.client("127.0.0.1", port);
    /** Calls a method of the client. Resolves with what it calls back with. */
    const ask = (method: string, ...args: unknown[]): Promise<unknown[]> =>
      new Promise((resolve, reject) =>
        client[method](...args, (error: unknown, ...values: unknown[]) =>
          error ? reject(new Error(String(error))) : resolve(values))
      );
    await new Promise((resolve, reject) => {
      client.on("connect", resolve).on("error", reject);
      client.connect();
    });
    const text = (payload: unknown): string =>
      new TextDecoder().decode(payload as Uint8Array);
    assertEquals(await ask("use", "testtube"), ["testtube"]);
    assertEquals(await ask("list_tube_used"), ["testtube"]);
    const [id] = await ask("put", 10, 0, 60, JSON.stringify(["testtube", { type: "t" }]));
    const [later] = await ask("put", 1, 60, 60, "later");
    assertEquals((await ask("peek_ready"))[0], id);
    assertEquals(text((await ask("peek_delayed"))[1]), "later");
    await assertRejects(
      () =>
        ask("peek_buried"),
      Error,
      "NOT_FOUND",
    );
    assertEquals(await ask("watch", "testtube"), ["2"]);
    assertEquals(await ask("ignore", "default"), ["1"]);
    assertEquals(await ask("list_tubes_watched"), [["testtube"]]);
    assertEquals((await ask("reserve"))[0], id);
    await ask("touch", id);
    await ask("bury", id, 5);
    assertEquals(await ask("kick", 10), ["1"]);
    assertEquals((await ask("reserve_with_timeout", 5))[0], id);
    await ask("release", id, 9, 0);
    const [job] = await ask("stats_job", id) as [Record<string, unknown>];
    assertEquals([job.tube, job.state, job.pri, job.releases], ["testtube", "ready", 9, 1]);
    const [tube] = await ask("stats_tube", "testtube") as [Record<string, unknown>];
    assertEquals([tube.name, tube["current-jobs-delayed"]], ["testtube", 1]);
    await ask("kick_job", later);
    await ask("destroy", later);
    assertEquals(text((await ask("peek", id))[1]), '["testtube",{"type":"t"}]');
    await ask("pause_tube", "testtube", 1);
    assertEquals(await ask("list_tubes"), [["default", "testtube"]]);
    const [stats] = await ask("stats") as [Record<string, unknown>];
    assertEquals([stats["current-jobs-ready"], stats.draining], [1, false]);
    await ask("destroy", id);
    await new Promise((resolve) => {
      client.on("close", resolve);
      client.quit();
    });
  }));
