import { assertEquals, assertStringIncludes } from "@std/assert";
import { lineupProcess, startLineup } from "../cli/lineup_process.ts";
import { run } from "./program.ts";

/** Programs that speak another protocol to the queue's port, and the expected effects. */
const CASES: readonly {
  name: string;
  program: string;
  args: (port: number) => string[];
  input?: string;
  /** The answer that the program shows, where it shows one. */
  sees?: string;
  /** The entry of the server's log. */
  logs: string;
  jobs: number;
}[] = [
  {
    name: "curl http:// GET",
    program: "curl",
    args: (port) => ["-sS", "--http0.9", "-m", "5", `http://127.0.0.1:${port}/`],
    sees: "ERR wrong-protocol",
    logs: "connection ended: wrong-protocol",
    jobs: 0,
  },
  {
    name: "curl http:// POST",
    program: "curl",
    args: (port) => [
      "-sS",
      "--http0.9",
      "-m",
      "5",
      "--data-binary",
      "\nPUT mail evil\n",
      `http://127.0.0.1:${port}/`,
    ],
    sees: "ERR wrong-protocol",
    logs: "connection ended: wrong-protocol",
    jobs: 0,
  },
  {
    name: "curl gopher://",
    program: "curl",
    args: (
      port,
    ) => ["-sS", "-m", "2", `gopher://127.0.0.1:${port}/_PUT%20mail%20x%0D%0AQUIT%0D%0A`],
    sees: "OK id=1",
    logs: "debug connection ended client=127.0.0.1:<port> requests=2 errors=0 seconds=<n>\n",
    jobs: 1,
  },
  {
    name: "curl dict://",
    program: "curl",
    args: (port) => ["-sS", "-m", "2", `dict://127.0.0.1:${port}/PUT:mail:x`],
    sees: "ERR unknown-command",
    logs: "debug connection ended client=127.0.0.1:<port> requests=2 errors=1 seconds=<n>\n",
    jobs: 1,
  },
  {
    name: "curl telnet://",
    program: "curl",
    args: (port) => ["-sS", "-m", "5", `telnet://127.0.0.1:${port}`],
    input: "PING\r\nQUIT\r\n",
    sees: "OK pong",
    logs: "debug connection ended client=127.0.0.1:<port> requests=2 errors=0 seconds=<n>\n",
    jobs: 0,
  },
  {
    name: "openssl s_client",
    program: "openssl",
    args: (port) => ["s_client", "-connect", `127.0.0.1:${port}`],
    logs: "connection ended: wrong-protocol",
    jobs: 0,
  },
];

for (const { name, program, args, input = "", sees = "", logs, jobs } of CASES) {
  Deno.test(`${name} on the queue's port is answered by the rules`, async () => {
    await using server = await startLineup([
      "queue",
      "--port",
      "0",
      "--data",
      ":memory:",
      "--log-level",
      "debug",
    ]);
    const { out } = await run(program, args(server.port), {
      input: new TextEncoder().encode(input),
      quiet: true,
    });
    assertStringIncludes(out, sees);
    const queues = await lineupProcess(["call", `127.0.0.1:${server.port}`, "QUEUES"]);
    assertEquals(queues.out.includes("* mail"), jobs > 0, queues.out);
    server.kill("SIGTERM");
    const { err } = await server.finished();
    assertStringIncludes(
      err.replace(/:[0-9]+ requests/, ":<port> requests").replace(/seconds=[0-9.]+/, "seconds=<n>"),
      logs,
    );
  });
}
