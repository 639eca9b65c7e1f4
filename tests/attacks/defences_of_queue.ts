// Defences against clients that ask much: the order and the bounds of requests that wait for a seat.

import { CLASSES } from "@lineup/lineup/scheduling";
import type { TestNetwork } from "../test_network.ts";
import {
  address,
  crowd,
  type Defence,
  figure,
  newcomer,
  PING,
  tagged,
  UNHURRIED,
  x,
} from "./defence.ts";

const SERVICE_MS = 10;

/** Ends every HOLD after its time, until none is left. Resolves with the names in the order in which they ran. */
async function work(network: TestNetwork): Promise<string[]> {
  const { holds } = network.testServer;
  for (let next = 0; next < holds.length;) {
    await network.clock.elapse(SERVICE_MS);
    for (const end = holds.length; next < end; next++) holds[next].go("done");
    for (let i = 0; i < 5; i++) await network.clock.elapse(0);
  }
  return holds.map(({ name }) => name);
}

/** The ms that the last served request has waited, of 250 requests of one client for one seat. */
async function longestWait(network: TestNetwork): Promise<number> {
  const client = network.client("203.0.113.1:1");
  client.post(tagged(250, "HOLD"));
  await network.pass();
  const ran = await work(network);
  return (ran.length - 1) * SERVICE_MS;
}

/**
 * The ms that a newcomer waits for the one seat, behind many requests on many connections from the address `flooder`.
 */
function behind(flooder: string): (network: TestNetwork) => Promise<number> {
  return async (network) => {
    await crowd(network, 20, tagged(20, "HOLD"), { at: (i) => `${flooder}:${i + 1}` });
    network.client("198.51.100.7:99").post("HOLD newcomer\n");
    await network.pass();
    return (await work(network)).indexOf("newcomer") * SERVICE_MS;
  };
}

