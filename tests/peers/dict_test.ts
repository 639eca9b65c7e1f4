import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { startExample } from "./example_process.ts";
import { run } from "./program.ts";

const start = () => startExample("dict", ["--allow-net"], ["--port", "0"]);

/** All that Debian's dict prints, and its exit code. */
function dict(port: number, ...args: string[]): Promise<{ code: number; out: string }> {
  const script = 'dict -h 127.0.0.1 -p "$@" 2>&1';
  return run("sh", ["-c", script, "sh", String(port), ...args], { needs: ["dict"] });
}

Deno.test("dict defines words, matches and lists", async () => {
  await using server = await start();
  assertMatch(server.line, /^dict listening on tcp:\/\/127\.0\.0\.1:[0-9]+$/);
  const says = async (...args: string[]): Promise<string> => (await dict(server.port, ...args)).out;
  const busy = await says("busy");
  assertStringIncludes(busy, "1 definition found");
  assertStringIncludes(busy, "From Codes of errors of Lineup [errors]:");
  assertStringIncludes(busy, "The server has too much to do.");
  assertStringIncludes(await says("-d", "commands", "put"), "PUT queue body [key=]");
  assertStringIncludes(await says("-d", "!", "take"), "From Commands of lineup queue");
  assertMatch(await says("-m", "-s", "suffix", "too-large"), /errors: +body-too-large/);
  assertMatch(await says("-D"), /commands +Commands of lineup queue/);
  assertMatch(await says("-S"), /substring +Words with this in them/);
  assertStringIncludes(await says("-i", "errors"), "Codes of errors of Lineup: ");
  assertStringIncludes(await says("-I"), "Lineup's words, served by Lineup");
  assertStringIncludes(await says("-H"), "MATCH database strategy word");
  assertEquals(await server.end(), 0);
});

Deno.test("dict proposes words where there is none, and tells what the server does not have", async () => {
  await using server = await start();
  const proposed = await dict(server.port, "bus");
  assertEquals(proposed, {
    code: 21,
    out: 'No definitions found for "bus", perhaps you mean:\nerrors:  busy\n',
  });
  const nothing = await dict(server.port, "-C", "nothing");
  assertEquals(nothing, { code: 20, out: 'No definitions found for "nothing"\n' });
  const french = await dict(server.port, "-d", "french", "busy");
  assertMatch(french.out, /french is not a valid database/);
  const mime = await dict(server.port, "-M", "busy");
  assertStringIncludes(mime.out, "The server has too much to do.");
});

Deno.test("curl defines and matches by dict://", async () => {
  await using server = await start();
  const curl = async (path: string): Promise<string> =>
    (await run("curl", ["--silent", "--show-error", `dict://127.0.0.1:${server.port}/${path}`]))
      .out;
  assertMatch(
    await curl("d:busy:errors"),
    /^220 .*\r\n250 ok\r\n150 1 definitions retrieved\r\n151 "busy" errors /,
  );
  assertMatch(
    await curl("m:too-large:errors:suffix"),
    /\r\nerrors "body-too-large"\r\n\.\r\n250 ok\r\n221 bye\r\n$/,
  );
});
