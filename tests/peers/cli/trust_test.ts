// Servers with certificates that no system trusts, and --ca.

import { assertEquals, assertStringIncludes } from "@std/assert";
import { lineup } from "../../cli/lineup_here.ts";
import { lineupProcess, startLineup } from "../../cli/lineup_process.ts";

const pem = (name: string): string =>
  new URL(`../../transports/tls/${name}`, import.meta.url).pathname;

const NOT_TRUSTED = "the server's certificate is not trusted here; " +
  "--ca FILE trusts it, or its authority (PEM)";

/** Each command that connects, with the arguments before and behind the address. */
const COMMANDS: readonly (readonly [name: string, before: string, behind: string])[] = [
  ["call", "", "PING"],
  ["put", "", "q x"],
  ["spec", "--format json", ""],
  ["check", "--only nothing", ""],
  ["load", "--quiet --requests 2", "PING"],
  ["top", "--count 1 --interval 100ms", ""],
  ["work", "--until-empty", "q -- true"],
  ["connect", "", ""],
];

const words = (text: string): string[] => text.split(" ").filter((word) => word !== "");

for (const [cert, authority] of [["self_signed", "self_signed"], ["server", "authority"]]) {
  Deno.test(`--ca trusts ${authority}.pem`, async () => {
    const identity = ["--tls-cert", pem(`${cert}.pem`), "--tls-key", pem(`${cert}.key`)];
    const args = ["queue", "--port", "0", "--data", ":memory:", ...identity];
    await using server = await startLineup(args);
    const commands = cert === "server" ? COMMANDS.slice(0, 1) : COMMANDS;
    await Promise.all(commands.map(async ([name, before, behind]) => {
      const run = (ca: string[], host = "127.0.0.1") => {
        const address = `tls://${host}:${server.port}`;
        const input = { input: "PING\n" };
        return lineup([name, ...ca, ...words(before), address, ...words(behind)], input);
      };
      const trusted = await run(["--ca", pem(`${authority}.pem`)]);
      assertEquals([trusted.code, trusted.err], [0, ""], name);
      const { code, err } = await run([]);
      assertEquals(code, 2, name);
      assertStringIncludes(err, NOT_TRUSTED, name);
      assertStringIncludes(err, `lineup: cannot connect to tls://127.0.0.1:${server.port}: `, name);
      if (name !== "call") return;
      assertEquals((await run(["--ca", pem(`${authority}.pem`)], "localhost")).code, 0);
      // The other authority did not sign this server's certificate.
      const other = cert === "server" ? "self_signed.pem" : "authority.pem";
      assertStringIncludes((await run(["--ca", pem(other)])).err, NOT_TRUSTED);
    }));
  });
}

Deno.test("a TLS client names a server that does not speak TLS", async () => {
  await using server = await startLineup(["queue", "--port", "0", "--data", ":memory:"]);
  const { code, err } = await lineup(["call", `tls://127.0.0.1:${server.port}`, "PING"]);
  assertEquals(code, 2);
  assertStringIncludes(err, "the server does not speak TLS at this address");
});

Deno.test("a text that is no certificate or key is named with its flag", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const encrypted = `${folder}/encrypted.key`;
    await Deno.writeTextFile(
      encrypted,
      "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAA==\n-----END ENCRYPTED PRIVATE KEY-----\n",
    );
    await Deno.writeTextFile(`${folder}/text`, "hello\n");
    const serve = (cert: string, key: string) =>
      lineup(["queue", "--port", "0", "--data", ":memory:", "--tls-cert", cert, "--tls-key", key]);
    for (
      const [run, why] of [
        [
          serve(pem("server.pem"), pem("self_signed.key")),
          `the key in ${pem("self_signed.key")} does not belong to the certificate in ${
            pem("server.pem")
          }`,
        ],
        [
          serve(pem("server.key"), pem("server.key")),
          `--tls-cert: ${pem("server.key")} holds PRIVATE KEY and no certificate.`,
        ],
        [
          serve(pem("server.pem"), pem("server.pem")),
          `--tls-key: ${pem("server.pem")} holds CERTIFICATE and no private key.`,
        ],
        [
          serve(pem("server.pem"), encrypted),
          `--tls-key: the key in ${encrypted} is encrypted; openssl pkey`,
        ],
        [
          serve(`${folder}/text`, pem("server.key")),
          `--tls-cert: ${folder}/text is not a PEM file`,
        ],
        [serve(folder, pem("server.key")), `--tls-cert: cannot read ${folder}: Is a directory.`],
        [
          lineup(["call", "--ca", `${folder}/none`, "127.0.0.1:1", "PING"]),
          `--ca: cannot read ${folder}/none: No such file or directory.`,
        ],
        [
          lineup(["call", "--ca", pem("server.key"), "127.0.0.1:1", "PING"]),
          `--ca: ${pem("server.key")} holds PRIVATE KEY and no certificate.`,
        ],
      ] as const
    ) {
      const { code, err } = await run;
      assertEquals(code, why.startsWith("--") ? 64 : 1, err);
      assertStringIncludes(err, `lineup: ${why}`);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("--ca trusts the authority of a wss:// server", async () => {
  const [cert, key] = await Promise.all(
    ["server.pem", "server.key"].map((name) => Deno.readTextFile(pem(name))),
  );
  // A proxy that adds TLS. The server behind it gives the same answer to every request.
  await using proxy = Deno.serve(
    { hostname: "127.0.0.1", port: 0, cert, key, onListen: () => {} },
    (request) => {
      const { socket, response } = Deno.upgradeWebSocket(request);
      const say = (text: string): void => socket.send(new TextEncoder().encode(text));
      socket.onopen = () =>
        say("OK lineup/1 bare/1.0 max-line=8192 max-body=1048576 auth=none\r\n");
      socket.onmessage = async ({ data }) => {
        const text = new TextDecoder().decode(data instanceof Blob ? await data.bytes() : data);
        for (const line of text.split("\n").filter((line) => line.trim() !== "")) {
          say(`${/^#\S+ /.exec(line)?.[0] ?? ""}OK pong\r\n`);
        }
      };
      return response;
    },
  );
  const address = `wss://127.0.0.1:${proxy.addr.port}/`;
  const call = (...ca: string[]) => lineupProcess(["call", ...ca, "--body", "x", address, "PING"]);
  assertEquals(await call("--ca", pem("authority.pem")), { code: 0, out: "OK pong\n", err: "" });
  const { code, err } = await call();
  assertEquals(code, 2);
  assertStringIncludes(err, `lineup: cannot connect to ${address}: `);
  assertStringIncludes(err, NOT_TRUSTED);
});

Deno.test("a server warns of a private key that every user can read", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const key = `${folder}/server.key`;
    await Deno.copyFile(pem("server.key"), key);
    const warning = `--tls-key: other users can read ${key}; chmod 600 it.`;
    for (const [mode, warns] of [[0o644, true], [0o640, false], [0o600, false]] as const) {
      await Deno.chmod(key, mode);
      await using server = await startLineup([
        ...["queue", "--port", "0", "--data", ":memory:"],
        ...["--tls-cert", pem("server.pem"), "--tls-key", key],
      ]);
      server.kill("SIGTERM");
      assertEquals((await server.finished()).err.includes(warning), warns, mode.toString(8));
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
