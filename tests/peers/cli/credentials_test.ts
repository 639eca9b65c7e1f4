// --cert, --cert-key, --token-file and LINEUP_TOKEN.

import { generateKeyPairSync } from "node:crypto";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { openQueue, queueProtocol } from "../../../queue/mod.ts";
import {
  hashOfToken,
  identitiesFile,
  newToken,
  serve,
  type ServeOptions,
} from "../../../server/mod.ts";
import { clientCa, identity } from "../../transports/tls.ts";
import { lineup } from "../../cli/lineup_here.ts";
import { lineupProcess } from "../../cli/lineup_process.ts";

const pem = (name: string): string =>
  new URL(`../../transports/tls/${name}`, import.meta.url).pathname;

/** Each command that connects, with the arguments before and behind the address. */
const COMMANDS: readonly (readonly [name: string, before: string, behind: string])[] = [
  ["call", "", "PUT q x"],
  ["put", "", "q x"],
  ["spec", "--format json", ""],
  ["check", "--only nothing", ""],
  ["load", "--quiet --requests 2", "PUT q x"],
  ["top", "--count 1 --interval 100ms", ""],
  ["queues", "", ""],
  ["work", "--until-empty --max 1", "q -- true"],
  ["connect", "", ""],
];

const words = (text: string): string[] => text.split(" ").filter((word) => word !== "");

async function withQueue(
  options: ServeOptions,
  test: (address: string) => Promise<void>,
): Promise<void> {
  await using queue = await openQueue();
  await using server = await serve(queueProtocol, queue.handlers, {
    port: 0,
    log: () => {},
    ...options,
  });
  await test(server.address);
}

