// Prometheus reads /metrics, and promtool the alert rules. They need Debian's package prometheus.

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { startLineup } from "../cli/lineup_process.ts";
import { RawClient } from "../raw_client.ts";
import { withDirectory } from "../temporary_directory.ts";
import { find } from "./program.ts";
import { startPrometheus } from "./prometheus.ts";

const RULES = new URL("../../monitoring/alerts.yml", import.meta.url).pathname;

async function promtool(args: readonly string[], input?: string): Promise<string> {
  const child = new Deno.Command("promtool", {
    args: [...args],
    stdin: input === undefined ? "null" : "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  if (input !== undefined) {
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(input));
    await writer.close();
  }
  const { code, stdout, stderr } = await child.output();
  const said = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  assertEquals(code, 0, said);
  return said;
}

Deno.test("promtool accepts the alert rules, and old jobs, a failing store, and a server that is down raise alerts", () =>
  withDirectory(async (directory) => {
    await find("promtool");
    assertStringIncludes(await promtool(["check", "rules", RULES]), "SUCCESS");
    const test = `${directory}/test.yml`;
    await Deno.writeTextFile(
      test,
      `rule_files: ["${RULES}"]
evaluation_interval: 1m
tests:
  - interval: 1m
    input_series:
      - { series: 'lineup_queue_oldest_seconds{instance="a",queue="mail"}', values: "0+60x30" }
      - { series: 'lineup_queue_paused{instance="a",queue="mail"}', values: "0x30" }
      - { series: 'lineup_queue_oldest_seconds{instance="a",queue="off"}', values: "0+60x30" }
      - { series: 'lineup_queue_paused{instance="a",queue="off"}', values: "1x30" }
      - { series: 'lineup_queue_read_only{instance="a"}', values: "0x9 1x20" }
      - { series: 'up{instance="a",job="lineup"}', values: "1x9 0x20" }
      - { series: 'lineup_queue_takers{instance="a",queue="mail"}', values: "0x30" }
      - { series: 'lineup_queue_takers{instance="a",queue="off"}', values: "0x30" }
      - { series: 'lineup_queue_jobs{instance="a",queue="mail",state="taken"}', values: "0x30" }
      - { series: 'lineup_queue_jobs{instance="a",queue="off",state="taken"}', values: "0x30" }
      - { series: 'lineup_queue_jobs{instance="a",queue="_other",state="taken"}', values: "0x30" }
      - { series: 'lineup_queue_jobs{instance="a",queue="_other",state="ready"}', values: "3x30" }
    alert_rule_test:
      - eval_time: 20m
        alertname: LineupNobodyTakes
        exp_alerts:
          - exp_labels: { severity: warning, instance: a, queue: mail }
            exp_annotations: { summary: "Nobody takes the jobs of mail" }
      - eval_time: 20m
        alertname: LineupOthersStand
        exp_alerts:
          - exp_labels: { severity: warning, instance: a, queue: _other, state: ready }
            exp_annotations:
              summary: "Nobody takes the jobs of the queues of a beyond the first 100"
              description: "lineup queues --json tells which, and whether they are paused."
      - { eval_time: 9m, alertname: LineupDown, exp_alerts: [] }
      - eval_time: 12m
        alertname: LineupDown
        exp_alerts:
          - exp_labels: { severity: critical, instance: a, job: lineup }
            exp_annotations:
              summary: "a does not answer Prometheus"
              description: "The server is down, its admin port cannot be reached, or no target of the job lineup is configured."
      - { eval_time: 5m, alertname: LineupJobsOld, exp_alerts: [] }
      - eval_time: 20m
        alertname: LineupJobsOld
        exp_alerts:
          - exp_labels: { severity: warning, instance: a, queue: mail }
            exp_annotations:
              summary: "A job of mail is ready for 20m 0s"
              description: "Its workers are gone, too few, or stopped by a limit."
      - { eval_time: 9m, alertname: LineupReadOnly, exp_alerts: [] }
      - eval_time: 12m
        alertname: LineupReadOnly
        exp_alerts:
          - exp_labels: { severity: critical, instance: a }
            exp_annotations:
              summary: "The store of a fails"
              description: "Nothing can be put, taken or done until it works again. The log names the error."
  - interval: 1m
    alert_rule_test:
      - eval_time: 5m
        alertname: LineupDown
        exp_alerts:
          - exp_labels: { severity: critical, job: lineup }
            exp_annotations:
              summary: "Lineup does not answer Prometheus"
              description: "The server is down, its admin port cannot be reached, or no target of the job lineup is configured."
`,
    );
    assertStringIncludes(await promtool(["test", "rules", test]), "SUCCESS");
  }));

Deno.test("Prometheus scrapes lineup queue, and promtool has nothing to say of its metrics", () =>
  withDirectory(async (directory) => {
    await using server = await startLineup([
      "queue",
      "--port",
      "0",
      "--admin",
      "0",
      "--data",
      ":memory:",
      "--metrics-keys",
      "mail",
    ]);
    {
      using wire = await RawClient.open(`127.0.0.1:${server.port}`);
      await wire.ask("PUT mail hello key=acme");
      await wire.ask('PUT "two\\"quotes" hello');
      await wire.ask("PUT");
    }
    const admin = /http:\/\/(\S+)/.exec(server.line)![1];
    const text = await (await fetch(`http://${admin}/metrics`)).text();
    assertEquals(await promtool(["check", "metrics"], text), "");

    await using prometheus = await startPrometheus(
      directory,
      `global: { scrape_interval: 1s }
rule_files: ["${RULES}"]
scrape_configs:
  - job_name: lineup
    static_configs: [{ targets: ["${admin}"] }]
`,
    );
    const { seen } = prometheus;
    assertEquals(await seen("up == 1"), "1");
    assertEquals(await seen('lineup_queue_jobs{queue="mail",state="ready"}'), "1");
    assertEquals(await seen(`lineup_queue_jobs{queue='two"quotes',state="ready"}`), "1");
    assertEquals(await seen('lineup_requests_total{command="PUT",code="bad-arguments"}'), "1");
    const quantile = "histogram_quantile(0.99, sum by (le) (lineup_store_commit_seconds_bucket))";
    assert(Number(await seen(quantile)) > 0);
  }));
