// TLS with openssl and curl: real clients, and certificates of each kind.

import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { serve, type ServeOptions } from "../../server/mod.ts";
import { bareProtocol } from "../bare_protocol.ts";
import { lineup } from "../cli/lineup_here.ts";
import { startLineup } from "../cli/lineup_process.ts";
import { find, run } from "./program.ts";

const HOUR = 3_600_000, DAY = 24 * HOUR;

/** Makes keys and certificates in a folder, with openssl. */
class Authority {
  readonly folder: string;
  #serial = 1;

  constructor(folder: string) {
    this.folder = folder;
  }

  path(name: string): string {
    return `${this.folder}/${name}`;
  }

  async #openssl(...args: string[]): Promise<void> {
    const { success, stderr } = await new Deno.Command("openssl", {
      args,
      cwd: this.folder,
      stdout: "null",
      stderr: "piped",
    }).output();
    if (!success) throw new Error(new TextDecoder().decode(stderr));
  }

  /** An authority that signs others: NAME.pem, NAME.key. */
  async found(name: string): Promise<void> {
    await this.#openssl(
      ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"],
      ...["-days", "30", "-subj", `/CN=${name}`, "-keyout", `${name}.key`, "-out", `${name}.pem`],
      ...["-addext", "keyUsage=critical,keyCertSign,cRLSign"],
    );
  }

  /** A certificate that an authority signs, from and until these times. */
  async sign(
    name: string,
    by: string,
    {
      names = "DNS:localhost,IP:127.0.0.1",
      use = "serverAuth",
      key = "ec",
      from = -DAY,
      until = DAY,
    } = {},
  ): Promise<void> {
    const kind = key === "ec" ? ["ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"] : [key];
    await this.#openssl(
      ...["req", "-newkey", ...kind, "-nodes", "-subj", "/CN=somebody"],
      ...["-keyout", `${name}.key`, "-out", `${name}.csr`],
    );
    const issued = `issued-${this.#serial}`;
    await Deno.mkdir(this.path(issued));
    await Deno.writeTextFile(this.path(`${issued}/index`), "");
    await Deno.writeTextFile(this.path(`${issued}/serial`), `0${this.#serial++}`);
    const config = `[ca]
default_ca=here
[here]
new_certs_dir=${issued}
database=${issued}/index
serial=${issued}/serial
default_md=sha256
policy=any
x509_extensions=more
[any]
commonName=supplied
[more]
subjectAltName=${names}
extendedKeyUsage=${use}
`;
    await Deno.writeTextFile(this.path(`${issued}/config`), config);
    const day = (offset: number): string =>
      new Date(Date.now() + offset).toISOString().replace(/[-:T]|\.\d+/g, "");
    await this.#openssl(
      ...["ca", "-batch", "-notext", "-config", `${issued}/config`, "-cert", `${by}.pem`],
      ...["-keyfile", `${by}.key`, "-in", `${name}.csr`, "-out", `${name}.pem`],
      ...["-startdate", day(from), "-enddate", day(until)],
    );
  }
}

