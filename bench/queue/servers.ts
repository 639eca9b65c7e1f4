// The queue servers that the benches measure, and their protocols.

import { getAvailablePort } from "@std/net";
import { firstLine, running, type RunningServer, startProgram } from "../servers.ts";

/** The requests and answers of one protocol for the work of the loads. */
export interface QueueProtocol {
  /** How many lines the server sends on a new connection. */
  readonly greeting: number;
  /** The requests at the start of a connection, and the number of lines that answer them. */
  readonly preamble: readonly [text: string, lines: number];
  /** The request that puts a job, with a key if one is given. */
  put(body: string, key?: string): string;
  /** The requests that take up to `count` ready jobs. */
  take(count: number): string;
  /** The begin of the line before the body of a taken job. */
  readonly item: string;
  /** The index of the job's id in that line. */
  readonly idAt: number;
  /** How many lines answer a TAKE, without those of its items. */
  ends(count: number): number;
  /** The requests that finish jobs. */
  done(ids: readonly number[]): string;
  /** How many lines answer them. */
  dones(count: number): number;
}

/** A queue server to measure. */
export interface QueueServer extends RunningServer {
  readonly protocol: QueueProtocol;
}

const lineup: QueueProtocol = {
  greeting: 1,
  preamble: ["", 0],
  put: (body, key) => `PUT work${key ? ` key=${key}` : ""} {${body.length}}\n${body}\n`,
  take: (count) => `TAKE work max=${count}\n`,
  item: "*",
  idAt: "* id=".length,
  ends: () => 1,
  done: (ids) => `DONE ${ids.join(" ")}\n`,
  dones: () => 1,
};

const beanstalk: QueueProtocol = {
  greeting: 0,
  preamble: ["use work\r\nwatch work\r\n", 2],
  put: (body) => `put 0 0 60 ${body.length}\r\n${body}\r\n`,
  take: (count) => "reserve\r\n".repeat(count),
  item: "RES",
  idAt: "RESERVED ".length,
  ends: () => 0,
  done: (ids) => ids.map((id) => `delete ${id}\r\n`).join(""),
  dones: (count) => count,
};

/** Starts `lineup queue` as its users do. `onError` gets the text that it writes to standard error. */
export async function startLineup(
  data: string,
  onError?: (text: string) => void,
): Promise<QueueServer> {
  const name = "lineup queue";
  const main = new URL("../../cli/main.ts", import.meta.url).href;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-check", "-A", main, "queue", "--port", "0", "--data", data],
    stdout: "piped",
    stderr: onError === undefined ? "null" : "piped",
  }).spawn();
  if (onError !== undefined) {
    child.stderr.pipeThrough(new TextDecoderStream()).pipeTo(new WritableStream({ write: onError }))
      .catch(() => {});
  }
  const port = Number(/:(\d+)$/.exec(await firstLine(name, child.stdout))![1]);
  return { ...running(name, port, child), protocol: lineup };
}

/** Starts `lineup queue` in memory, for clients of beanstalkd. */
export async function startLineupTubes(): Promise<QueueServer> {
  const name = "lineup queue --beanstalkd";
  const port = getAvailablePort();
  const main = new URL("../../cli/main.ts", import.meta.url).href;
  const args = ["queue", "--port", "0", "--data", ":memory:", "--beanstalkd", String(port)];
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-check", "-A", main, ...args],
    stdout: "piped",
    stderr: "null",
  }).spawn();
  // It listens for all clients before it says so.
  await firstLine(name, child.stdout);
  return { ...running(name, port, child), protocol: beanstalk };
}

/** Starts beanstalkd in memory, or with a log in a directory, which it syncs at each change. */
export async function startBeanstalkd(directory?: string): Promise<QueueServer | undefined> {
  const port = getAvailablePort();
  const log = directory === undefined ? [] : ["-b", directory, "-f0"];
  const name = directory === undefined ? "beanstalkd" : "beanstalkd -f0";
  const args = ["-l", "127.0.0.1", "-p", String(port), ...log];
  const server = await startProgram(name, port, "beanstalkd", args);
  return server && { ...server, protocol: beanstalk };
}
