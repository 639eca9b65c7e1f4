import { assertEquals } from "@std/assert";
import { startLineup } from "../cli/lineup_process.ts";
import { holdsElsewhere } from "../elsewhere.ts";
import { find, run } from "./program.ts";

const GREETING =
  'OK lineup/1 queue/1.0 max-line=8192 max-body=1048576 max-in-flight=256 auth=none hint="Type HELP"\r\n';

const TALK = "PING\nPUT mail hello\nTAKE mail\nDONE 1\nQUIT\n";
const ANSWERS =
  "OK pong\nOK id=1\n* id=1 queue=mail attempt=1 lease=60s {5}\nhello\nOK count=1\nOK\nOK bye\n";

const crlf = (text: string): string => text.replaceAll("\n", "\r\n");
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

const CASES: readonly { name: string; input: string; answers: string }[] = [
  { name: "lines that end in LF", input: TALK, answers: ANSWERS },
  { name: "lines that end in CRLF", input: crlf(TALK), answers: crlf(ANSWERS) },
  {
    name: "a body with a NUL",
    input: "PUT mail {5}\r\nhe\0lo\r\nTAKE mail\r\n",
    answers: "OK id=1\r\n* id=1 queue=mail attempt=1 lease=60s {5}\r\nhe\0lo\r\nOK count=1\r\n",
  },
];

for (const { name, input, answers } of CASES) {
  Deno.test(`nc gets one reply for each of ${name}`, async () => {
    await using server = await startLineup(["queue", "--port", "0", "--data", ":memory:"]);
    const args = ["-N", "127.0.0.1", String(server.port)];
    const { out } = await run("nc", args, { input: bytes(input) });
    assertEquals(out, GREETING + answers);
  });
}

Deno.test("nc gets one reply for each line, also where each write has one byte", async () => {
  await using server = await startLineup(["queue", "--port", "0", "--data", ":memory:"]);
  // bash's printf writes each byte alone, and nc passes it on at once.
  const script = `printf '%s\\n' ${TALK.trim().split("\n").map((line) => `'${line}'`).join(" ")} |
    while IFS= read -r -N1 byte; do printf '%s' "$byte"; done |
    nc -N 127.0.0.1 ${server.port}`;
  const { out } = await run("bash", ["-c", script], { needs: ["nc"] });
  assertEquals(out, GREETING + ANSWERS);
});

/** Starts a netcat that sends a TAKE and ends its side. Resolves once the TAKE waits at the server. */
async function waitingNetcat(
  port: number,
): Promise<{ nc: Deno.ChildProcess; ask: (verb: string) => Promise<string> }> {
  await find("nc");
  const nc = new Deno.Command("nc", {
    args: ["-N", "127.0.0.1", String(port)],
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const writer = nc.stdin.getWriter();
  await writer.write(bytes("TAKE mail wait=1h\n"));
  await writer.close();
  const ask = async (request: string): Promise<string> =>
    (await run("nc", ["-N", "127.0.0.1", String(port)], { input: bytes(request) })).out;
  await holdsElsewhere(
    async () => (await ask("STATS\n")).includes("* queue-takers 1\n"),
    "netcat waits for a job",
  );
  return { nc, ask };
}

Deno.test("nc -N that waits for a job gets it, then the end of the connection", async () => {
  await using server = await startLineup(["queue", "--port", "0", "--data", ":memory:"]);
  const { nc, ask } = await waitingNetcat(server.port);
  await ask("PUT mail hello\n");
  const { code, stdout } = await nc.output();
  const job = "* id=1 queue=mail attempt=1 lease=60s {5}\nhello\nOK count=1\n";
  assertEquals(new TextDecoder().decode(stdout), GREETING + job);
  assertEquals(code, 0);
});

Deno.test("nc -N that is killed while it waits for a job takes no job", async () => {
  await using server = await startLineup(["queue", "--port", "0", "--data", ":memory:"]);
  const { nc, ask } = await waitingNetcat(server.port);
  nc.kill("SIGKILL");
  await nc.output();
  await ask("PUT mail hello attempts=1\n");
  const taken = await ask("TAKE mail wait=10s\n");
  const job = "* id=1 queue=mail attempt=1 lease=60s {5}\nhello\nOK count=1\n";
  assertEquals(taken, GREETING + job);
});
