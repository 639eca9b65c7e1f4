// Spans and metrics, as a receiver of OTLP gets them. It needs npm: Deno fetches @opentelemetry/api.

import { assert, assertEquals } from "@std/assert";
import { command } from "../cli/lineup_process.ts";
import { RawClient } from "../raw_client.ts";

const PUT_TRACE = "4bf92f3577b34da6a3ce929d0e0e4736", PUT_SPAN = "00f067aa0ba902b7";

type Values = readonly { readonly key: string; readonly value: Record<string, unknown> }[];

interface ReceivedSpan {
  readonly name: string;
  readonly kind: number;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string;
  readonly attributes: Values;
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[];
  readonly status: { readonly code?: number; readonly message?: string };
}

/** Receives OTLP over HTTP, as JSON. */
class Receiver implements AsyncDisposable {
  readonly spans: ReceivedSpan[] = [];
  // deno-lint-ignore no-explicit-any
  readonly metrics: any[] = [];
  readonly #server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    async (request) => {
      const sent = await request.json();
      for (const { scopeSpans } of sent.resourceSpans ?? []) {
        for (const { scope, spans } of scopeSpans) {
          if (scope.name === "@lineup/lineup") this.spans.push(...spans);
        }
      }
      for (const { scopeMetrics } of sent.resourceMetrics ?? []) {
        for (const { metrics } of scopeMetrics) this.metrics.push(...metrics);
      }
      return Response.json({});
    },
  );

  get env(): Record<string, string> {
    return {
      OTEL_DENO: "true",
      OTEL_DENO_CONSOLE: "ignore",
      OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${this.#server.addr.port}`,
    };
  }

  span(name: string): ReceivedSpan {
    const found = this.spans.find((span) => span.name === name);
    assert(found !== undefined, `there is no span ${name}: ${this.spans.map(({ name }) => name)}`);
    return found;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }
}

/** The attributes of a span as an object. */
function attributesOf({ attributes }: { attributes: Values }): Record<string, unknown> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));
}

async function lineOf(stream: ReadableStream<Uint8Array>): Promise<string> {
  const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  while (!text.includes("\n")) text += (await reader.read()).value ?? "";
  await reader.cancel();
  return text;
}

Deno.test("with OTEL_DENO, requests and jobs are spans, and a job's span leads to that of its PUT", async () => {
  await using receiver = new Receiver();
  const { env } = receiver;
  const args = ["queue", "--port", "0", "--data", ":memory:"];
  const server = command(args, { stdin: "null", env }).spawn();
  const [serverErrors, line] = [new Response(server.stderr).text(), lineOf(server.stdout)];
  const [, port] = /:(\d+)\n/.exec(await line)!;
  {
    using wire = await RawClient.open(`127.0.0.1:${port}`);
    await wire.ask(`PUT mail hello key=acme trace=00-${PUT_TRACE}-${PUT_SPAN}-01`);
    await wire.ask("PUT mail");
  }
  const worker = await command([
    "work",
    `127.0.0.1:${port}`,
    "mail",
    "--max",
    "1",
    "--",
    "sh",
    "-c",
    "echo $TRACEPARENT; exit 3",
  ], { stdin: "null", env }).output();
  const printed = new TextDecoder().decode(worker.stdout).trim();
  server.kill("SIGTERM");
  await server.status;
  await serverErrors;

  const put = receiver.span("queue/PUT");
  assertEquals([put.traceId, put.parentSpanId, put.kind], [PUT_TRACE, PUT_SPAN, 2]);
  const { "client.address": _, "lineup.request.wait": __, ...named } = attributesOf(put);
  assertEquals(named, {
    "rpc.system.name": "lineup",
    "rpc.method": "queue/PUT",
    "rpc.response.status_code": "ok",
    "lineup.request.class": "normal",
    "messaging.system": "lineup",
    "messaging.operation.name": "PUT",
    "messaging.operation.type": "send",
  });
  const wrong = receiver.spans.filter(({ name }) => name === "queue/PUT")[1];
  assertEquals(attributesOf(wrong)["error.type"], "bad-arguments");
  assertEquals(wrong.status.code, 2);
  const operations = ["queue/TAKE", "queue/FAIL"].map((name) =>
    attributesOf(receiver.span(name))["messaging.operation.type"]
  );
  assertEquals(operations, ["receive", "settle"]);

  const job = receiver.span("process mail");
  assertEquals(job.kind, 5);
  assertEquals(job.links.map(({ traceId, spanId }) => [traceId, spanId]), [[PUT_TRACE, PUT_SPAN]]);
  assert(job.traceId !== PUT_TRACE);
  assertEquals(printed, `00-${job.traceId}-${job.spanId}-01`);
  const about = attributesOf(job);
  assertEquals(about["messaging.destination.name"], "mail");
  assertEquals(about["lineup.job.key"], "acme");
  assertEquals(about["error.type"], "JobFailure");
  assertEquals(job.status.code, 2);

  const durations = receiver.metrics.find(({ name }) => name === "rpc.server.call.duration");
  assertEquals(durations.unit, "s");
  const [first] = durations.histogram.dataPoints;
  assertEquals(first.explicitBounds.slice(0, 3), [0.0001, 0.00025, 0.0005]);
});

