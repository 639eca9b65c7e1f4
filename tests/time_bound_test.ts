import { assertEquals } from "@std/assert";

const PRELOAD = new URL("./time_bound.ts", import.meta.url).pathname;

// The arguments of tests that never end by themselves.
const endless = [
  `"waits", () => new Promise(() => setInterval(() => {}, 1000))`,
  `{ name: "spins", fn() { for (;;); } }`,
  `"has options", { permissions: "inherit" }, () => { for (;;); }`,
  `function named() { for (;;); }`,
  `"waits in a step", (t) => t.step("step", () => new Promise(() => setInterval(() => {}, 1000)))`,
];

Deno.test("every test of a run has a bound of time, in any way to write a test", async () => {
  const file = await Deno.makeTempFile({ suffix: "_test.ts" });
  try {
    // Deno loads the timers at their first use. A bound that ends a test within it would break them for the next test.
    const tests = [
      "setInterval;",
      ...endless.map((each) => `Deno.test(${each});`),
      `Deno.test("ends", () => {});`,
    ];
    await Deno.writeTextFile(file, tests.join("\n"));
    const { code, stdout } = await new Deno.Command(Deno.execPath(), {
      args: ["test", "--no-check", "--allow-all", `--preload=${PRELOAD}`, file],
      env: { LINEUP_TEST_BOUND_MS: "200", LINEUP_LONG: "1", NO_COLOR: "1" },
    }).output();
    const out = new TextDecoder().decode(stdout);
    assertEquals(code, 1);
    assertEquals(out.match(/Test timed out after 200ms/g)?.length, endless.length, out);
    assertEquals(/ends \.\.\. ok/.test(out), true, out);
  } finally {
    await Deno.remove(file);
  }
});

Deno.test("every task that runs tests sets the bound", async () => {
  const config = JSON.parse(await Deno.readTextFile(new URL("../deno.json", import.meta.url)));
  const runs = Object.values<{ command: string }>(config.tasks)
    .flatMap(({ command }) => command.split("&&"))
    .filter((command) => /\bdeno test\b/.test(command) && !command.includes("--doc"));
  assertEquals(runs.length > 0, true);
  assertEquals(runs.filter((run) => !run.includes("--preload=tests/time_bound.ts")), []);
});
