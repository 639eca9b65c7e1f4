// Defences against clients that connect and stay: bounds on connections and on times.

import { assertEquals } from "@std/assert";
import type { RawClient } from "../raw_client.ts";
import type { TestNetwork } from "../test_network.ts";
import { crowd, type Defence, figure, newcomer, x } from "./defence.ts";

/** The number of requests that ran although they must not. */
function evil(client: RawClient): number {
  return client.take().split("OK evil").length - 1;
}

/** Sends the bytes of another protocol. */
function foreign(sends: string): (network: TestNetwork) => Promise<number> {
  return async (network) => evil((await crowd(network, 1, sends))[0]);
}

/** A hundred clients that send a TLS hello with this first byte. */
function hello(first: number): (network: TestNetwork) => Promise<number> {
  return async (network) => {
    const bytes = [first, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3, ...new Array(200).fill(0xaa)];
    const clients = await crowd(network, 100, Uint8Array.from(bytes));
    await network.pass(2000);
    assertEquals(clients.every((each) => each.ended), true, "each is ended");
    return clients.filter((each) => !each.take().includes("without TLS.")).length;
  };
}

export const connections: readonly Defence[] = [
  {
    name: "detection of HTTP",
    options: {},
    without: {},
    attack: foreign("POST / HTTP/1.1\r\nHost: x\r\n\r\nSAY evil\r\n"),
    unseen: foreign("POST /\r\nX x\r\n\r\nSAY evil\r\n"),
    damage: "requests run that were a body of another protocol",
    kept: 0,
    done: 1,
  },
  {
    name: "detection of TLS",
    options: {},
    without: {},
    attack: hello(0x16),
    unseen: hello(0x41),
    damage: "clients that are closed and not told which protocol to use",
    kept: 0,
    done: 100,
  },
  {
    name: "a bound on connections",
    options: { connections: { connections: 50, connectionsReserved: 2 } },
    without: { connections: { connections: Infinity } },
    async attack(network) {
      await crowd(network, 100, "");
      return await figure(network, "connections");
    },
    damage: "connections, including the administrator's and the other client's",
    kept: 49,
    done: 102,
  },
  {
    name: "a bound on a client's connections",
    options: { connections: { connections: 50, connectionsPerClient: 10 } },
    without: { connections: { connections: 50, connectionsPerClient: Infinity } },
    async attack(network) {
      await crowd(network, 100, "", { oneAddress: true });
      return await newcomer(network);
    },
    damage: "ms that a newcomer waits",
    kept: 0,
    done: Infinity,
  },
  {
    name: "connections reserved for this machine",
    options: { connections: { connections: 50, connectionsReserved: 2 } },
    without: { connections: { connections: 50, connectionsReserved: 0 } },
    async attack(network) {
      await crowd(network, 100, "");
      return await newcomer(network, { from: "127.0.0.1:1" });
    },
    damage: "ms that the administrator waits",
    kept: 0,
    done: Infinity,
  },
  {
    name: "a time limit for the first request",
    options: { connections: { connections: 50 } },
    without: { connections: { connections: 50 }, timeouts: { handshake: Infinity } },
    async attack(network) {
      await crowd(network, 100, "");
      await network.pass(62_000);
      return await newcomer(network);
    },
    damage: "ms that a newcomer waits",
    kept: 0,
    done: Infinity,
  },
  {
    name: "a time limit for a line",
    options: { connections: { connections: 50 } },
    without: { connections: { connections: 50 }, timeouts: { request: Infinity } },
    async attack(network) {
      const slow = await crowd(network, 100, "S");
      for (let second = 0; second < 14; second++) {
        for (const each of slow) each.post("A");
        await network.clock.elapse(1000);
      }
      return await newcomer(network);
    },
    damage: "ms that a newcomer waits",
    kept: 0,
    done: Infinity,
  },
  {
    name: "a least rate of a body",
    options: { connections: { connections: 50 } },
    without: { connections: { connections: 50 }, timeouts: { requestRate: 0 } },
    async attack(network) {
      const slow = await crowd(network, 100, "ECHO {100000}\n");
      for (let second = 0; second < 20; second++) {
        for (const each of slow) each.post(x(100));
        await network.clock.elapse(1000);
      }
      return await newcomer(network);
    },
    damage: "ms that a newcomer waits",
    kept: 0,
    done: Infinity,
  },
  {
    name: "a time limit for an idle connection",
    options: { connections: { connections: 50 } },
    without: { connections: { connections: 50 }, timeouts: { idle: Infinity } },
    polite: "itself an attacker",
    async attack(network) {
      await crowd(network, 100, "PING\n");
      await network.pass(3_650_000);
      return await newcomer(network);
    },
    damage: "ms that a newcomer waits",
    kept: 0,
    done: Infinity,
  },
  {
    name: "a time limit for a client that has ended its side",
    options: { connections: { connections: 50 } },
    without: { connections: { connections: 50 }, timeouts: { idle: Infinity } },
    polite: "itself an attacker",
    async attack(network) {
      for (const each of await crowd(network, 100, "WAIT w\n")) await each.half();
      await network.pass(3_650_000);
      return await newcomer(network);
    },
    damage: "ms that a newcomer waits",
    kept: 0,
    done: Infinity,
  },
  {
    name: "a bound on unknown commands",
    options: {},
    without: { bounds: { unknownCommands: Infinity } },
    async attack(network) {
      const [client] = await crowd(network, 1, `${"EHLO x\n".repeat(20)}SAY evil\n`);
      return evil(client);
    },
    damage: "requests run that were a body of another protocol",
    kept: 0,
    done: 1,
  },
  {
    name: "a time limit for a drain",
    options: {},
    without: { drain: Infinity },
    async attack(network) {
      await crowd(network, 1, "HOLD h\n");
      let down = 0;
      void network.testServer.server.shutdown().then(() => down = 1);
      await network.pass(20_000);
      return 1 - down;
    },
    damage: "servers that do not shut down",
    kept: 0,
    done: 1,
    polite: "itself an attacker",
  },
];
