// A server that asks its clients for certificates.

import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { connect } from "../../../client/mod.ts";
import { type ClientTls, connectStream, listen, parseAddress } from "../../../net/mod.ts";
import { AddressError } from "../../../net/mod.ts";
import { Refusal, serve, type ServeOptions } from "../../../server/mod.ts";
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
