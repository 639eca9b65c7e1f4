import { assertEquals } from "@std/assert";
import { lineupProcess } from "../cli/lineup_process.ts";
import { holdsElsewhere } from "../elsewhere.ts";
import { find } from "./program.ts";

/** Servers that wait for their client to speak first. They listen at a path. */
const SILENT: Readonly<Record<string, (path: string) => string[]>> = {
  "redis-server": (path) => ["--port", "0", "--save", "", "--unixsocket", path],
  beanstalkd: (path) => ["-l", `unix:${path}`],
};

for (const [program, args] of Object.entries(SILENT)) {
  Deno.test(`lineup tells that ${program} does not speak Lineup/1, after one wait`, async () => {
    await find(program);
    const folder = await Deno.makeTempDir();
    const path = `${folder}/socket`;
    const child = new Deno.Command(program, { args: args(path), stdout: "null", stderr: "null" })
      .spawn();
    try {
      await holdsElsewhere(() => listens(path), `${program} listens`);
      const { code, out, err } = await lineupProcess([
        "check",
        "--timeout",
        "300ms",
        `unix:${path}`,
      ]);
      assertEquals([code, err], [1, ""]);
      assertEquals(out.split("\n").slice(0, 2), [
        "FAILED  greeting: nothing is sent",
        "          why       no greeting came within 300 ms",
      ]);
      assertEquals(out.split("\n").at(-2), "0 ok, 1 failed; the other cases need a greeting");
      assertEquals(await lineupProcess(["call", "--timeout", "300ms", `unix:${path}`, "PING"]), {
        code: 2,
        out: "",
        err: `lineup: cannot connect to unix:${path}: no greeting in time\n`,
      });
      const { code: connected } = await lineupProcess(["connect", `unix:${path}`], {
        input: "PING\n",
      });
      assertEquals(connected, 2);
    } finally {
      child.kill("SIGTERM");
      await child.status;
      await Deno.remove(folder, { recursive: true });
    }
  });
}

/** Whether a server listens at the path. */
async function listens(path: string): Promise<boolean> {
  try {
    (await Deno.connect({ transport: "unix", path })).close();
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    if (error instanceof Deno.errors.ConnectionRefused) return false;
    throw error;
  }
}