async function withFolder(test: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const TRUST = ["--ca", pem("authority.pem")];

Deno.test("each command that connects shows --cert, and says what is missing", () =>
  withFolder((folder) =>
    withQueue({ tls: { ...identity, clientCa } }, async (address) => {
      const key = `${folder}/client.key`;
      await Deno.copyFile(pem("client.key"), key);
      await Deno.chmod(key, 0o600);
      const shown = ["--cert", pem("client.pem"), "--cert-key", key];
      for (const [name, before, behind] of COMMANDS) {
        const run = (...flags: string[]) =>
          lineup([name, ...TRUST, ...flags, ...words(before), address, ...words(behind)], {
            input: "PING\n",
          });
        const { code, err } = await run(...shown);
        assertEquals([code, err.includes("unauthenticated")], [0, false], `${name}: ${err}`);
        const without = await run();
        // A refused greeting is no connection, as a refused token is none.
        if (name === "call") assertEquals(without.code, 2);
        assert(without.code !== 0, name);
        assertStringIncludes(
          without.err + without.out,
          "This server asks its clients for a certificate",
          name,
        );
      }
      const both = `${folder}/client.both`;
      await Deno.writeTextFile(
        both,
        await Deno.readTextFile(pem("client.pem")) + await Deno.readTextFile(key),
        { mode: 0o600 },
      );
      const together = await lineup(["call", ...TRUST, "--cert", both, address, "PING"]);
      assertEquals(together.code, 0, together.err);
      await Deno.chmod(key, 0o644);
      const { code, err } = await lineup(["call", ...TRUST, ...shown, address, "PING"]);
      assertEquals(code, 64);
      assertEquals(
        err.split("\n")[0],
        `lineup: --cert-key: other users can read ${key}; chmod 600 it.`,
      );
    })
  ));

Deno.test("each command that connects sends the token of --token-file or LINEUP_TOKEN", () =>
  withFolder(async (folder) => {
    const token = newToken("ada");
    const file = `${folder}/identities.jsonl`;
    const record = {
      name: "ada",
      tokens: [hashOfToken(token)],
      roles: ["operator"],
      put: ["*"],
      take: ["*"],
      see: ["*"],
      manage: ["*"],
    };
    await Deno.writeTextFile(file, JSON.stringify(record) + "\n", { mode: 0o600 });
    const tokenFile = `${folder}/token`;
    await Deno.writeTextFile(tokenFile, `${token}\n`, { mode: 0o600 });
    const wrongFile = `${folder}/wrong`;
    await Deno.writeTextFile(wrongFile, newToken("ada"), { mode: 0o600 });
    using identities = identitiesFile(file, { log: () => {} });
    await withQueue({ identities }, async (address) => {
      for (const [name, before, behind] of COMMANDS) {
        const run = (...flags: string[]) =>
          lineup([name, ...flags, ...words(before), address, ...words(behind)], {
            input: "PING\n",
          });
        const { code, out, err } = await run("--token-file", tokenFile);
        assertEquals(code, 0, `${name}: ${out} ${err}`);
        assert(!(out + err).includes(token), name);
        if (name !== "call") continue;
        const wrong = await run("--token-file", wrongFile);
        assertEquals(wrong.code, 2);
        assertStringIncludes(
          wrong.err,
          `cannot connect to ${address}: the server refused the token`,
        );
        const without = await run();
        assertEquals(without.code, 1);
        assertStringIncludes(without.out + without.err, "unauthenticated");
      }
      const args = ["call", address, "PUT", "q", "x"];
      const env = { LINEUP_TOKEN: token };
      const { code, out, err } = await lineupProcess(args, { env });
      assertEquals([code, err], [0, ""], out);
      const bad = await lineupProcess(args, { env: { LINEUP_TOKEN: "two words" } });
      assertEquals([bad.code, bad.err.includes("two words")], [64, false]);
      assertStringIncludes(
        bad.err,
        "LINEUP_TOKEN holds no token: a word of at most 256 characters",
      );
    });
  }));

Deno.test("a token is no word of a command line, and its file is private", () =>
  withFolder(async (folder) => {
    for (const args of [["--token", "secret"], ["--token=secret"]]) {
      const { code, err } = await lineup(["call", ...args, "127.0.0.1:1", "PING"]);
      assertEquals(code, 64);
      assertStringIncludes(
        err,
        "lineup: There is no flag --token: every user of a machine sees the words of its processes. " +
          "Use --token-file FILE, or the variable LINEUP_TOKEN.",
      );
      assert(!err.includes("secret"));
    }
    for (const args of [["AUTH", "secret"], ["auth"], ["auth", "--", "secret"]]) {
      for (const command of ["call", "load"]) {
        const { code, err } = await lineup([command, "127.0.0.1:1", ...args]);
        assertEquals(code, 64, err);
        assertStringIncludes(
          err,
          "lineup: AUTH does not belong on a command line: every user of a machine sees the words of its " +
            "processes. Use --token-file FILE, or the variable LINEUP_TOKEN.",
        );
        assert(!err.includes("secret"));
      }
    }
    const file = `${folder}/token`;
    for (
      const [mode, text, why] of [
        [0o604, "word", `other users can read ${file}; chmod 600 it.`],
        [0o620, "word", `other users can write ${file}; chmod 600 it.`],
        [
          0o600,
          "",
          `${file} holds no token: a word of at most 256 characters, such as lineup_NAME_….`,
        ],
        [0o600, "two words", `${file} holds no token`],
      ] as const
    ) {
      await Deno.writeTextFile(file, text);
      await Deno.chmod(file, mode);
      const { code, err } = await lineup(["call", "--token-file", file, "127.0.0.1:1", "PING"]);
      assertEquals(code, 64);
      assertStringIncludes(err, `lineup: --token-file: ${why}`);
    }
    const { err } = await lineup(["call", "--token-file", `${folder}/none`, "127.0.0.1:1", "PING"]);
    assertStringIncludes(err, "lineup: --token-file: ");
    assertStringIncludes(err, "No such file or directory");
    const alone = await lineup(["call", "--cert-key", pem("client.key"), "127.0.0.1:1", "PING"]);
    assertStringIncludes(alone.err, "lineup: --cert-key needs --cert as well.");
    const bare = await lineup(["call", "--cert", pem("client.pem"), "127.0.0.1:1", "PING"]);
    assertStringIncludes(bare.err, "lineup: --cert: ");
    assertStringIncludes(bare.err, "holds CERTIFICATE and no private key.");
  }));

Deno.test("a missing file, another certificate's key and a missing wss:// are told in words", () =>
  withFolder(async (folder) => {
    const call = (...flags: string[]) => lineup(["call", ...flags, "PING"]);
    const none = await call("--token-file", `${folder}/none`, "tls://127.0.0.1:1");
    assertEquals(none.code, 64);
    assertStringIncludes(none.err, `--token-file: cannot read ${folder}/none: No such file`);
    const key = `${folder}/other.key`;
    const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const text = privateKey.export({ type: "pkcs8", format: "pem" }) as string;
    await Deno.writeTextFile(key, text, { mode: 0o600 });
    const other = await call("--cert", pem("client.pem"), "--cert-key", key, "tls://127.0.0.1:1");
    assertEquals(other.code, 64);
    assertStringIncludes(
      other.err,
      `--cert-key: the key in ${key} is not that of the certificate in ${pem("client.pem")}.`,
    );
    await withQueue({ tls: identity }, async (address) => {
      const { code, err } = await call(address.replace("tls:", "ws:"));
      assertEquals(code, 2);
      assertStringIncludes(err, "does not speak WebSocket at this address, or it speaks TLS");
    });
  }));
