// The large sizes of tests that have them, one after the other: `deno task test:long`, about an hour on an idle machine.
// LINEUP_SEED=N tries other cases. Words behind the task run the rows whose title has them: `deno task test:long kills`.

/** A row: its title, the factor of its sizes, and its files. */
interface LongRun {
  readonly title: string;
  readonly factor: number;
  readonly files: readonly string[];
}

/** All rows. A test says with `LONG` which of its sizes grow. */
export const LONG_RUNS: readonly LongRun[] = [
  {
    title: "100 million steps of the queue",
    factor: 1000,
    files: ["queue/engine/simulation_test.ts"],
  },
  {
    title: "10 million steps of a cluster",
    factor: 250,
    files: ["queue/cluster/simulation_test.ts"],
  },
  { title: "300 kills of a server with a file", factor: 60, files: ["peers/kills/kill_test.ts"] },
  {
    title: "300 kills of a server on PostgreSQL",
    factor: 30,
    files: ["peers/postgres/kill_test.ts"],
  },
  {
    title: "300 kills of one of three nodes",
    factor: 150,
    files: ["peers/postgres/nodes_test.ts"],
  },
  {
    title: "100 million hostile bytes over sockets",
    factor: 1000,
    files: ["attacks/fuzz_sockets_test.ts"],
  },
  {
    title: "60,000 requests that try to cost much",
    factor: 100,
    files: ["queue/cost/cost_test.ts", "peers/queue_cost_test.ts"],
  },
  {
    title: "10 million mutated bytes to each dialect of the examples",
    factor: 200,
    files: [
      "examples/mutated_test.ts",
      "examples/memcached_attacks_test.ts",
      "examples/redis/redis_garbage_test.ts",
    ],
  },
  {
    title: "10 million mutated bytes to the dialect of beanstalkd, and hostile bytes in memory",
    factor: 100,
    files: ["queue/beanstalkd/garbage_test.ts", "attacks/fuzz_test.ts"],
  },
  { title: "connections with drawn faults", factor: 10, files: ["client/faults_test.ts"] },
  {
    title: "memory, outages, full disks, open pages, each missing permission",
    factor: 3,
    files: [
      "peers/resident_test.ts",
      "client/outage_test.ts",
      "peers/memory_test.ts",
      "queue/store/disk_room_test.ts",
      "peers/disk_test.ts",
      "peers/page/cost_test.ts",
      "peers/permissions_test.ts",
    ],
  },
  {
    title: "load while servers are restarted, and several processes",
    factor: 2,
    files: ["peers/restart/restart_test.ts", "peers/processes_test.ts"],
  },
  {
    title: "models and codecs",
    factor: 4,
    files: [
      "client/work_simulation_test.ts",
      "queue/engine",
      "peers/kills/import_kill_test.ts",
      "queue/store/sqlite_batches_test.ts",
      "queue/store/hostile_files_test.ts",
      "queue/index",
      "scheduling",
      "protocol",
      "dialects",
      "net/proxy_protocol_test.ts",
      "cli/connect/request_line_test.ts",
    ],
  },
];

const TESTS = new URL("./", import.meta.url);

/** Runs the tests of a row. Resolves with whether they passed. */
async function run({ title, factor, files }: LongRun): Promise<boolean> {
  console.log(`\n== ${title} (LINEUP_LONG=${factor})`);
  const path = (name: string): string => new URL(name, TESTS).pathname;
  const { success } = await new Deno.Command(Deno.execPath(), {
    args: [
      "test",
      `--lock=${path("deno.lock")}`,
      "--allow-all",
      `--preload=${path("time_bound.ts")}`,
      ...files.map(path),
    ],
    env: { LINEUP_LONG: String(factor) },
  }).spawn().status;
  return success;
}

if (import.meta.main) {
  const chosen = LONG_RUNS.filter(({ title }) => Deno.args.every((word) => title.includes(word)));
  if (chosen.length === 0) {
    console.error(
      `no row has these words; there are: ${LONG_RUNS.map(({ title }) => title).join("; ")}`,
    );
    Deno.exit(64);
  }
  const failed: string[] = [];
  for (const each of chosen) if (!await run(each)) failed.push(each.title);
  if (failed.length > 0) {
    console.error(`\nfailed: ${failed.join("; ")}`);
    Deno.exit(1);
  }
}