export const queue: readonly Defence[] = [
  {
    name: "fair queueing by address",
    options: { seats: 1, classes: UNHURRIED },
    without: {},
    attack: behind("203.0.113.1"),
    // All clients of a proxy share its address where the server does not know that it is a proxy.
    unseen: behind("198.51.100.7"),
    damage: "ms that a newcomer waits",
    kept: 10,
    done: 210,
    polite: PING,
  },
  {
    name: "a bound on tagged requests in flight",
    options: {},
    without: { maxInFlight: Infinity },
    async attack(network) {
      await crowd(network, 1, tagged(1000, "WAIT"));
      return network.testServer.holds.length;
    },
    damage: "requests that run",
    kept: 256,
    done: 1000,
  },
  {
    name: "a bound on untagged requests in flight",
    options: {},
    without: { maxInFlight: Infinity },
    async attack(network) {
      await crowd(network, 1, "WAIT w\n".repeat(1000));
      return network.testServer.holds.length;
    },
    damage: "requests that run",
    kept: 256,
    done: 1000,
  },
  {
    name: "pauses for a client that is refused and goes on",
    options: { seats: 1, scheduling: { waiting: 0 }, bounds: { pauses: Infinity } },
    without: { bounds: { pauses: Infinity, refusals: Infinity } },
    async attack(network) {
      await crowd(network, 1, "HOLD h\n");
      const [pest] = await crowd(network, 1, "", { oneAddress: true });
      for (let i = 0; i < 100; i++) {
        pest.post("SAY x\n".repeat(16));
        await network.pass(10);
      }
      return await figure(network, "errors-busy-total");
    },
    damage: "refusals in a second",
    // The pauses are 100, 200, 400 and 800 ms.
    kept: 256,
    done: 1600,
    polite: PING,
  },
  {
    name: "an end of a client that is refused and goes on for long",
    options: { seats: 1, scheduling: { waiting: 0 } },
    without: { bounds: { pauses: Infinity } },
    async attack(network) {
      await crowd(network, 1, "HOLD h\n");
      const [pest] = await crowd(network, 1, "", { oneAddress: true });
      for (let i = 0; i < 20; i++) {
        pest.post("SAY x\n".repeat(64));
        await network.pass(40_000);
      }
      return pest.ended ? 0 : 1;
    },
    damage: "connections that go on",
    kept: 0,
    done: 1,
    polite: PING,
  },
  {
    name: "a bound on a client's waiting requests",
    options: { seats: 1, scheduling: { flow: 50 }, classes: UNHURRIED },
    without: { scheduling: { flow: Infinity } },
    async attack(network) {
      await crowd(network, 5, tagged(100, "HOLD"), { oneAddress: true });
      return await figure(network, "waiting");
    },
    damage: "requests that wait",
    kept: 50,
    done: 499,
    polite: PING,
  },
  {
    name: "a bound on waiting requests",
    options: { seats: 1, scheduling: { waiting: 100 }, classes: UNHURRIED },
    without: { scheduling: { waiting: Infinity } },
    async attack(network) {
      await crowd(network, 50, tagged(10, "HOLD"));
      return await figure(network, "waiting");
    },
    damage: "requests that wait",
    kept: 100,
    done: 499,
    polite: PING,
  },
  {
    name: "a bound on waiting bytes",
    options: { seats: 1, scheduling: { bytes: 50_000 }, classes: UNHURRIED },
    without: { scheduling: { bytes: Infinity, waiting: Infinity } },
    async attack(network) {
      await crowd(network, 1, "HOLD h\n");
      await crowd(network, 100, `ECHO {1488}\n${x(1488)}\n`);
      return await figure(network, "waiting-bytes");
    },
    damage: "bytes that wait",
    kept: 50_000,
    done: 200_000,
    polite: PING,
  },
  {
    name: "a bound on parked requests",
    options: { scheduling: { parked: 50 } },
    without: { scheduling: { parked: Infinity } },
    async attack(network) {
      await crowd(network, 10, tagged(50, "WAIT"));
      return await figure(network, "parked");
    },
    damage: "requests that are parked",
    kept: 50,
    done: 500,
  },
  {
    name: "CoDel",
    options: { seats: 1, classes: CLASSES.map((each) => ({ ...each, patience: Infinity })) },
    without: { classes: UNHURRIED },
    attack: longestWait,
    damage: "ms that the last one served has waited",
    kept: 120,
    done: 2490,
    polite: PING,
  },
  {
    name: "a longest wait",
    options: { seats: 1, classes: CLASSES.map((each) => ({ ...each, target: Infinity })) },
    without: { classes: UNHURRIED },
    attack: longestWait,
    damage: "ms that the last one served has waited",
    kept: 1000,
    done: 2490,
    polite: PING,
  },
  {
    name: "seats for control work",
    options: { seats: 1 },
    without: { scheduling: { control: 0 } },
    async attack(network) {
      await crowd(network, 1, "HOLD h\n");
      return await newcomer(network, { polite: PING });
    },
    damage: "ms that a PING waits",
    kept: 0,
    done: Infinity,
    polite: PING,
  },
  {
    name: "a rate of a client",
    options: { rates: { prefix: { rate: 20, burst: 40 } } },
    without: { rates: {} },
    async attack(network) {
      await crowd(network, 5, "SAY x\n".repeat(200), { oneAddress: true });
      return await figure(network, "normal-started-total");
    },
    damage: "requests run, the other client's among them",
    kept: 41,
    done: 1001,
  },
  {
    name: "a rate of an IPv6 site",
    options: { rates: { prefix: { rate: 20, burst: 40 }, site: { rate: 160, burst: 320 } } },
    without: { rates: { prefix: { rate: 20, burst: 40 } } },
    async attack(network) {
      await crowd(network, 20, "SAY x\n".repeat(40), { at: (i) => `[2001:db8:0:${i + 1}::1]:1` });
      return await figure(network, "normal-started-total");
    },
    damage: "requests run, the other client's among them",
    kept: 321,
    done: 801,
  },
  {
    name: "a gate that closes where the event loop is late",
    options: {},
    without: { pressure: { late: Infinity } },
    async attack(network) {
      await crowd(network, 1, "PING\n");
      network.clock.late(1000);
      await network.pass(250);
      await crowd(network, 100, "", { at: (i) => address(i + 1) });
      return await figure(network, "connections");
    },
    damage: "connections, the administrator's, the first and the other client's among them",
    kept: 3,
    done: 103,
  },
];
