// Workers over TCP. Their queue server is a process of its own, which is killed while they work.

import { assertEquals } from "@std/assert";
import { type ByteStream, connect, JobFailure, work, type WorkEvent } from "@lineup/lineup/client";
import { queueProtocol } from "@lineup/lineup/queue";
import { type Running, startServer } from "./kills/server_process.ts";
import { withDirectory } from "../temporary_directory.ts";

const JOBS = 300;
const text = ({ body }: { body: Uint8Array }): string => new TextDecoder().decode(body);

Deno.test("work does every job over TCP, although the server is killed twice, and drains", async () => {
  await withDirectory(async (directory) => {
    const path = `${directory}/queue.db`;
    let server: Running = await startServer(path);
    // A new process has a new port.
    const dial = async (): Promise<ByteStream> => {
      const conn = await Deno.connect({ port: server.port });
      return {
        peer: "server",
        read: (buffer) => conn.read(buffer),
        write: (bytes) => conn.write(bytes),
        closeWrite: () => conn.closeWrite(),
        close: () => conn.close(),
      };
    };
    await using client = await connect(queueProtocol, "tcp://10.0.0.1:1", { dial });
    // One after another: a busy machine would refuse some of them.
    for (let at = 0; at < JOBS; at++) {
      // The lease is short: a job whose delivery was lost in the kill is delivered again soon.
      await client.PUT({ queue: "mail", body: String(at), lease: 2000, attempts: 100 });
    }

    const begun = new Set<string>();
    const told = new Set<string>();
    let onDone = (): void => {};
    const done = (count: number): Promise<void> =>
      new Promise((resolve) => onDone = () => told.size >= count && resolve());
    const hear = async (event: WorkEvent): Promise<void> => {
      // The answer to a DONE may be lost, and the lease may end before the server is back: then a done job counts as
      // lost.
      const isDone = event.type === "done" || event.type === "lost" && await isGone(event.job.id);
      if (!isDone) return;
      told.add(text(event.job));
      onDone();
    };
    const isGone = (id: number): Promise<boolean> =>
      client.JOB({ id }).then(
        () => false,
        // A busy server answers later.
        (error) => {
          const { code } = error as { code?: string };
          return code === "busy" ? isGone(id) : code === "not-found";
        },
      );
    const handler = async (job: { body: Uint8Array }): Promise<void> => {
      const isFirst = !begun.has(text(job));
      begun.add(text(job));
      await new Promise((resolve) => setTimeout(resolve));
      // At its first attempt, each fifth job fails and each seventh goes back.
      if (isFirst && Number(text(job)) % 5 === 0) throw new Error("not yet");
      if (isFirst && Number(text(job)) % 7 === 0) throw new JobFailure("later", { release: 10 });
    };
    const workers = [8, 1].map((concurrency) =>
      work(client, "mail", handler, { concurrency, prefetch: concurrency, onEvent: hear })
    );
    for (const part of [0.3, 0.6]) {
      await done(part * JOBS);
      await server.end("SIGKILL");
      server = await startServer(path);
    }
    await done(JOBS);
    await Promise.all(workers.map((worker) => worker.close()));

    assertEquals([begun.size, told.size], [JOBS, JOBS]);
    for (const { counts: { taken, ...settled } } of workers) {
      assertEquals(Object.values(settled).reduce((sum, count) => sum + count), taken);
    }
    assertEquals(await client.QUEUES().all(), []);
    await client.close();
    assertEquals(await server.end("SIGTERM"), 0);
  });
});
