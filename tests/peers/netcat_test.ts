import { assertEquals } from "@std/assert";
import { startLineup } from "../cli/run.ts";
import { run } from "./program.ts";

const GREETING =
  'OK lineup/1 queue/1.0 max-line=8192 max-body=1048576 auth=none hint="Type HELP"\r\n';

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

Deno.test("nc gets one reply for each of lines that come a byte a write", async () => {
  await using server = await startLineup(["queue", "--port", "0", "--data", ":memory:"]);
  // bash's printf writes each byte by itself, and nc passes on what it reads.
  const script = `printf '%s\\n' ${TALK.trim().split("\n").map((line) => `'${line}'`).join(" ")} |
    while IFS= read -r -N1 byte; do printf '%s' "$byte"; done |
    nc -N 127.0.0.1 ${server.port}`;
  const { out } = await run("bash", ["-c", script], { needs: ["nc"] });
  assertEquals(out, GREETING + ANSWERS);
});
