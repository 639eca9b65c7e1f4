import { serve } from "@lineup/lineup/server";
import { assertEquals, assertMatch } from "@std/assert";
import { dialect, handlersFor, protocol } from "../../examples/finger.ts";
import { withDirectory } from "../temporary_directory.ts";
import { startExample } from "./example_process.ts";
import { run } from "./program.ts";

/** The port of finger, which the client cannot change. */
const PORT = 79;

/** An address of this machine that nothing else uses: the client takes no other port. */
function freeAddress(): string {
  const [a, b, c] = crypto.getRandomValues(new Uint8Array(3));
  return `127.${a % 254 + 1}.${b}.${c % 254 + 1}`;
}

function mayListen(): boolean {
  const least = Number(Deno.readTextFileSync("/proc/sys/net/ipv4/ip_unprivileged_port_start"));
  return Deno.uid() === 0 || least <= PORT;
}

Deno.test({
  name: "finger tells about people, and ends with the connection",
  // The port of finger is one of the administrator.
  ignore: !mayListen(),
  fn: () =>
    withDirectory(async (directory) => {
      const home = `${directory}/ada`;
      await Deno.mkdir(home);
      await Deno.writeTextFile(`${home}/.plan`, "To write notes.\n", { mode: 0o644 });
      const users = `${directory}/users`;
      await Deno.writeTextFile(users, `ada:x:1:1:Ada Lovelace,,,:${home}:/bin/sh\n`);
      const hostname = freeAddress();
      await using _ = await serve(protocol, handlersFor(users), {
        dialect,
        hostname,
        port: PORT,
        log: () => {},
      });
      const finger = async (query: string): Promise<string> => {
        const { out } = await run("finger", [`${query}@${hostname}`]);
        return out.replaceAll("\r", "");
      };
      assertMatch(
        await finger("ada"),
        /Login: ada\nName: Ada Lovelace\nPlan:\nTo write notes\.\n$/,
      );
      assertMatch(await finger(""), /ada +Ada Lovelace\n$/);
      assertMatch(await finger("eve"), /There is nobody named eve\.\n$/);
      assertMatch(await finger("ada@elsewhere"), /No other machine is asked\.\n$/);
      const { out } = await run("finger", ["-l", `lovelace@${hostname}`]);
      assertMatch(out, /Login: ada/);
    }),
});

Deno.test("finger as a program tells its address, and answers nc", async () => {
  await using server = await startExample("finger", ["--allow-net", "--allow-read"], [
    "--port",
    "0",
  ]);
  assertMatch(server.line, /^finger listening on tcp:\/\/127\.0\.0\.1:[0-9]+$/);
  const input = new TextEncoder().encode("root\r\n");
  const { out } = await run("nc", ["127.0.0.1", String(server.port)], { input });
  assertMatch(out, /^Login: root\r\nName: /);
  assertEquals(await server.end(), 0);
});
