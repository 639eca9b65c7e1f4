import { assertEquals, assertMatch } from "@std/assert";
import { MAIN } from "../cli/lineup_process.ts";
import { serveQueue } from "../cli/queue_here.ts";
import { openPane } from "./tmux.ts";

Deno.test("lineup work in tmux: progress between the lines of programs, and a summary at the end", async () => {
  await using queue = await serveQueue();
  for (const body of ["a", "b", "bad"]) {
    await queue.client.PUT({ queue: "q", body, attempts: 1 });
  }
  const address = queue.address.replace("tcp://", "");
  // Each program waits until the test has seen the progress.
  const go = await Deno.makeTempFile();
  const script = `read -r body; until [ -s ${go} ]; do sleep 0.05; done; ` +
    'echo "out of $body"; [ $body != bad ]';
  const args = ["run", "--quiet", "--allow-all", MAIN, "work", "--until-empty"];
  try {
    await using pane = await openPane(
      [Deno.execPath(), ...args, "--concurrency", "2", address, "q", "--", "sh", "-c", script],
    );
    await pane.see("2 running  0 done  0/s");
    await Deno.writeTextFile(go, "go");
    const seen = await pane.see("exit 0");
    assertMatch(seen, /^2 done, 1 dead, [\d.]+\/s in [\d.]+m?s\nexit 0$/m);
    // The progress is gone, and no line of a program stands behind it.
    assertEquals(seen.includes("running"), false, seen);
    const lines = seen.split("\n").filter((line) => line.includes("out of"));
    assertEquals(lines.sort(), ["out of a", "out of b", "out of bad"]);
  } finally {
    await Deno.remove(go);
  }
});
