import { assert, assertEquals } from "@std/assert";
import { DEFAULT_LIMITS, Framer } from "../../protocol/mod.ts";
import { TestServer } from "../test_server.ts";
import { PeerListener, settle } from "../streams.ts";
import { LONG, SEED, seededRandom } from "../seeded_random.ts";
import { RawClient } from "../raw_client.ts";
import { fuzz } from "./fuzz.ts";

// LINEUP_LONG=100 makes it 100 million bytes. LINEUP_SEED makes another stream.
const BYTES = 1_000_000 * LONG;

Deno.test(`Framer takes any bytes (LINEUP_SEED=${SEED}): it throws nothing, and holds no more than its limits`, () => {
  const random = seededRandom(SEED);
  const { maxLine, maxBody } = DEFAULT_LIMITS;
  let framer = new Framer("request");
  let taken = 0;
  for (const bytes of fuzz(random)) {
    framer.push(bytes);
    for (let framed; (framed = framer.next()) !== undefined;) {
      if (framed.kind !== "malformed" || !framed.fatal) continue;
      assertEquals(framer.next(), undefined);
      framer = new Framer("request");
      break;
    }
    assert(framer.held <= maxLine + maxBody);
    if ((taken += bytes.length) > BYTES) break;
  }
});

Deno.test(`serve takes any bytes (LINEUP_SEED=${SEED}): it answers by the rules or closes, and serves a polite client`, async () => {
  const random = seededRandom(SEED + 1);
  const listener = new PeerListener();
  await using testServer = await TestServer.open({ listen: [listener], drain: 0 });
  using polite = await RawClient.open(listener.connect("198.51.100.1:1"));
  const pieces = fuzz(random);
  let taken = 0;
  for (let round = 0; taken < BYTES / 4; round++) {
    using hostile = await RawClient.open(listener.connect(`203.0.113.${round & 255}:1`));
    let answer = "";
    const reading = hostile.rest().then((rest) => answer = rest, () => {});
    for (let n = 0; n < 40; n++) {
      const { value } = pieces.next();
      taken += value!.length;
      await hostile.send(value!).catch(() => n = 40);
    }
    await hostile.half().catch(() => {});
    await settle(testServer);
    // Time-outs end connections that would wait for ever for a body or an answer.
    await testServer.clock.elapse(30_000);
    hostile.close();
    await reading;
    for (const line of answer.split("\n")) assert(!line.includes("incident="), line);
    await polite.send("SAY hello\n");
    assertEquals(await polite.line(), "OK hello");
  }
  assertEquals(
    testServer.log.filter(({ level, message }) =>
      level === "error" && !message.includes("dropped")
    ),
    [],
  );
});
