// The groups of test files that `deno task test` runs, one isolate for each group. To load the modules of the product
// into an isolate costs as much as twenty tests of them, so the files of a group share one.

import { boundedTest } from "./time_bound.ts";

/** The folders and files of each group. A path of one group leaves out what is below it in another group. */
export const GROUPS: Readonly<Record<string, readonly string[]>> = {
  attacks: ["attacks"],
  cli: ["cli"],
  cli_connect: ["cli/configuration", "cli/connect", "cli/connect_script_test.ts"],
  cli_load: ["cli/check_test.ts", "cli/load_replies_test.ts", "cli/load_test.ts"],
  client: ["client"],
  dialects: ["dialects", "protocol", "scheduling", "testing"],
  examples: ["examples", "wire_corpus"],
  queue: ["queue"],
  // The next two choose the nodes of each queue in their isolate.
  queue_nodes: ["queue/cluster/nodes_test.ts"],
  queue_shards: ["queue/cluster/sharded_test.ts"],
  queue_engine: ["queue/engine"],
  server: ["server"],
  transports: ["net", "transports"],
  tree: ["admin", "architecture", "groups_test.ts", "long_test.ts", "time_bound_test.ts"],
};

const TESTS = new URL("./", import.meta.url);

/** The test files under a folder of `tests/`, without those that need other programs, in order. */
export function testFiles(folder = ""): string[] {
  return Array.from(Deno.readDirSync(new URL(folder, TESTS)), ({ name, isDirectory }) => {
    const path = folder + name;
    if (isDirectory) return path === "peers" ? [] : testFiles(`${path}/`);
    return name.endsWith("_test.ts") ? [path] : [];
  }).flat().sort();
}

/** The group of a test file: that with the longest path to it. */
export function groupOf(file: string): string | undefined {
  let [group, length]: [string | undefined, number] = [undefined, 0];
  for (const [name, paths] of Object.entries(GROUPS)) {
    for (const path of paths) {
      const holds = file === path || file.startsWith(`${path}/`);
      if (holds && path.length > length) [group, length] = [name, path.length];
    }
  }
  return group;
}

/** Loads the test files of a group into this isolate. */
export async function loadGroup(group: string): Promise<void> {
  for (const file of testFiles().filter((each) => groupOf(each) === group)) {
    await loadTests(file, TESTS);
  }
}

/**
 * Loads a test file. The name of each of its tests begins with its path. A file that cannot be loaded is a test that
 * fails.
 */
export async function loadTests(file: string, folder: URL): Promise<void> {
  const { test } = Deno;
  const named = (...args: unknown[]): void => {
    const definition = boundedTest(args);
    test({ ...definition, name: `${file}: ${definition.name}` });
  };
  Object.assign(Deno, { test: Object.assign(named, test) });
  try {
    await import(new URL(file, folder).href);
  } catch (error) {
    named("it is loaded", () => Promise.reject(error));
  }
  Object.assign(Deno, { test });
}
