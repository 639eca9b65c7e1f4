// Defences against clients that fill the memory.

import { address, crowd, type Defence, figure, PING, tagged, UNHURRIED, x } from "./defence.ts";

/** The bytes of the greeting. */
const GREETING =
  'OK lineup/1 tests/1.0 max-line=8192 max-body=1048576 max-in-flight=256 auth=none hint="Type HELP"\r\n'
    .length;

export const memory: readonly Defence[] = [
  {
    name: "a time limit for a client to read something",
    options: {},
    without: { timeouts: { stall: Infinity } },
    async attack(network) {
      await crowd(network, 20, `SAY ${x(1500)}\n`, { deaf: true });
      await network.pass(30_000);
      return await figure(network, "held-bytes");
    },
    damage: "bytes held",
    kept: 0,
    // 1000 bytes are on the network.
    done: 20 * (GREETING + 1504 - 1000),
  },
  {
    name: "a time limit for a client to read most of its answers",
    options: { timeouts: { outputSoft: 1000 } },
    without: { timeouts: { outputSoft: Infinity } },
    async attack(network) {
      const slow = await crowd(network, 20, `SAY ${x(1500)}\n`.repeat(4), { deaf: true });
      for (let second = 0; second < 15; second++) {
        await Promise.all(slow.map((each) => each.stream.read(new Uint8Array(1)).catch(() => {})));
        await network.clock.elapse(1000);
      }
      return await figure(network, "connections");
    },
    damage: "connections held, including the administrator's and the other client's",
    kept: 2,
    done: 22,
  },
  {
    name: "a bound on the bytes that wait for a client",
    options: { timeouts: { outputHard: 50_000 } },
    without: { timeouts: { outputHard: Infinity } },
    async attack(network) {
      await crowd(network, 1, tagged(250, "WAIT"), { deaf: true });
      // Larger answers wait for the client without this bound too.
      for (const { go } of network.testServer.holds) go(x(4000));
      await network.pass(500);
      return await figure(network, "held-bytes");
    },
    damage: "bytes held",
    kept: 0,
    // The answers with their tags, and the greeting. 1000 bytes are on the network.
    done: 250 * 4000 + 10 * 8 + 90 * 9 + 150 * 10 + GREETING - 1000,
  },
  {
    name: "streams that pause while their client does not read",
    options: {},
    without: { bounds: { output: Infinity } },
    async attack(network) {
      await crowd(network, 1, "FLOW 1000 1000\n", { deaf: true });
      return network.testServer.produced;
    },
    damage: "items produced",
    kept: 67,
    done: 1000,
  },
  {
    name: "a bound on answers that wait for an earlier answer",
    options: { bounds: { answers: 10_000 } },
    without: { bounds: { answers: Infinity } },
    async attack(network) {
      await crowd(network, 1, `WAIT w\n${`SAY ${x(1000)}\n`.repeat(100)}`);
      await network.pass(250);
      return await figure(network, "normal-started-total");
    },
    damage: "requests that have begun",
    // The first request, the requests whose answers fit, and the other client's.
    kept: 12,
    done: 102,
  },
  {
    name: "a bound on unanswered requests in bytes",
    options: { seats: 1, bounds: { requests: 20_000 }, classes: UNHURRIED },
    without: { bounds: { requests: Infinity } },
    async attack(network) {
      await crowd(network, 1, "#h HOLD h\n");
      const body = `ECHO {1000}\n${x(1000)}\n`;
      await crowd(network, 1, Array.from({ length: 60 }, (_, i) => `#t${i} ${body}`).join(""));
      await network.pass(250);
      return await figure(network, "waiting");
    },
    damage: "requests that wait",
    kept: 14,
    done: 60,
    polite: PING,
  },
  {
    name: "a bound on a line",
    options: {},
    without: { limits: { maxLine: Infinity } },
    async attack(network) {
      await crowd(network, 10, `SAY ${x(100_000)}`);
      await network.pass(250);
      return Math.min(1, Math.floor(await figure(network, "held-bytes") / 1_000_000));
    },
    damage: "megabytes held, at least",
    kept: 0,
    done: 1,
  },
  {
    name: "a bound on a body",
    options: {},
    without: { limits: { maxBody: Infinity } },
    async attack(network) {
      await crowd(network, 1, `ECHO {9999999999}\n${x(2_500_000)}`);
      await network.pass(250);
      return Math.min(2.5, Math.floor(await figure(network, "held-bytes") / 500_000) / 2);
    },
    damage: "megabytes held, at least",
    kept: 0,
    done: 2.5,
  },
  {
    name: "a bound on a body that is skipped",
    options: {},
    without: { limits: { maxDiscard: Infinity } },
    async attack(network) {
      const [client] = await crowd(network, 1, "ECHO {9999999999}\n");
      await network.pass(2000);
      return client.ended ? 0 : 1;
    },
    damage: "connections that are read for ever",
    kept: 0,
    done: 1,
  },
  {
    name: "shorter time-outs while memory is short",
    options: { memory: 100_000 },
    without: { pressure: { hasten: Infinity } },
    async attack(network) {
      await crowd(network, 22, `ECHO {4000}\n${x(100)}`);
      // A quarter of 10 s, the time for the bytes that came, and a second in which later bytes are dropped.
      await network.pass(4500);
      return await figure(network, "held-bytes");
    },
    damage: "bytes held after 4.5 s",
    kept: 0,
    done: 88_000,
  },
  {
    name: "a gate that closes while memory is short",
    options: { memory: 100_000, pressure: { hasten: Infinity, drop: Infinity } },
    without: { pressure: { closeGate: Infinity, hasten: Infinity, drop: Infinity } },
    async attack(network) {
      for (let i = 0; i < 50; i++) {
        await crowd(network, 1, `ECHO {4000}\n${x(3999)}`, { at: () => address(i) });
      }
      return await figure(network, "held-bytes");
    },
    damage: "bytes held",
    // Including the other client's last answer.
    kept: 92_009,
    done: 200_009,
  },
  {
    name: "refusal of requests while memory is short",
    options: {
      memory: 100_000,
      pressure: { hasten: Infinity, drop: Infinity, closeGate: Infinity },
    },
    without: {
      pressure: { hasten: Infinity, drop: Infinity, closeGate: Infinity, shed: Infinity },
    },
    async attack(network) {
      await crowd(network, 40, tagged(10, "WAIT"));
      await network.pass(250);
      return network.testServer.holds.length;
    },
    damage: "requests that run",
    // Each has 2,602 bytes. The server counts the bytes that one connection sends at once in one step.
    kept: 40,
    done: 400,
    polite: PING,
  },
  {
    name: "an end of the largest connection while memory is full",
    options: { memory: 1_000_000 },
    without: { pressure: { drop: Infinity, closeGate: Infinity, hasten: Infinity } },
    async attack(network) {
      await crowd(network, 50, `ECHO {50000}\n${x(49_999)}`);
      await network.pass(250);
      return await figure(network, "held-bytes");
    },
    damage: "bytes held",
    kept: 950_000,
    done: 2_500_000,
  },
];
