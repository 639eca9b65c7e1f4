import { assertEquals, assertMatch } from "@std/assert";
import { groupOf, GROUPS, testFiles } from "./groups.ts";
import { withDirectory } from "./temporary_directory.ts";

Deno.test("deno task test runs each test file in one group", async () => {
  assertEquals(testFiles().filter((file) => groupOf(file) === undefined), []);
  const named = Object.values(GROUPS).flat();
  assertEquals(named.length, new Set(named).size);
  for (const path of named) Deno.statSync(new URL(path, import.meta.url));
  const loads = Array.from(Deno.readDirSync(new URL("groups", import.meta.url)), ({ name }) => {
    const text = Deno.readTextFileSync(new URL(`groups/${name}`, import.meta.url));
    return [name, /loadGroup\("(.*)"\)/.exec(text)?.[1]];
  });
  assertEquals(
    loads.toSorted(),
    Object.keys(GROUPS).map((name) => [`${name}.ts`, name]).toSorted(),
  );
  const config = JSON.parse(await Deno.readTextFile(new URL("../deno.json", import.meta.url)));
  assertMatch(config.tasks.test.command, / tests\/groups\/\*\.ts$/);
});

Deno.test("a file that changes what queues consist of has an isolate to itself", () => {
  const changes = testFiles().filter((file) =>
    /\b(useNodes|useStores)\(/.test(Deno.readTextFileSync(new URL(file, import.meta.url)))
  ).filter((file) => file !== "groups_test.ts");
  for (const file of changes) assertEquals(GROUPS[groupOf(file)!], [file]);
  assertEquals(changes.length > 0, true);
});

Deno.test("a group names the file of each test, and fails where a file cannot be loaded", async () => {
  await withDirectory(async (directory) => {
    const files = {
      "a_test.ts": 'Deno.test("one", () => {}); Deno.test({ name: "two", fn: () => {} });',
      "b_test.ts": 'throw new Error("broken");',
      "c_test.ts": "Deno.test(function three() {});",
      "group.ts": `import { loadTests } from "${new URL("groups.ts", import.meta.url)}";
        for (const each of "abc") await loadTests(each + "_test.ts", new URL("./", import.meta.url));`,
    };
    for (const [name, text] of Object.entries(files)) {
      await Deno.writeTextFile(`${directory}/${name}`, text);
    }
    const { code, stdout } = await new Deno.Command(Deno.execPath(), {
      args: ["test", "--no-check", "--allow-all", `${directory}/group.ts`],
      env: { NO_COLOR: "1" },
    }).output();
    const results = new TextDecoder().decode(stdout).matchAll(/^(\w_test\.ts: .*) \.\.\. (\w+)/gm);
    assertEquals([code, Array.from(results, ([, name, result]) => [name, result])], [1, [
      ["a_test.ts: one", "ok"],
      ["a_test.ts: two", "ok"],
      ["b_test.ts: it is loaded", "FAILED"],
      ["c_test.ts: three", "ok"],
    ]]);
  });
});
