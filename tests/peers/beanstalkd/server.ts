// Debian's beanstalkd, as a process.

import { RawClient } from "../../raw_client.ts";
import { find } from "../program.ts";

/** A running beanstalkd. Disposing kills it. */
export interface BeanstalkdServer extends AsyncDisposable {
  readonly port: number;
  connect(): Promise<RawClient>;
}

/** Starts a beanstalkd on a free port. */
export async function startBeanstalkd(args: readonly string[] = []): Promise<BeanstalkdServer> {
  await find("beanstalkd");
  // Another program may take the port before beanstalkd does: then try another one.
  for (let tries = 0; tries < 20; tries++) {
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = listener.addr;
    listener.close();
    const child = new Deno.Command("beanstalkd", {
      args: ["-l", "127.0.0.1", "-p", String(port), ...args],
      stdout: "null",
      stderr: "null",
    }).spawn();
    const ended = child.status.then(() => true);
    if (await isUp(port, ended)) return serverOf(port, child);
  }
  throw new Error("beanstalkd does not start");
}

function serverOf(port: number, child: Deno.ChildProcess): BeanstalkdServer {
  return {
    port,
    connect: async () => new RawClient(await Deno.connect({ hostname: "127.0.0.1", port })),
    async [Symbol.asyncDispose](): Promise<void> {
      child.kill("SIGKILL");
      await child.status;
    },
  };
}

/** Whether it takes connections, before it ends. */
async function isUp(port: number, ended: Promise<boolean>): Promise<boolean> {
  let isOver = false;
  ended.then(() => isOver = true);
  while (!isOver) {
    try {
      (await Deno.connect({ hostname: "127.0.0.1", port })).close();
      return true;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  }
  return false;
}