Deno.test("with OTEL_DENO, a client's calls are spans, and those of the server and of the job belong to them", async () => {
  await using receiver = new Receiver();
  const { env } = receiver;
  const server = command(["queue", "--port", "0", "--data", ":memory:"], { stdin: "null", env })
    .spawn();
  const [serverErrors, line] = [new Response(server.stderr).text(), lineOf(server.stdout)];
  const address = `127.0.0.1:${/:(\d+)\n/.exec(await line)![1]}`;
  const run = (...args: string[]): Promise<Deno.CommandOutput> =>
    command(args, { stdin: "null", env }).output();
  await run("put", address, "mail", "first");
  await run("call", address, "PUT", "mail", "second");
  await run("call", address, "JOB", "77");
  await run("call", address, "PUT", "mail", "third", `trace=00-${PUT_TRACE}-${PUT_SPAN}-01`);
  await run("work", address, "mail", "--max", "2", "--", "true");
  server.kill("SIGTERM");
  await server.status;
  await serverErrors;

  const of = (name: string, kind: number): ReceivedSpan[] =>
    receiver.spans.filter((span) => span.name === name && span.kind === kind);
  const SERVER = 2, CLIENT = 3, PRODUCER = 4;
  const producers = of("queue/PUT", PRODUCER);
  assertEquals(producers.length, 2);
  for (const producer of producers) {
    assertEquals(attributesOf(producer), {
      "rpc.system.name": "lineup",
      "rpc.method": "queue/PUT",
      "rpc.response.status_code": "ok",
      "messaging.system": "lineup",
      "messaging.operation.name": "PUT",
      "messaging.operation.type": "send",
    });
    const [served, ...more] = of("queue/PUT", SERVER).filter(({ parentSpanId }) =>
      parentSpanId === producer.spanId
    );
    assertEquals([served.traceId, more], [producer.traceId, []]);
    const jobs = receiver.spans.filter(({ name, links }) =>
      name === "process mail" && links[0].spanId === producer.spanId
    );
    assertEquals(jobs.map(({ links }) => links[0].traceId), [producer.traceId]);
  }
  const [missing] = of("queue/JOB", CLIENT);
  assertEquals([attributesOf(missing)["error.type"], missing.status.code], ["not-found", 2]);
  // The calls of the worker have spans too, and those of the server are below them.
  for (const verb of ["TAKE", "DONE"]) {
    const served = of(`queue/${verb}`, SERVER);
    const called = of(`queue/${verb}`, CLIENT);
    assert(called.length > 0, verb);
    assert(
      called.every(({ spanId }) => served.some(({ parentSpanId }) => parentSpanId === spanId)),
    );
  }
});

Deno.test("with OTEL_DENO, the requests of each process of lineup serve --processes are spans", async () => {
  await using receiver = new Receiver();
  const { env } = receiver;
  const calc = new URL("../../examples/calc.ts", import.meta.url).pathname;
  const server = command(["serve", calc, "--port", "0", "--processes", "2"], { stdin: "null", env })
    .spawn();
  const [serverErrors, line] = [new Response(server.stderr).text(), lineOf(server.stdout)];
  const address = `127.0.0.1:${/:(\d+)\n/.exec(await line)![1]}`;
  const served = new Set<string>();
  let asked = 0;
  // The system chooses the process of a connection by its port.
  while (served.size < 2) {
    using wire = await RawClient.open(address);
    const process = /process (\d)/.exec(await wire.ask("STATS"))![1];
    if (served.has(process)) continue;
    served.add(process);
    assertEquals(await wire.ask(`ADD ${asked} 1`), `OK sum=${asked + 1}`);
    asked++;
  }
  server.kill("SIGTERM");
  await server.status;
  await serverErrors;
  assertEquals(receiver.spans.filter(({ name }) => name === "calc/ADD").length, 2);
});