async function withAuthority(test: (authority: Authority) => Promise<void>): Promise<void> {
  await find("openssl");
  const folder = await Deno.makeTempDir();
  try {
    await test(new Authority(folder));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** The output of `openssl s_client` for these lines of input. */
async function client(port: number, flags: readonly string[], input = "QUIT\n"): Promise<string> {
  const words = ["s_client", "-ign_eof", "-connect", `127.0.0.1:${port}`, ...flags];
  return (await run("openssl", words, { input: new TextEncoder().encode(input), quiet: true })).out;
}

const portOf = (address: string): number => Number(/:(\d+)\/?$/.exec(address)![1]);

async function withServer(
  authority: Authority,
  more: Partial<ServeOptions["tls"]>,
  test: (ports: readonly number[]) => Promise<void>,
): Promise<void> {
  const tls = {
    certFile: authority.path("server.pem"),
    keyFile: authority.path("server.key"),
    ...more,
  };
  await using server = await serve(bareProtocol, {}, {
    port: 0,
    ws: { port: 0 },
    tls,
    log: () => {},
  });
  await test(server.addresses.map(portOf));
}

Deno.test("openssl s_client speaks TLS 1.2 and 1.3 with each kind of key, and the protocol's name", () =>
  withAuthority(async (authority) => {
    await authority.found("root");
    for (const key of ["ec", "rsa:2048", "ed25519"]) {
      await authority.sign("server", "root", { key });
      await withServer(authority, {}, async ([port]) => {
        const trust = ["-CAfile", authority.path("root.pem"), "-verify_return_error"];
        for (const version of ["-tls1_2", "-tls1_3"]) {
          const out = await client(port, [...trust, version, "-alpn", "lineup/1"]);
          assertStringIncludes(out, "OK lineup/1 bare/1.0", key + version);
          assertStringIncludes(out, "Verify return code: 0 (ok)");
          assertStringIncludes(out, "ALPN protocol: lineup/1");
        }
        assertStringIncludes(await client(port, trust), "No ALPN negotiated");
        for (const wrong of [["-tls1_1"], ["-alpn", "http/1.1"]]) {
          assertEquals((await client(port, [...trust, ...wrong])).includes("OK lineup/1"), false);
        }
      });
    }
  }));

const FOREIGN = "not one that this server's authority has signed for clients.";

Deno.test("clients of openssl have the right certificate, a wrong one, or none", () =>
  withAuthority(async (authority) => {
    await Promise.all(["root", "clients", "strangers"].map((name) => authority.found(name)));
    await authority.sign("server", "root");
    const use = "clientAuth", names = "URI:spiffe://example.org/worker";
    await authority.sign("right", "clients", { use, names });
    await authority.sign("stranger", "strangers", { use, names });
    await authority.sign("expired", "clients", { use, names, from: -2 * DAY, until: -DAY });
    await authority.sign("early", "clients", { use, names, from: DAY, until: 2 * DAY });
    await authority.sign("of-a-server", "clients", { use: "serverAuth", names });
    const clientCaFile = authority.path("clients.pem");
    const says = async (port: number, name: string | undefined, version: string) => {
      const own = ["-cert", authority.path(`${name}.pem`), "-key", authority.path(`${name}.key`)];
      const out = await client(port, ["-quiet", version, ...(name === undefined ? [] : own)]);
      return out.trim().split("\n")[0];
    };
    await withServer(authority, { clientCaFile }, async ([port]) => {
      for (const version of ["-tls1_2", "-tls1_3"]) {
        const cases: readonly (readonly [name: string | undefined, says: string])[] = [
          ["right", "OK lineup/1 bare/1.0"],
          [undefined, 'ERR unauthenticated "This server asks its clients for a certificate."'],
          ["stranger", FOREIGN],
          ["of-a-server", FOREIGN],
          ["expired", `ERR unauthenticated "The client's certificate has expired: `],
          ["early", `ERR unauthenticated "The client's certificate is not valid yet`],
        ];
        for (const [name, expected] of cases) {
          assertStringIncludes(await says(port, name, version), expected, `${name} ${version}`);
        }
      }
      // The certificate of another, without its key: openssl is told that they belong together.
      await Deno.writeTextFile(
        authority.path("lie.c"),
        "int X509_check_private_key(const void *x, const void *k) { return 1; }",
      );
      const lie = authority.path("lie.so");
      await run("gcc", ["-shared", "-fPIC", "-nostdlib", "-o", lie, authority.path("lie.c")]);
      for (const version of ["-tls1_2", "-tls1_3"]) {
        const words = ["s_client", "-ign_eof", "-quiet", "-connect", `127.0.0.1:${port}`, version];
        const shown = [
          "-cert",
          authority.path("right.pem"),
          "-key",
          authority.path("stranger.key"),
        ];
        const { out } = await run("env", [`LD_PRELOAD=${lie}`, "openssl", ...words, ...shown], {
          quiet: true,
        });
        assertEquals(out, "");
      }
    });
    await withServer(authority, { clientCaFile, clientCertificate: "optional" }, async ([port]) => {
      assertStringIncludes(await says(port, undefined, "-tls1_3"), "OK lineup/1 bare/1.0");
      assertStringIncludes(await says(port, "stranger", "-tls1_3"), FOREIGN);
    });
  }));

Deno.test("curl sees the certificate of wss://, and shows its own", () =>
  withAuthority(async (authority) => {
    await Promise.all(["root", "clients"].map((name) => authority.found(name)));
    await authority.sign("server", "root");
    await authority.sign("right", "clients", {
      use: "clientAuth",
      names: "DNS:worker.example.org",
    });
    const curl = async (port: number, ...flags: string[]) => {
      const words = [
        "-s",
        "-m",
        "10",
        "-w",
        "%{http_code}",
        ...flags,
        `https://127.0.0.1:${port}/`,
      ];
      const { code, out } = await run("curl", words, { quiet: true });
      return [code, out.slice(-3)];
    };
    const trust = ["--cacert", authority.path("root.pem")];
    const clientCaFile = authority.path("clients.pem");
    await withServer(authority, { clientCaFile }, async ([, port]) => {
      const own = ["--cert", authority.path("right.pem"), "--key", authority.path("right.key")];
      // It asks for no WebSocket.
      assertEquals(await curl(port, ...trust, ...own), [0, "426"]);
      assertEquals(await curl(port, ...own), [60, "000"]);
    });
    await authority.sign("server", "root", { from: -2 * DAY, until: -HOUR });
    await withServer(authority, {}, async ([, port]) => {
      assertEquals(await curl(port, ...trust), [60, "000"]);
    });
  }));

Deno.test("lineup says in words what is wrong with a server's certificate", () =>
  withAuthority(async (authority) => {
    await Promise.all(["root", "clients"].map((name) => authority.found(name)));
    await authority.sign("me", "clients", { use: "clientAuth", names: "DNS:me.example.org" });
    await Deno.chmod(authority.path("me.key"), 0o600);
    const own = ["--cert", authority.path("me.pem"), "--cert-key", authority.path("me.key")];
    const trust = ["--ca", authority.path("root.pem")];
    const cases: readonly (readonly [signed: object, flags: string[], says: string])[] = [
      [{}, [], "the server's certificate is not trusted here; --ca FILE trusts it"],
      [{ from: -2 * DAY, until: -DAY }, trust, "the server's certificate has expired"],
      [{ from: DAY, until: 2 * DAY }, trust, "the server's certificate is not valid yet"],
      [{ names: "DNS:queue.example.org" }, trust, "the server's certificate is for another name"],
    ];
    for (const [signed, flags, says] of cases) {
      await authority.sign("server", "root", signed);
      await withServer(authority, {}, async ([port]) => {
        // With a certificate of its own, a client uses another implementation of TLS.
        for (const more of [[], own]) {
          const args = ["call", ...flags, ...more, `tls://127.0.0.1:${port}`, "PING"];
          const { code, err } = await lineup(args);
          assertEquals(code, 2);
          assertStringIncludes(err, says);
        }
      });
    }
  }));

Deno.test("lineup queue takes a renewed certificate at SIGHUP and by itself, and clients go on", () =>
  withAuthority(async (authority) => {
    await authority.found("root");
    await authority.sign("server", "root");
    const identity = ["--tls-cert", authority.path("server.pem"), "--tls-key"];
    const args = ["queue", "--port", "0", "--data", ":memory:", ...identity];
    await using server = await startLineup([...args, authority.path("server.key")]);
    const port = Number(server.port);
    const serial = async () => /serial=(\w+)/.exec(await serialText())![1];
    const serialText = async () => {
      const out = await client(port, []);
      const { out: text } = await run("openssl", ["x509", "-noout", "-serial"], {
        input: new TextEncoder().encode(out),
      });
      return text;
    };
    const open = await Deno.connectTls({
      hostname: "127.0.0.1",
      port,
      caCerts: [await Deno.readTextFile(authority.path("root.pem"))],
    });
    const buffer = new Uint8Array(1000);
    await open.read(buffer);
    let before = await serial();
    for (const signal of ["SIGHUP", undefined] as const) {
      await authority.sign("server", "root");
      if (signal !== undefined) server.kill(signal);
      let now = before;
      while (now === before) now = await serial();
      before = now;
    }
    await open.write(new TextEncoder().encode("PING\n"));
    const read = await open.read(buffer);
    assertMatch(new TextDecoder().decode(buffer.subarray(0, read!)), /^OK pong/);
    open.close();
  }));
