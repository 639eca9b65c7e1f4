// A queue whose jobs carry values: checked before they are put, and again before a handler gets them.

import { describeIssues, type StandardSchema } from "../protocol/standard_schema.ts";
import { BadValue } from "../protocol/values.ts";
import type { CallOptions } from "./client.ts";
import { JobFailure, type TakenJob, type WorkClient } from "./jobs.ts";
import { needCommands } from "./need_commands.ts";
import { work } from "./work.ts";
import type { JobContext, Worker, WorkOptions } from "./work_options.ts";

/** The calls of a client that a queue makes: a client of `queueProtocol`. */
export interface JobQueueClient extends WorkClient {
  /** Puts a job. */
  PUT(
    args: { queue: string; body: Uint8Array | string },
    options?: CallOptions,
  ): Promise<{ id: number }>;
}

/** The options of a PUT: `key`, `priority`, `delay` and so on, as the client's protocol has them. */
export type PutOptions<C extends JobQueueClient> = Omit<Parameters<C["PUT"]>[0], "queue" | "body">;

/** A job in the hands of a worker, with its payload. */
export interface PayloadJob<Payload> extends TakenJob {
  /** The value that was put, as the schema gives it. */
  readonly payload: Payload;
}

/** One queue, whose jobs carry values. */
export interface JobQueue<C extends JobQueueClient, Input, Output> {
  /** The queue's name. */
  readonly name: string;
  /**
   * Puts a job. The payload travels as JSON. Rejects with `BadValue` for a payload that has no JSON, or that the schema
   * refuses as it would reach a worker; such a job is not put. Rejects also as `client.PUT` does.
   */
  put(
    payload: Input,
    options?: PutOptions<C>,
    call?: CallOptions,
  ): ReturnType<C["PUT"]>;
  /**
   * Does the jobs as `work` does. A job whose body is no JSON, or that the schema refuses, is dead, with the reason: no
   * later attempt could do better.
   */
  work(
    handler: (job: PayloadJob<Output>, context: JobContext) => unknown,
    options?: WorkOptions,
  ): Worker;
}

/** The value that a schema takes; any value of JSON where there is no schema. */
// deno-lint-ignore no-explicit-any
export type PayloadInput<S> = S extends StandardSchema<infer Input, any> ? Input : any;
/** The value that a schema gives. */
// deno-lint-ignore no-explicit-any
export type PayloadOutput<S> = S extends StandardSchema<any, infer Output> ? Output : any;

/**
 * A queue for both its ends: `put` for producers, `work` for workers. The payloads are values of JSON; with a schema of
 * zod, valibot, arktype or another library of Standard Schema they are typed and checked at both ends. What `put` sends
 * is the schema's input, and what a handler gets is its output.
 *
 * Throws `TypeError` for a client without the commands of the queue's protocol.
 *
 * @example
 * ```ts
 * import { connect, queue } from "@lineup/lineup/client";
 * import type { StandardSchema } from "@lineup/lineup/protocol";
 * import { openQueue } from "@lineup/lineup/queue";
 * import { queueProtocol } from "@lineup/lineup/queue/protocol";
 * import { serve } from "@lineup/lineup/server";
 * import { assertEquals, assertRejects } from "@std/assert";
 *
 * await using storage = await openQueue();
 * await using server = await serve(queueProtocol, storage.handlers, { port: 0 });
 * await using client = await connect(queueProtocol, server.address);
 *
 * // By hand, for `z.object({ to: z.string() })` of zod and the like are such schemas too.
 * const letter: StandardSchema<{ to: string }> = {
 *   "~standard": {
 *     version: 1,
 *     vendor: "example",
 *     validate: (value) =>
 *       typeof (value as { to: string }).to === "string"
 *         ? { value: value as { to: string } }
 *         : { issues: [{ path: ["to"], message: "must be a string" }] },
 *   },
 * };
 * const mail = queue(client, "mail", letter);
 * const { id } = await mail.put({ to: "ada" }, { priority: 0 });
 * await assertRejects(() => mail.put({ to: 7 as never }), TypeError, "to: must be a string");
 *
 * const result = client.WAIT({ id });
 * await using worker = mail.work(({ payload }) => `sent to ${payload.to}`);
 * assertEquals(new TextDecoder().decode((await result).body), "sent to ada");
 * await worker.close();
 * ```
 */
// deno-lint-ignore no-explicit-any
export function queue<C extends JobQueueClient, S extends StandardSchema<any, any> | undefined>(
  client: C,
  name: string,
  schema?: S,
): JobQueue<C, PayloadInput<S>, PayloadOutput<S>> {
  needCommands("queue", client, ["PUT"]);
  const check = async (value: unknown, refuse: (why: string) => Error): Promise<unknown> => {
    if (schema === undefined) return value;
    const result = await schema["~standard"].validate(value);
    if (result.issues === undefined) return result.value;
    throw refuse(`the payload of a job for ${name} is refused: ${describeIssues(result.issues)}`);
  };
  return {
    name,
    put: (async (payload: unknown, options: object = {}, call?: CallOptions) => {
      const body = toJson(payload, name);
      await check(JSON.parse(body), (why) => new BadValue(why));
      return await client.PUT({ ...options, queue: name, body }, call);
    }) as JobQueue<C, PayloadInput<S>, PayloadOutput<S>>["put"],
    work: (handler, options) =>
      work(client, name, async (job, context) => {
        const dead = (why: string): Error => new JobFailure(why, { dead: true });
        const payload = await check(job.json(), dead) as PayloadOutput<S>;
        return await handler(Object.assign(job, { payload }), context);
      }, options),
  };
}

/** A payload as it travels. Throws `BadValue` where it has no JSON. */
function toJson(payload: unknown, name: string): string {
  try {
    const text = JSON.stringify(payload);
    if (text !== undefined) return text;
  } catch (cause) {
    throw new BadValue(`the payload of a job for ${name} has no JSON: ${cause}`, { cause });
  }
  throw new BadValue(`the payload of a job for ${name} has no JSON: it is ${typeof payload}`);
}
