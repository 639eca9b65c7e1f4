import { assert, assertEquals } from "@std/assert";
import v8 from "node:v8";
import vm from "node:vm";
import { CONNECTION_LIMITS } from "../../../server/admission/connection_limits.ts";
import { ConnectionsPerClient } from "../../../server/admission/connections_per_client.ts";

const CLIENTS = 50_000;

Deno.test("the bound of connections of a client keeps nothing of clients that are gone", () => {
  v8.setFlagsFromString("--expose-gc");
  const collect: () => void = vm.runInNewContext("gc");
  const policy = new ConnectionsPerClient(CONNECTION_LIMITS, () => 0);
  collect();
  const before = Deno.memoryUsage().heapUsed;
  for (let i = 0; i < CLIENTS; i++) {
    const peer = `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}:1`;
    const guest = { peer, local: false, idleSince: Infinity, giveWay() {} };
    policy.onOutcome(guest, "entered");
    policy.onOutcome(guest, "left");
  }
  collect();
  const bytes = (Deno.memoryUsage().heapUsed - before) / CLIENTS;
  // It is still there when the memory is measured.
  assertEquals(policy.admit({ peer: "10.0.0.1:1", local: false }), undefined);
  assert(bytes < 40, `${bytes} bytes of each are kept`);
});
