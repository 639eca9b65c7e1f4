// The administrator's address: its connections stay free during a flood from anywhere else, also from this machine.

import {
  assert,
  assertEquals,
  assertMatch,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { AddressError } from "@lineup/lineup/client";
import { serve, type ServeOptions } from "@lineup/lineup/server";
import { connectStream } from "../../../net/deno.ts";
import { lineupProcess, startLineup } from "../../cli/lineup_process.ts";
import { RawClient } from "../../raw_client.ts";
import { protocol, TestServer } from "../../test_server.ts";
import { PeerListener, settle } from "../../streams.ts";

interface ReservedServer extends AsyncDisposable {
  readonly testServer: TestServer;
  /** A connection from an address. */
  from(peer: string): RawClient;
  /** A connection at the reserved address. */
  administrator(): Promise<RawClient>;
}

async function openReserved(options: ServeOptions): Promise<ReservedServer> {
  const directory = await Deno.makeTempDir();
  const address = `unix:${directory}/admin.sock`;
  const listener = new PeerListener();
  const testServer = await TestServer.open({
    listen: [listener, { address, reserved: true }],
    ...options,
  });
  const path = { transport: "unix", path: address.slice("unix:".length) } as const;
  return {
    testServer,
    from: (peer) => new RawClient(listener.connect(peer)),
    administrator: async () => new RawClient(await connectStream(path)),
    async [Symbol.asyncDispose]() {
      await testServer[Symbol.asyncDispose]();
      await Deno.remove(directory, { recursive: true });
    },
  };
}

async function figure(wire: RawClient, name: string): Promise<string | undefined> {
  let found: string | undefined;
  await wire.send("STATS\n");
  for (let line; (line = await wire.line()).startsWith("* ");) {
    const [, each, value] = line.split(" ");
    if (each === name) found = value;
  }
  return found;
}

const FLOODS: Readonly<Record<string, (i: number) => string>> = {
  "one address of this machine": () => "127.0.0.1:1",
  "many addresses of this machine": (i) => `127.0.${i >> 8}.${i & 255}:1`,
  "many other machines": (i) => `192.0.2.${i & 255}:1`,
  "Unix sockets": () => "unix",
};

for (const [who, peer] of Object.entries(FLOODS)) {
  Deno.test(`a reserved address serves its administrator beside a flood from ${who}`, async () => {
    const connections = { connections: 100, connectionsPerClient: 40, connectionsReserved: 4 };
    await using server = await openReserved({ connections });
    const flood = Array.from({ length: 300 }, (_, i) => server.from(peer(i)));
    await settle(server.testServer);
    const wires = await Promise.all(Array.from({ length: 4 }, () => server.administrator()));
    for (const wire of wires) assertStringIncludes(await wire.line(), "OK lineup/1");
    assert(Number(await figure(wires[0], "connections")) <= 104);
    using fifth = await server.administrator();
    assertEquals(
      await fifth.rest(),
      'ERR busy "There are 4 connections, as many as may be." retry=1000\r\n',
    );
    for (const wire of [...flood, ...wires]) wire.close();
  });
}

Deno.test("a reserved address and the other addresses take no connections from each other's share", async () => {
  await using server = await openReserved({
    connections: { connections: 2, connectionsReserved: 1 },
  });
  using administrator = await server.administrator();
  assertStringIncludes(await administrator.line(), "OK lineup/1");
  using other = server.from("192.0.2.1:1");
  assertStringIncludes(await other.line(), "OK lineup/1");
  administrator.close();
  await settle(server.testServer);
  using again = await server.administrator();
  assertStringIncludes(await again.line(), "OK lineup/1");
});

Deno.test("a reserved address is open while the server takes no more clients", async () => {
  await using server = await openReserved({ pressure: { closeGate: 0, late: 0 } });
  using early = await server.administrator();
  await early.line();
  server.testServer.clock.late(1000);
  await server.testServer.clock.elapse(250);
  using other = server.from("192.0.2.1:1");
  assertMatch(await other.line(), /^ERR busy /);
  using administrator = await server.administrator();
  assertStringIncludes(await administrator.line(), "OK lineup/1");
  assertEquals(await figure(administrator, "connections-busy-total"), "1");
});

Deno.test("a reserved address has its own share during a flood of requests over Unix sockets", async () => {
  await using server = await openReserved({ seats: 1, scheduling: { flow: 5 } });
  using other = server.from("unix");
  await other.line();
  await other.send("#h HOLD h\n" + Array.from({ length: 9 }, (_, i) => `#${i} SAY x\n`).join(""));
  await settle(server.testServer);
  using administrator = await server.administrator();
  await administrator.line();
  await administrator.send("SAY hello\n");
  await settle(server.testServer);
  (await server.testServer.held("h")).go("done");
  assertEquals(await administrator.line(), "OK hello");
});

Deno.test("a reserved address is a Unix socket", async () => {
  const handlers = {} as never;
  for (const address of ["127.0.0.1:0", "tls://127.0.0.1:0", "ws://127.0.0.1:0/"]) {
    const options = { listen: [{ address, reserved: true as const }] };
    await assertRejects(
      () => serve(protocol, handlers, options),
      AddressError,
      `${address}: a reserved address is unix:PATH`,
    );
  }
});

Deno.test("lineup queue --reserve answers call STATS while 300 connections of this machine are open", async () => {
  const directory = await Deno.makeTempDir();
  const address = `unix:${directory}/admin.sock`;
  try {
    await using server = await startLineup(
      ["queue", "--data", ":memory:", "--port", "0", "--reserve", address],
    );
    assertMatch(server.line, /^lineup queue listening on tcp:\/\/127\.0\.0\.1:[0-9]+ and unix:/);
    const [, port] = /tcp:\/\/127\.0\.0\.1:([0-9]+)/.exec(server.line)!;
    const flood = await Promise.all(
      Array.from({ length: 300 }, () => Deno.connect({ port: Number(port) })),
    );
    // All have got a greeting or a refusal.
    for (const conn of flood) await conn.read(new Uint8Array(1));
    const { code, out, err } = await lineupProcess(["call", address, "STATS"]);
    for (const conn of flood) conn.close();
    assertEquals([code, err], [0, ""]);
    assertMatch(out, /connections-quota-total\s+44\b/);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});
