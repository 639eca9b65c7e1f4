// What /metrics tells, read by a parser of other people.

import { assert, assertEquals, assertMatch, assertStringIncludes, assertThrows } from "@std/assert";
import { type AdminServer, serveAdmin } from "@lineup/lineup/admin";
import { memoryStore, openQueue, queueProtocol } from "@lineup/lineup/queue";
import { listenMemory, type Metric, serve } from "@lineup/lineup/server";
import parse from "npm:parse-prometheus-text-format@1.1.1";
import { negotiate, writeMetrics } from "../../admin/metrics/exposition.ts";
import { OPEN_METRICS, PROMETHEUS_TEXT } from "../../admin/metrics/exposition.ts";
import { VirtualClock } from "../../testing/virtual_clock.ts";
import { RawClient } from "../raw_client.ts";
import { TestServer } from "../test_server.ts";

/** The samples of a text by metric. */
function read(text: string): Map<string, { type: string; metrics: Sample[] }> {
  const families = parse(text) as { name: string; type: string; metrics: Sample[] }[];
  return new Map(families.map(({ name, type, metrics }) => [name, { type, metrics }]));
}

interface Sample {
  readonly value?: string;
  readonly labels?: Record<string, string>;
  readonly buckets?: Record<string, string>;
  readonly count?: string;
  readonly sum?: string;
}

async function scrape({ address }: AdminServer, accept?: string): Promise<string> {
  const response = await fetch(`${address}/metrics`, { headers: accept ? { accept } : {} });
  assertEquals(response.status, 200);
  return await response.text();
}

/** The value of the sample with these labels. */
function valueOf(
  families: ReturnType<typeof read>,
  name: string,
  labels: Record<string, string> = {},
): number {
  const sample = families.get(name)?.metrics.find((each) =>
    Object.entries(labels).every(([label, value]) => each.labels?.[label] === value)
  );
  assert(sample !== undefined, `there is no ${name} ${JSON.stringify(labels)}`);
  return Number(sample.value);
}

Deno.test("/metrics counts requests by command and code, and their waits and runs", async () => {
  await using test = await TestServer.open({ seats: 1 });
  await using admin = await serveAdmin(test.server, { address: "0", clock: test.clock });
  using wire = await test.client();
  await wire.send("#h HOLD a\n#s SAY hi class=interactive\n");
  const held = await test.held("a");
  test.clock.advance(300);
  held.go("x");
  await wire.lines(2);
  for (const line of ["PING", "FAIL gone", "FAIL throw", "SAY", "FROB", 'SAY "']) {
    await wire.ask(line);
  }

  const text = await scrape(admin);
  const families = read(text);
  const count = (command: string, code: string): number =>
    valueOf(families, "lineup_requests_total", { command, code });
  assertEquals(count("HOLD", "ok"), 1);
  assertEquals(count("PING", "ok"), 1);
  assertEquals(count("FAIL", "gone"), 1);
  assertEquals(count("FAIL", "internal"), 1);
  assertEquals(count("SAY", "bad-arguments"), 1);
  assertEquals(count("_other", "unknown-command"), 1);
  assertEquals(count("_other", "bad-syntax"), 1);
  assertEquals(families.get("lineup_requests_total")!.type, "COUNTER");

  // The parser leaves out the labels of histograms.
  assertEquals(families.get("lineup_request_run_seconds")!.type, "HISTOGRAM");
  for (
    const line of [
      'lineup_request_run_seconds_bucket{command="HOLD",le="0.25"} 0',
      'lineup_request_run_seconds_bucket{command="HOLD",le="0.5"} 1',
      'lineup_request_run_seconds_bucket{command="HOLD",le="+Inf"} 1',
      'lineup_request_run_seconds_sum{command="HOLD"} 0.3',
      'lineup_request_run_seconds_count{command="HOLD"} 1',
      'lineup_request_wait_seconds_bucket{class="interactive",le="0.25"} 0',
      'lineup_request_wait_seconds_bucket{class="interactive",le="0.5"} 1',
    ]
  ) assertStringIncludes(text, `\n${line}\n`);

  assertEquals(valueOf(families, "lineup_connections"), 1);
  assertEquals(valueOf(families, "lineup_connections_served_total"), 1);
  assertEquals(valueOf(families, "lineup_ready"), 1);
  assertEquals(valueOf(families, "lineup_seats", { place: "loop" }), 1);
  assert(valueOf(families, "process_resident_memory_bytes") > 1e6);
  assert(valueOf(families, "process_cpu_seconds_total") > 0);
});

