import { assertEquals, assertThrows } from "@std/assert";
import { UsageError } from "../../cli/flags.ts";
import { nodePlanOf } from "../../cli/queue/nodes.ts";

async function withSecret(test: (file: string) => void): Promise<void> {
  const file = await Deno.makeTempFile();
  try {
    await Deno.writeTextFile(file, "long enough for a secret\n");
    await Deno.chmod(file, 0o600);
    test(file);
  } finally {
    await Deno.remove(file);
  }
}

Deno.test("a node advertises an address that others can dial", async () => {
  await withSecret((file) => {
    const addressOf = (flags: Record<string, unknown>): string =>
      nodePlanOf({ "cluster-secret-file": file, ...flags }, true)!.address;
    assertEquals(addressOf({ advertise: "10.0.0.7:5463" }), "tcp://10.0.0.7:5463");
    assertEquals(addressOf({ advertise: "[fd00::7]:5463" }), "tcp://[fd00::7]:5463");
    assertEquals(addressOf({ advertise: "db.example:1", "tls-cert": "c" }), "tls://db.example:1");
    assertEquals(addressOf({ host: "10.0.0.7" }), "tcp://10.0.0.7:5463");
  });
});

Deno.test("a node advertises no address that stands for all of its machine", async () => {
  await withSecret((file) => {
    for (const host of ["0.0.0.0", "[::]", "0", "[0:0:0:0:0:0:0:0]", "[::ffff:0.0.0.0]"]) {
      const flags = { "cluster-secret-file": file, advertise: `${host}:5463` };
      const { message } = assertThrows(() => nodePlanOf(flags, true), UsageError);
      assertEquals(
        message.replace(/at \S+;/, "at …;"),
        "--advertise: nobody can reach this server at …; name the address of this machine that the other nodes dial.",
      );
    }
    for (const host of ["0.0.0.0", "::", "[::]", "0"]) {
      assertThrows(
        () => nodePlanOf({ "cluster-secret-file": file, host }, true),
        UsageError,
        "--cluster-secret-file needs --advertise HOST:PORT",
      );
    }
  });
});
