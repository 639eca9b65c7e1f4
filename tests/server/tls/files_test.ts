// A server whose certificate is in files.

import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { connectStream, parseAddress } from "../../../net/mod.ts";
import { serve, type Server } from "../../../server/mod.ts";
import { VirtualClock } from "../../../testing/virtual_clock.ts";
import { bareProtocol } from "../../bare_protocol.ts";
import { RawClient } from "../../raw_client.ts";
import { WatchedLog } from "../../watched_log.ts";

/** More connections in a row are not reset by one renewal. */
const MOST_RESETS = 3;

const pem = (name: string): string =>
  Deno.readTextFileSync(new URL(`../../transports/tls/${name}`, import.meta.url));

/** The files of a server's certificate, in a folder of their own. */
interface Files {
  readonly folder: string;
  write(name: "cert.pem" | "key.pem" | "clients.pem", text: string): void;
}

interface Running extends Files {
  readonly server: Server;
  readonly log: WatchedLog;
  /** Lets the server look at its files twice. */
  look(): Promise<void>;
  /** Connects as a client that trusts these certificates. */
  open(trusted: string, at?: number): Promise<RawClient>;
}

async function withFiles(test: (files: Files) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await test({
      folder,
      write: (name, text) => Deno.writeTextFileSync(`${folder}/${name}`, text),
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const withServer = (test: (running: Running) => Promise<void>, more = {}): Promise<void> =>
  withFiles(async (files) => {
    files.write("cert.pem", pem("server.pem"));
    files.write("key.pem", pem("server.key"));
    const log = new WatchedLog();
    const clock = new VirtualClock();
    await using server = await serve(bareProtocol, {}, {
      port: 0,
      ws: { port: 0 },
      tls: { certFile: `${files.folder}/cert.pem`, keyFile: `${files.folder}/key.pem`, ...more },
      clock,
      log: log.add,
    });
    await test({
      ...files,
      server,
      log,
      async look() {
        await clock.elapse(1000);
        await clock.elapse(1000);
      },
      async open(trusted, at = 0) {
        // TLS is the same below a WebSocket.
        const address = server.addresses[at].replace("wss:", "tls:").replace(/\/$/, "");
        const tls = { caCerts: [pem(trusted)] };
        for (let tries = 0;; tries++) {
          try {
            const stream = await connectStream(parseAddress(address), { tls });
            return at === 0 ? await RawClient.open(stream) : new RawClient(stream);
          } catch (error) {
            // The listener of the certificate before may close in this moment, see docs/OPERATIONS.md.
            if (tries === MOST_RESETS || !/reset/i.test((error as Error).message)) throw error;
          }
        }
      },
    });
  });

Deno.test("a certificate that is renewed in its files is that of new connections", () =>
  withServer(async ({ server, log, write, look, open }) => {
    assertEquals(server.addresses.map((each) => each.split(":")[0]), ["tls", "wss"]);
    using before = await open("authority.pem");
    await assertRejects(() => open("self_signed.pem"));

    // A program writes one file after the other.
    write("cert.pem", pem("self_signed.pem"));
    await look();
    await log.until(() => log.length > 0);
    const { message, what, why } = log[0];
    assertEquals([message, what], ["not reloaded", "certificate"]);
    assertStringIncludes(String(why), "key.pem does not belong to the certificate in ");
    (await open("authority.pem")).close();
    write("key.pem", pem("self_signed.key"));
    await look();
    await log.until(() => log.some(({ message }) => message === "reloaded"));
    for (const at of [0, 1]) {
      (await open("self_signed.pem", at)).close();
      await assertRejects(() => open("authority.pem", at));
    }
    await before.send("PING\n");
    assertEquals(await before.line(), "OK pong");
  }));

Deno.test("two files that are written between two looks are read once", () =>
  withServer(async ({ log, write, look, open }) => {
    write("key.pem", pem("self_signed.key"));
    write("cert.pem", pem("self_signed.pem"));
    await look();
    await log.until(() => log.length > 0);
    assertEquals(log.map(({ message }) => message), ["reloaded"]);
    assertStringIncludes(String(log[0].did), "cert.pem is valid until 21");
    (await open("self_signed.pem")).close();
  }));

const WRONG: Readonly<
  Record<string, readonly [file: "cert.pem" | "key.pem", text: string, why: string]>
> = {
  "is cut off": [
    "cert.pem",
    pem("server.pem").slice(0, 200),
    "cut off: the end of CERTIFICATE is missing",
  ],
  "is empty": ["cert.pem", "", "cert.pem holds no certificate in PEM"],
  "is no certificate": [
    "cert.pem",
    "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    "a certificate in ",
  ],
  "is no key": ["key.pem", pem("server.pem"), "key.pem holds no private key in PEM"],
  "is cut off in its key": [
    "key.pem",
    pem("server.key").slice(0, 90),
    "cut off: the end of PRIVATE KEY",
  ],
  "is another key": ["key.pem", pem("client.key"), "does not belong to the certificate in"],
};

Deno.test("a file that is wrong changes nothing, and is told once", () =>
  withServer(async ({ log, write, look, open, folder }) => {
    for (const [wrong, [file, text, why]] of Object.entries(WRONG)) {
      write(file, text);
      await look();
      await look();
      await log.until(() => log.length > 0);
      assertEquals(
        log.map(({ level, message }) => [level, message]),
        [["error", "not reloaded"]],
        wrong,
      );
      assertStringIncludes(String(log[0].why), why);
      assertStringIncludes(String(log[0].why), folder);
      (await open("authority.pem")).close();
      write("cert.pem", pem("server.pem"));
      write("key.pem", pem("server.key"));
      await look();
      await log.until(() => log.length > 1);
      assertEquals(log.splice(0).at(-1)!.message, "reloaded");
    }
    // Both, so that the key fits.
    write("cert.pem", pem("expired.pem"));
    write("key.pem", pem("expired.key"));
    await look();
    await log.until(() => log.length > 0);
    assertStringIncludes(String(log[0].why), "cert.pem has expired (2021-01-01T00:00:00.000Z)");
    Deno.removeSync(`${folder}/key.pem`);
    await look();
    await log.until(() => log.length > 1);
    assertStringIncludes(String(log[1].why), `cannot read ${folder}/key.pem`);
    (await open("authority.pem")).close();
  }));

Deno.test("a server does not begin with wrong files, and tells of a certificate that has expired", () =>
  withFiles(async ({ folder, write }) => {
    const tls = { certFile: `${folder}/cert.pem`, keyFile: `${folder}/key.pem` };
    const log = new WatchedLog();
    const begin = () => serve(bareProtocol, {}, { port: 0, tls, log: log.add });
    await assertRejects(begin, Error, `cannot read ${folder}/cert.pem`);
    write("cert.pem", pem("expired.pem"));
    write("key.pem", pem("server.key"));
    await assertRejects(begin, Error, "key.pem does not belong to the certificate in");
    write("key.pem", pem("expired.key"));
    await using _server = await begin();
    assertEquals([...log], [{
      level: "error",
      message: "the certificate has expired",
      file: `${folder}/cert.pem`,
      until: "2021-01-01T00:00:00.000Z",
    }]);
  }));
