// A running Prometheus, of Debian's package.

import { assert } from "@std/assert";
import { find } from "./program.ts";

/** A running Prometheus. */
export interface Prometheus extends AsyncDisposable {
  /** Waits until an expression has a value, and tells it. */
  seen(expression: string): Promise<string>;
}

/** Starts Prometheus with a configuration, in a directory that its paths begin at. */
export async function startPrometheus(
  directory: string,
  configuration: string,
): Promise<Prometheus> {
  await find("prometheus");
  await Deno.writeTextFile(`${directory}/prometheus.yml`, configuration);
  const child = new Deno.Command("prometheus", {
    args: [
      `--config.file=${directory}/prometheus.yml`,
      `--storage.tsdb.path=${directory}/data`,
      "--web.listen-address=127.0.0.1:0",
    ],
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  const reader = child.stderr.pipeThrough(new TextDecoderStream()).getReader();
  let log = "";
  let port: string | undefined;
  while ((port = /msg="Listening on" address=127\.0\.0\.1:(\d+)/.exec(log)?.[1]) === undefined) {
    const { value, done } = await reader.read();
    assert(!done, log);
    log += value;
  }
  const reading = (async () => {
    while (!(await reader.read()).done);
  })();
  const query = async (expression: string): Promise<string | undefined> => {
    const url = `http://127.0.0.1:${port}/api/v1/query?query=${encodeURIComponent(expression)}`;
    const response = await fetch(url);
    if (!response.ok) return void await response.body?.cancel();
    return (await response.json()).data.result[0]?.value[1];
  };
  return {
    async seen(expression) {
      for (;;) {
        const value = await query(expression);
        if (value !== undefined) return value;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    },
    async [Symbol.asyncDispose]() {
      child.kill("SIGTERM");
      await child.status;
      await reading;
    },
  };
}