Deno.test("/metrics tells of queues within a bound, and of keys where that is asked for", async () => {
  const clock = new VirtualClock();
  await using queue = await openQueue({ store: memoryStore(), clock });
  const listener = listenMemory();
  await using server = await serve(queueProtocol, queue.handlers, { listen: [listener], clock });
  await using admin = await serveAdmin(server, {
    address: "0",
    clock,
    metrics: () => queue.metrics({ queues: 3, keysOf: ["a", "nowhere"] }),
  });
  using wire = await RawClient.open(listener.connect());
  for (
    const line of [
      "PUT a x key=acme",
      "PUT a x",
      'PUT "b\\"c" x',
      "PUT _other x",
      "PUT d x",
      "PUT d x",
    ]
  ) {
    assertMatch(await wire.ask(line), /^OK id=/);
  }
  clock.advance(90_000);
  await wire.ask("TAKE a");
  const families = read(await scrape(admin));
  const jobs = (name: string, state: string): number =>
    valueOf(families, "lineup_queue_jobs", { queue: name, state });
  assertEquals([jobs("a", "ready"), jobs("a", "taken")], [1, 1]);
  // The name of a queue is a word of its client.
  assertEquals(jobs('b"c', "ready"), 1);
  // A queue with the name of the rest, and those beyond the bound, are the rest.
  assertEquals(jobs("_other", "ready"), 3);
  const queues = new Set(
    families.get("lineup_queue_jobs")!.metrics.map(({ labels }) => labels!.queue),
  );
  assertEquals([...queues], ["a", 'b"c', "_other"]);
  assertEquals(valueOf(families, "lineup_queue_oldest_seconds", { queue: "a" }), 90);
  assertEquals(valueOf(families, "lineup_queue_events_total", { event: "put" }), 6);
  const keys = (key: string, state: string): number =>
    valueOf(families, "lineup_queue_key_jobs", { queue: "a", key, state });
  assertEquals([keys("acme", "ready") + keys("acme", "taken"), keys("_other", "ready")], [1, 0]);
  assertEquals(valueOf(families, "lineup_queues"), 4);
  assertEquals(valueOf(families, "lineup_queue_read_only"), 0);
  const commits = families.get("lineup_store_commit_seconds")!.metrics[0];
  assert(Number(commits.count) > 0);

  const open = await scrape(admin, "application/openmetrics-text");
  assertMatch(open, /\n# EOF\n$/);
  assertStringIncludes(open, "# TYPE lineup_queue_events counter\nlineup_queue_events_total{");
  assertStringIncludes(open, 'le="1.0"} ');
});

Deno.test("the text of metrics escapes labels and help, and refuses names that are none", () => {
  const sample = { labels: { name: 'a"b\\c\nd \ud800' }, value: Infinity };
  const metrics: Metric[] = [
    { name: "a_seconds", type: "gauge", help: 'It\\s "a"\nb.', samples: [sample] },
    { name: "b", type: "counter", help: "B.", samples: [{ value: 0.5 }] },
  ];
  assertEquals(
    writeMetrics(metrics, PROMETHEUS_TEXT),
    '# HELP a_seconds It\\\\s "a"\\nb.\n# TYPE a_seconds gauge\n' +
      'a_seconds{name="a\\"b\\\\c\\nd \ufffd"} +Inf\n' +
      "# HELP b_total B.\n# TYPE b_total counter\nb_total 0.5\n",
  );
  assertStringIncludes(
    writeMetrics(metrics, OPEN_METRICS),
    '# HELP a_seconds It\\\\s \\"a\\"\\nb.\n',
  );
  const named = (name: string, label = "x"): Metric => ({
    name,
    type: "gauge",
    help: "H.",
    samples: [{ labels: { [label]: "1" }, value: 1 }],
  });
  for (const wrong of [named("a b"), named("a_total"), named("1a"), named("a", "le-1")]) {
    assertThrows(() => writeMetrics([wrong], PROMETHEUS_TEXT), TypeError);
  }
  assertThrows(
    () => writeMetrics([named("a"), named("a")], PROMETHEUS_TEXT),
    TypeError,
    "two metrics",
  );
});

Deno.test("the format of metrics is the one that the Accept header prefers", () => {
  const prometheus =
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,text/plain;version=0.0.4;q=0.2,*/*;q=0.1";
  assertEquals(negotiate(prometheus), OPEN_METRICS);
  assertEquals(negotiate("application/openmetrics-text; version=1.0.0"), OPEN_METRICS);
  assertEquals(
    negotiate("text/plain;version=0.0.4, application/openmetrics-text;q=0.9"),
    PROMETHEUS_TEXT,
  );
  for (
    const accept of [undefined, "", "*/*", "text/html", "application/openmetrics-text;version=9"]
  ) {
    assertEquals(negotiate(accept), PROMETHEUS_TEXT, accept);
  }
});
