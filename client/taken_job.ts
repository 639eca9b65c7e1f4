// The job that a handler gets: what TAKE gave, and its body as text or JSON.

import { decodeText } from "../protocol/strings.ts";
import { JobFailure, type TakenItem, type TakenJob } from "./jobs.ts";

/** A job for a handler. A body never changes, so one that cannot be read is wrong for every worker. */
export class ReadableJob implements TakenJob {
  declare readonly id: number;
  declare readonly queue: string;
  declare readonly key?: string;
  declare readonly attempt: number;
  declare readonly lease: number;
  declare readonly trace?: string;
  declare readonly body: Uint8Array;

  constructor(item: TakenItem) {
    Object.assign(this, item);
  }

  text(): string {
    try {
      return decodeText(this.body);
    } catch (cause) {
      throw new JobFailure("the body is not UTF-8", { dead: true, cause });
    }
  }

  // deno-lint-ignore no-explicit-any
  json(): any {
    const text = this.text();
    try {
      return JSON.parse(text);
    } catch (cause) {
      const why = `the body is not JSON: ${(cause as Error).message}`;
      throw new JobFailure(why, { dead: true, cause });
    }
  }
}
