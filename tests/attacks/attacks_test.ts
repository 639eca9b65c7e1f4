import { assertEquals, assertMatch } from "@std/assert";
import { RawClient } from "../raw_client.ts";
import { TestServer } from "../test_server.ts";
import { PeerListener, settle } from "../streams.ts";
import { type Attack, attacks } from "./attacks.ts";

/** The most bytes that a server holds for one attacker on average, by all bounds together. */
const MOST_HELD = 2 << 20;

for (const attack of attacks) {
  Deno.test(`serve answers an attack by the rules, and a polite client as always: ${attack.name}`, () =>
    run(attack));
}

async function run(attack: Attack): Promise<void> {
  const { connections = 1, oneAddress = false, reads = true } = attack;
  const listener = new PeerListener();
  await using testServer = await TestServer.open({ listen: [listener] });
  using polite = await RawClient.open(listener.connect("198.51.100.1:1"));
  const beside = async (): Promise<void> => {
    await polite.send("SAY hello\n");
    assertEquals(await polite.line(), "OK hello");
  };
  await beside();
  const attackers = Array.from(
    { length: connections },
    (_, i) => {
      const attacker = new RawClient(listener.connect(address(oneAddress ? 0 : i, i)));
      return reads ? attacker.listen() : attacker;
    },
  );
  try {
    await Promise.all(attackers.map((each) => send(each, attack.sent)));
    await settle(testServer);
    await beside();
    for (let second = 0; second < (attack.dribble?.seconds ?? 0); second++) {
      await Promise.all(attackers.map((each) => send(each, attack.dribble!.sent)));
      await testServer.clock.elapse(1000);
      await beside();
    }
    for (let second = 0; second < (attack.stays ?? 0); second++) {
      await testServer.clock.elapse(1000);
      if (second % 10 === 0) await beside();
    }
    await settle(testServer);
    await beside();
    for (const each of attackers) {
      const answer = each.take().replaceAll("\r\n", "\n").replace(/^OK lineup\/1[^\n]*\n/, "");
      if (reads) assertMatch(answer, attack.answer);
      else await send(each, "\n");
      if (attack.ends) assertEquals(each.ended, true, `the connection stays: ${answer}`);
      else if (!answer.startsWith("ERR quota")) assertEquals(answer.includes("evil"), false);
    }
    await polite.send("STATS\n");
    for (let line; (line = await polite.line()).startsWith("* ");) {
      const [, name, value] = line.split(" ");
      if (name === "held-bytes") assertEquals(Number(value) < MOST_HELD * connections, true, value);
    }
  } finally {
    for (const each of attackers) each.close();
  }
  await settle(testServer);
  await beside();
}

/** Sends bytes as far as the server reads them. */
async function send(attacker: RawClient, what: string | Uint8Array): Promise<void> {
  if (what.length === 0) return;
  await attacker.send(what).catch(() => attacker.ended = true);
}

function address(host: number, port: number): string {
  return `203.0.${host >> 8}.${host & 255}:${port + 1}`;
}
