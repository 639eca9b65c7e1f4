// A server that asks its clients for certificates.

import { X509Certificate } from "node:crypto";
import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { connect } from "../../../client/mod.ts";
import { type ClientTls, connectStream, listen, parseAddress } from "../../../net/mod.ts";
import { AddressError } from "../../../net/mod.ts";
import { identitiesFile, Refusal, serve, type ServeOptions } from "../../../server/mod.ts";
import { VirtualClock } from "../../../testing/virtual_clock.ts";
import { bareProtocol } from "../../bare_protocol.ts";
import { RawClient } from "../../raw_client.ts";
import { certified, clientCa, identity, trust } from "../../transports/tls.ts";
import { WatchedLog } from "../../watched_log.ts";

const pem = (name: string): string =>
  Deno.readTextFileSync(new URL(`../../transports/tls/${name}`, import.meta.url));

const from = (name: string): ClientTls => ({
  ...trust,
  cert: pem(`${name}.pem`),
  key: pem(`${name}.key`),
});

/** The first line that a server says to a client, and the log. */
async function firstLine(
  client: ClientTls,
  clientCertificate: "required" | "optional",
  options: ServeOptions = {},
): Promise<{ line: string; log: WatchedLog }> {
  const log = new WatchedLog();
  await using server = await serve(bareProtocol, {}, {
    port: 0,
    tls: { ...identity, clientCa, clientCertificate },
    log: log.add,
    ...options,
  });
  using wire = new RawClient(await connectStream(parseAddress(server.address), { tls: client }));
  return { line: await wire.line(), log };
}

const MISSING = "This server asks its clients for a certificate.";
const FOREIGN =
  "The client's certificate is not one that this server's authority has signed for clients.";

Deno.test("a client is served with a certificate of the server's authority of clients only", async () => {
  const cases: readonly (readonly [client: ClientTls, line: string])[] = [
    [certified, "OK lineup/1"],
    [trust, `ERR unauthenticated "${MISSING}"`],
    [from("self_signed"), `ERR unauthenticated "${FOREIGN}"`],
    // A server's certificate is none of a client.
    [from("server"), `ERR unauthenticated "${FOREIGN}"`],
    [from("expired"), "ERR unauthenticated \"The client's certificate has expired: "],
  ];
  for (const [client, expected] of cases) {
    const { line, log } = await firstLine(client, "required");
    assertStringIncludes(line, expected);
    if (line.startsWith("OK")) continue;
    assertEquals(log[0].message, "connection refused: unauthenticated");
    assertStringIncludes(line, String(log[0].why));
  }
});

Deno.test("where certificates are optional, none is right and a wrong one is wrong", async () => {
  assertStringIncludes((await firstLine(certified, "optional")).line, "OK lineup/1");
  assertStringIncludes((await firstLine(trust, "optional")).line, "OK lineup/1");
  const { line } = await firstLine(from("self_signed"), "optional");
  assertStringIncludes(line, `ERR unauthenticated "${FOREIGN}"`);
});

Deno.test("the client of a server that asks says what is missing", async () => {
  await using server = await serve(bareProtocol, {}, {
    port: 0,
    tls: { ...identity, clientCa },
    log: () => {},
  });
  const refusal = await assertRejects(
    () => connect(bareProtocol, server.address, { tls: trust }),
    Refusal,
    `${server.address} refused the connection (unauthenticated): ${MISSING}`,
  );
  assertEquals(refusal.code, "unauthenticated");
  await using client = await connect(bareProtocol, server.address, { tls: certified });
  assertEquals(await client.PING(), { word: "pong" });
});

Deno.test("the verified certificate of a client is known to its connection", async () => {
  for (const place of ["tls://127.0.0.1:0", "wss://127.0.0.1:0"]) {
    const listener = await listen(parseAddress(place), { tls: { ...identity, clientCa } });
    const dial = connectStream(parseAddress(listener.address), { tls: certified });
    const stream = (await listener.accept())!;
    assertEquals(stream.certificate!.sans, [
      "DNS:worker.example.org",
      "URI:spiffe://example.org/worker",
      "email:worker@example.org",
    ]);
    assertEquals(stream.certificate!.fingerprint.length, 64);
    (await dial).close();
    stream.close();
    listener.close();
  }
});

