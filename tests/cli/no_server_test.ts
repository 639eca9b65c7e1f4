import { assertEquals, assertStringIncludes } from "@std/assert";
import { lineServer } from "./line_server.ts";
import { lineup } from "./lineup_here.ts";

Deno.test("every command of lineup exits with 2 without a connection", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const address = `127.0.0.1:${listener.addr.port}`;
  listener.close();
  for (
    const args of [
      ["call", address, "PING"],
      ["connect", address],
      ["put", address, "mail", "hello"],
      ["work", address, "mail", "--", "cat"],
      ["load", address, "PING"],
      ["top", address],
      ["check", address],
      ["spec", address],
    ]
  ) {
    assertEquals(await lineup(args), {
      code: 2,
      out: "",
      err: `lineup: cannot connect to ${address}: Connection refused\n`,
    }, args[0]);
  }
});

Deno.test("lineup names a server without a valid SPEC", async () => {
  await using server = await lineServer((line) => `${line.split(" ")[0]} OK {3}\r\nnot\r\n`);
  for (const args of [["spec", server.address], ["load", server.address, "PING"]]) {
    const { code, out, err } = await lineup(args);
    assertEquals({ code, out }, { code: 2, out: "" });
    assertStringIncludes(err, "lineup: the server's SPEC cannot be read: ");
  }
});
