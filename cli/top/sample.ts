// The figures of STATS at one moment, and how they change from one moment to the next.

import type { DynamicClient } from "../../client/mod.ts";
import type { QueueState } from "../queues/queue_table.ts";

/** An answer to STATS. */
export interface Sample {
  /** When it came, in ms of `performance.now()`. */
  readonly at: number;
  readonly figures: ReadonlyMap<string, string>;
  /** Its queues, if it is a queue server. */
  readonly queues?: readonly QueueState[];
}

/** The most characters of one answer. A server with thousands of flows sends a tenth of that. */
const MOST_CHARACTERS = 1 << 22;
const TOTAL = "-total";
/** The most queues that are asked for. */
const MOST_QUEUES = 1000;

/**
 * Asks for the figures, and for the queues if there are any, and waits at most `within` ms for them. Rejects as calls do,
 * and with `RangeError`.
 */
export async function takeSample(
  client: DynamicClient,
  within: number,
  hasQueues: boolean,
): Promise<Sample> {
  const queues = hasQueues ? queuesOf(client, within) : undefined;
  // It is awaited after the figures, which may fail first.
  queues?.catch(() => {});

  const figures = new Map<string, string>();
  let size = 0;
  for await (const { name, value } of client.stream("STATS", {}, { within })) {
    const [key, text] = [String(name), String(value)];
    size += key.length + text.length;
    if (size > MOST_CHARACTERS) {
      throw new RangeError(`STATS has more than ${MOST_CHARACTERS} characters.`);
    }
    figures.set(key, text);
  }
  return { at: performance.now(), figures, queues: await queues };
}

/** The first queues, by name. */
async function queuesOf(client: DynamicClient, within: number): Promise<QueueState[]> {
  const queues: QueueState[] = [];
  const asked = { max: MOST_QUEUES, details: true };
  for await (const each of client.stream("QUEUES", asked, { within })) {
    queues.push(each as unknown as QueueState);
  }
  return queues;
}

/** The figures of a sample, and their rates since an earlier one. It remembers which figures were read. */
export class Reading {
  readonly #sample: Sample;
  readonly #before: Sample | undefined;
  readonly #read = new Set<string>();

  /** There are no rates if the server was restarted between the samples. */
  constructor(sample: Sample, before?: Sample) {
    this.#sample = sample;
    const uptime = ({ figures }: Sample): number => Number(figures.get("uptime-s") ?? 0);
    this.#before = before !== undefined && uptime(before) <= uptime(sample) ? before : undefined;
  }

  /** Seconds between the samples; `undefined` for a single sample. */
  get seconds(): number | undefined {
    return this.#before && (this.#sample.at - this.#before.at) / 1000;
  }

  /** The queues of a queue server. */
  get queues(): readonly QueueState[] | undefined {
    return this.#sample.queues;
  }

  /** A figure as the server sent it. */
  text(name: string): string | undefined {
    this.#read.add(name);
    return this.#sample.figures.get(name);
  }

  /** A figure that is a number. */
  number(name: string): number | undefined {
    const text = this.text(name);
    return text === undefined || !Number.isFinite(Number(text)) ? undefined : Number(text);
  }

  /** The growth of a total, a second. The name is given without its `-total`. */
  rate(name: string): number | undefined {
    const now = this.number(name + TOTAL);
    const { seconds } = this;
    if (now === undefined || seconds === undefined || seconds <= 0) return undefined;
    // The total of an error code appears with the first such error.
    const growth = now - Number(this.#before!.figures.get(name + TOTAL) ?? 0);
    return growth >= 0 ? growth / seconds : undefined;
  }

  /** The part between `prefix` and `suffix` of all names that have both, in the order of the server. */
  names(prefix: string, suffix: string): string[] {
    return [...this.#sample.figures.keys()]
      .filter((name) => name.startsWith(prefix) && name.endsWith(suffix))
      .map((name) => name.slice(prefix.length, name.length - suffix.length))
      .filter((name) => name !== "");
  }

  /** The names of the figures that were not read yet. */
  get unread(): string[] {
    return [...this.#sample.figures.keys()].filter((name) => !this.#read.has(name));
  }

  /** All figures and rates, as `lineup top --json` prints them. Numbers are numbers. */
  toJson(): object {
    const figures: Record<string, string | number> = {};
    for (const name of this.#sample.figures.keys()) {
      figures[name] = this.number(name) ?? this.text(name)!;
    }
    const rates = this.names("", TOTAL).map((name) => [name, this.rate(name)] as const)
      .filter(([, rate]) => rate !== undefined);
    const { seconds, queues } = this;
    return { seconds, figures, rates: Object.fromEntries(rates), queues };
  }
}
