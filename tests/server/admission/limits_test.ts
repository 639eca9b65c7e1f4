// Every limit of a server from both sides. Below the limit, the server serves. At the limit, the test checks the exact
// bytes of the reply and a figure of STATS that rises. Another client notices nothing.

import { assert, assertEquals, assertMatch } from "@std/assert";
import { DEFAULT_LIMITS } from "@lineup/lineup/protocol";
import { LIMITS } from "@lineup/lineup/scheduling";
import type { Reconfiguration } from "@lineup/lineup/server";
import { CONNECTION_BOUNDS } from "../../../server/admission/connection_bounds.ts";
import { CONNECTION_LIMITS } from "../../../server/admission/connection_limits.ts";
import { TIMEOUTS } from "../../../server/connection/timeouts.ts";
import { PRESSURE_MARKS } from "../../../server/admission/pressure.ts";
import type { Limit, Step } from "./limit.ts";
import { ofClients } from "./limits_of_clients.ts";
import { ofRequests } from "./limits_of_requests.ts";
import type { RawClient } from "../../raw_client.ts";
import { TestNetwork } from "../../test_network.ts";

const limits = [...ofRequests, ...ofClients];

// These options refuse nothing: queues shared by guests, the slice of a turn, seats for control work, and the share of
// time for refusals.
const OTHERS = ["guests", "slice", "control", "refusing"];

Deno.test("every limit of a server is among these", () => {
  const names = limits.map(({ what }) => what).join(" ");
  const all = [
    DEFAULT_LIMITS,
    CONNECTION_LIMITS,
    CONNECTION_BOUNDS,
    TIMEOUTS,
    PRESSURE_MARKS,
    LIMITS,
  ];
  const missing = all.flatMap((each) => Object.keys(each))
    .filter((name) => !OTHERS.includes(name) && !new RegExp(`\\b${name}\\b`).test(names));
  assertEquals(missing, []);
});

for (const limit of limits) {
  Deno.test(`a server keeps the limit on ${limit.what}, and another client notices nothing`, async () =>
    await keep(limit, await TestNetwork.open(limit.options)));
}

// Clients were told these at the start, or the listeners were opened with them.
const FIXED = (limit: Limit): boolean =>
  ["limits", "maxInFlight"].some((name) => Object.hasOwn(limit.options, name)) ||
  limit.options.connections?.connectionsOpening !== undefined;

for (const limit of limits.filter((each) => Object.keys(each.options).length > 0 && !FIXED(each))) {
  Deno.test(`a running server can be given the limit on ${limit.what}`, async () => {
    const network = await TestNetwork.open();
    network.testServer.server.reconfigure(limit.options as Reconfiguration);
    await keep(limit, network);
  });
}

async function keep(
  { below, at, figure, polite = ["SAY hello", "OK hello"] }: Limit,
  network: TestNetwork,
) {
  await using _network = network;
  const other = network.client("198.51.100.1:1");
  await network.pass();
  other.take();
  const clients = new Map<string, RawClient>();
  const beside = async (): Promise<void> => {
    other.post(`${polite[0]}\n`);
    await network.pass();
    assertEquals(other.take(), `${polite[1]}\n`, "the other client's answer");
  };
  const run = async (steps: readonly Step[]): Promise<void> => {
    for (const step of steps) {
      await play(step, network, clients);
      await beside();
    }
  };
  await beside();
  await run(below);
  const before = Number((await network.figures()).get(figure) ?? 0);
  await run(at);
  const after = Number((await network.figures()).get(figure) ?? 0);
  assert(after > before, `${figure} was ${before} and is ${after}`);
}

async function play(
  step: Step,
  network: TestNetwork,
  clients: Map<string, RawClient>,
): Promise<void> {
  const { by, sends, lets, passes = 0, late = 0 } = step;
  if (by !== undefined && !clients.has(by)) {
    const client = network.client(by, {
      deaf: step.deaf,
      capacity: step.deaf ? 1000 : undefined,
    });
    clients.set(by, client);
    await network.pass();
    if (!step.stranger) client.take();
  }
  const client = clients.get(by ?? "");
  if (step.reads !== undefined) await client!.stream.read(new Uint8Array(step.reads));
  if (sends !== undefined) {
    client!.post(sends);
    await network.pass();
  }
  for (const [name, word] of Object.entries(lets ?? {})) {
    (await network.testServer.held(name)).go(word);
  }
  network.clock.late(late);
  await network.pass(passes);
  if (step.gets instanceof RegExp) assertMatch(client!.take(), step.gets);
  else if (step.gets !== undefined) assertEquals(client!.take(), step.gets);
  if (step.ends !== undefined) {
    assertEquals(client!.ended, step.ends, "whether the connection ended");
  }
  if (step.started !== undefined) {
    assertEquals(network.testServer.holds.map(({ name }) => name).join(" "), step.started);
  }
  if (step.logs !== undefined) {
    const messages = network.testServer.log.map(({ message }) => message);
    // The other entries say only that the connections that ask for figures have ended.
    assertEquals(messages.filter((each) => each !== "connection ended"), [step.logs]);
  }
}