Deno.test("a server that requires certificates may listen beyond this machine", async () => {
  const at = (tls: ServeOptions["tls"], address = "tls://0.0.0.0:0") =>
    serve(bareProtocol, {}, { listen: [address], tls });
  await (await at({ ...identity, clientCa })).shutdown();
  for (
    const open of [
      () => at(identity),
      () => at({ ...identity, clientCa, clientCertificate: "optional" }),
      () => at({ ...identity, clientCa }, "tcp://0.0.0.0:0"),
    ]
  ) await assertRejects(open, AddressError, "asks for no credentials");
});

Deno.test("a certificate stands for an identity by its name or its fingerprint", async () => {
  const folder = await Deno.makeTempDir();
  const who = {
    name: "who",
    version: "1.0",
    summary: "Tells who a client is.",
    commands: { WHO: { summary: "Tell my name.", reply: { name: "text" } } },
  } as const;
  const { fingerprint256 } = new X509Certificate(certified.cert!);
  const proofs = [
    "URI:spiffe://example.org/worker",
    "DNS:worker.example.org",
    "email:worker@example.org",
    `sha256:${fingerprint256.replaceAll(":", "").toLowerCase()}`,
  ];
  try {
    // The common name proves nothing.
    for (const proof of [...proofs, "DNS:nobody"]) {
      const path = `${folder}/identities.jsonl`;
      await Deno.writeTextFile(path, JSON.stringify({ name: "ada", certificates: [proof] }), {
        mode: 0o600,
      });
      using identities = identitiesFile(path, { log: () => {} });
      await using server = await serve(who, {
        WHO: (_, { identity }) => ({ name: identity!.name }),
      }, { port: 0, tls: { ...identity, clientCa }, identities, log: () => {} });
      await using client = await connect(who, server.address, {
        tls: certified,
        retry: { attempts: 1 },
      });
      const outcome = client.WHO().then(({ name }) => name, (error) => (error as Refusal).code);
      assertEquals(await outcome, proofs.includes(proof) ? "ada" : "unauthenticated", proof);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("connections that begin no handshake give way to others, and end in time", async () => {
  const clock = new VirtualClock();
  await using server = await serve(bareProtocol, {}, {
    listen: ["tls://127.0.0.1:0"],
    tls: { ...identity, clientCa },
    connections: { connectionsOpening: 4 },
    timeouts: { opening: 60_000 },
    clock,
    log: () => {},
  });
  const port = Number(server.address.split(":").at(-1));
  const silent = await Promise.all(Array.from({ length: 20 }, () => Deno.connect({ port })));
  const ended = silent.map((conn) => conn.read(new Uint8Array(1)).catch(() => null));
  using wire = await RawClient.open(
    await connectStream(parseAddress(server.address), { tls: certified }),
  );
  // All but the last four are closed, or five where the client's own is among them.
  assertEquals(await Promise.all(ended.slice(0, 15)), Array(15).fill(null));
  await wire.send("PING\n");
  assertEquals(await wire.line(), "OK pong");
  let isOver = false;
  const all = Promise.all(ended).then(() => isOver = true);
  while (!isOver) await clock.elapse(60_000);
  await all;
  for (const conn of silent) conn.close();
});

Deno.test("bytes that are no TLS end their connection, and the log says why", async () => {
  const log = new WatchedLog();
  await using server = await serve(bareProtocol, {}, {
    port: 0,
    tls: { ...identity, clientCa },
    log: log.add,
  });
  using plain = await Deno.connect({ port: Number(server.address.split(":").at(-1)) });
  await plain.write(new TextEncoder().encode("PING\r\n"));
  const buffer = new Uint8Array(1000);
  while (await plain.read(buffer).catch(() => null) !== null);
  await log.until(() => log.length > 0);
  assertEquals(log[0].message, "connection ended");
  assertStringIncludes(String(log[0].why), "the TLS handshake failed");
});
