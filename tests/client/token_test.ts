import { connect, openSession, Refusal } from "@lineup/lineup/client";
import { assertEquals, assertRejects } from "@std/assert";
import { VirtualClock } from "../../testing/virtual_clock.ts";
import { TestServer } from "../test_server.ts";
import { TestIdentities, tokens } from "../server/identity/identities.ts";

const who = {
  name: "tests",
  version: "1.0",
  summary: "As the server.",
  commands: {
    SAY: { summary: "Say.", args: { word: "text" }, reply: { word: "text" } },
    SECRET: { summary: "For administrators.", role: "admin" },
  },
} as const;
const { acme, bolt } = tokens;

/** A server over TCP with the identity acme. */
async function open() {
  const clock = new VirtualClock();
  const identities = new TestIdentities(clock, [{ name: "acme", token: acme }]);
  const server = await TestServer.open({
    identities: identities.file,
    listen: ["tcp://127.0.0.1:0"],
    clock: undefined,
  });
  return {
    identities,
    server,
    address: server.server.address,
    async [Symbol.asyncDispose](): Promise<void> {
      await server[Symbol.asyncDispose]();
      identities[Symbol.dispose]();
    },
  };
}

Deno.test("a client sends its token at the start of each connection", async () => {
  await using world = await open();
  let asked = 0;
  const token = (): Promise<string> => {
    asked++;
    return Promise.resolve(asked === 1 ? acme : bolt);
  };
  await using client = await connect(who, world.address, { token, timing: true });
  assertEquals(
    await client.HELLO({ version: "lineup/1" }).then(({ identity }) => identity),
    "acme",
  );
  await assertRejects(() => client.SECRET(), Refusal, "needs the role admin");
  // The token has been exchanged: the connection ends, and the next one has the new token.
  world.identities.change([{ name: "acme", token: bolt }]);
  for (let tries = 0;; tries++) {
    try {
      await client.PING();
      if (asked === 2) break;
    } catch (error) {
      if (tries === 50) throw error;
    }
  }
  const { identity, auth } = await client.HELLO({ version: "lineup/1" });
  assertEquals([identity, auth, asked], ["acme", "required", 2]);
});

Deno.test("a refused token is final, and no error repeats it", async () => {
  await using world = await open();
  const wrong = `${acme}x`;
  const refused = await assertRejects(
    () => connect(who, world.address, { token: wrong }),
    Refusal,
    "refused the token (unauthenticated)",
  );
  assertEquals(refused.code, "unauthenticated");
  assertEquals(Deno.inspect(refused, { depth: 9 }).includes(acme), false);
  await assertRejects(() => openSession(world.address, { token: wrong }), Refusal, "the token");

  // The identity goes while the client is connected: its calls fail, and are not tried again.
  let sent = 0;
  await using client = await connect(who, world.address, {
    token: () => {
      sent++;
      return acme;
    },
    retry: { base: 1 },
  });
  world.identities.change([]);
  const failed: unknown[] = [];
  for (let tries = 0; failed.length === 0 && tries < 50; tries++) {
    await client.PING().catch((error) => {
      if (error instanceof Refusal) failed.push(error.code);
    });
  }
  assertEquals(failed, ["unauthenticated"]);
  assertEquals(sent <= 5, true, `${sent} times`);
});

Deno.test("a client keeps its token from a server that asks for none", async () => {
  await using server = await TestServer.open({ listen: ["tcp://127.0.0.1:0"], clock: undefined });
  let asked = 0;
  await using client = await connect(who, server.server.address, { token: () => String(++asked) });
  await client.PING();
  assertEquals(asked, 0);
});
