// The queue servers that are measured, each in a process of its own, and what their requests look like.

import { getAvailablePort } from "@std/net";

/** How one protocol says what the loads do. */
export interface Dialect {
  /** Lines of greeting. */
  readonly greeting: number;
  /** Sent once a connection, and how many lines answer. */
  readonly preamble: readonly [text: string, lines: number];
  /** Puts a job, of a key where one is given. */
  put(body: string, key?: string): string;
  /** Takes up to `count` jobs that are there. */
  take(count: number): string;
  /** Whether a line begins a job that was taken, which its body follows. */
  readonly item: string;
  /** Where its number begins in that line. */
  readonly numberAt: number;
  /** Lines that answer a TAKE beside those of its items. */
  ends(count: number): number;
  /** Jobs are done. */
  done(ids: readonly number[]): string;
  /** How many lines answer that. */
  dones(count: number): number;
}

/** A server to measure. */
export interface Target extends Disposable {
  readonly name: string;
  readonly port: number;
  readonly pid: number;
  /** Settles once it has ended. */
  readonly ended: Promise<unknown>;
  readonly dialect: Dialect;
}

const lineup: Dialect = {
  greeting: 1,
  preamble: ["", 0],
  put: (body, key) => `PUT work${key ? ` key=${key}` : ""} {${body.length}}\n${body}\n`,
  take: (count) => `TAKE work max=${count}\n`,
  item: "*",
  numberAt: "* id=".length,
  ends: () => 1,
  done: (ids) => `DONE ${ids.join(" ")}\n`,
  dones: () => 1,
};

const beanstalk: Dialect = {
  greeting: 0,
  preamble: ["use work\r\nwatch work\r\n", 2],
  put: (body) => `put 0 0 60 ${body.length}\r\n${body}\r\n`,
  take: (count) => "reserve\r\n".repeat(count),
  item: "RES",
  numberAt: "RESERVED ".length,
  ends: () => 0,
  done: (ids) => ids.map((id) => `delete ${id}\r\n`).join(""),
  dones: (count) => count,
};

/** Starts `lineup queue` as anyone would; `onError` is told what it says on standard error. */
export async function startLineup(
  data: string,
  onError?: (text: string) => void,
): Promise<Target> {
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
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let printed = "";
  while (!printed.includes("\n")) {
    const { value, done } = await reader.read();
    if (done) throw new Error("lineup queue ended before it listened");
    printed += value;
  }
  return {
    name: "lineup queue",
    port: Number(/:(\d+)\s*$/.exec(printed)![1]),
    pid: child.pid,
    ended: child.status,
    dialect: lineup,
    [Symbol.dispose]: () => child.kill("SIGKILL"),
  };
}

/** Starts beanstalkd: in memory, or with a log in a directory that is written through with every change. */
export function startBeanstalkd(directory?: string): Promise<Target | undefined> {
  const port = getAvailablePort();
  const log = directory === undefined ? [] : ["-b", directory, "-f0"];
  return startPeer(
    directory === undefined ? "beanstalkd" : "beanstalkd -f0",
    port,
    "beanstalkd",
    ["-l", "127.0.0.1", "-p", String(port), ...log],
  );
}

/** Starts redis-server as it comes, without a file. */
export function startRedis(): Promise<Target | undefined> {
  const port = getAvailablePort();
  const args = ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"];
  return startPeer("redis-server", port, "redis-server", args);
}

/** Starts a program; `undefined` where it is not installed. */
async function startPeer(
  name: string,
  port: number,
  program: string,
  args: string[],
): Promise<Target | undefined> {
  let child: Deno.ChildProcess;
  try {
    child = new Deno.Command(program, { args, stdout: "null", stderr: "null" }).spawn();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
  for (let tries = 0;; tries++) {
    try {
      (await Deno.connect({ hostname: "127.0.0.1", port })).close();
      break;
    } catch (error) {
      if (tries === 100) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
  return {
    name,
    port,
    pid: child.pid,
    ended: child.status,
    dialect: beanstalk,
    [Symbol.dispose]: () => child.kill("SIGKILL"),
  };
}
