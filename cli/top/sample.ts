// The figures of STATS at one moment, and how they change from one to the next.

import type { DynamicClient } from "../../client/mod.ts";

/** What a server told of itself at a moment, in ms. */
export interface Sample {
  readonly at: number;
  readonly figures: ReadonlyMap<string, string>;
}

/** The most characters of all figures: a server of thousands of flows has a tenth of that. */
const MOST_FIGURES = 1 << 22;

/** Asks for the figures. Rejects as calls do; `within` is in ms. */
export async function takeSample(client: DynamicClient, within: number): Promise<Sample> {
  const figures = new Map<string, string>();
  let size = 0;
  for await (const { name, value } of client.stream("STATS", {}, { within })) {
    const [key, text] = [String(name), String(value)];
    size += key.length + text.length;
    if (size > MOST_FIGURES) {
      throw new RangeError(`STATS has more than ${MOST_FIGURES} characters.`);
    }
    figures.set(key, text);
  }
  return { at: performance.now(), figures };
}

const TOTAL = "-total";

/** The figures of a sample and, beside an earlier one, their rates. Remembers which were asked for. */
export class Reading {
  readonly #sample: Sample;
  readonly #before: Sample | undefined;
  readonly #seen = new Set<string>();

  /** Where the server began anew in between, there are no rates. */
  constructor(sample: Sample, before?: Sample) {
    this.#sample = sample;
    const uptime = ({ figures }: Sample): number => Number(figures.get("uptime-s") ?? 0);
    this.#before = before !== undefined && uptime(before) <= uptime(sample) ? before : undefined;
  }

  /** Seconds between the samples; `undefined` for a single one. */
  get seconds(): number | undefined {
    return this.#before && (this.#sample.at - this.#before.at) / 1000;
  }

  /** A figure as it was told. */
  text(name: string): string | undefined {
    this.#seen.add(name);
    return this.#sample.figures.get(name);
  }

  /** A figure that is a number. */
  number(name: string): number | undefined {
    const text = this.text(name);
    return text === undefined || !Number.isFinite(Number(text)) ? undefined : Number(text);
  }

  /** How much the total of this name, without its `-total`, grows a second. */
  rate(name: string): number | undefined {
    const now = this.number(name + TOTAL);
    const { seconds } = this;
    if (now === undefined || seconds === undefined || seconds <= 0) return undefined;
    // An error that is new was not told before.
    const grown = now - Number(this.#before!.figures.get(name + TOTAL) ?? 0);
    return grown >= 0 ? grown / seconds : undefined;
  }

  /** What stands between `prefix` and `suffix` in the names of figures, in their order. */
  names(prefix: string, suffix: string): string[] {
    return [...this.#sample.figures.keys()]
      .filter((name) => name.startsWith(prefix) && name.endsWith(suffix))
      .map((name) => name.slice(prefix.length, name.length - suffix.length))
      .filter((name) => name !== "");
  }

  /** The names of those that nobody has asked for. */
  get unseen(): string[] {
    return [...this.#sample.figures.keys()].filter((name) => !this.#seen.has(name));
  }

  /** All, as `lineup top --json` prints them: numbers as such, and the rates of totals. */
  toJson(): object {
    const figures: Record<string, string | number> = {};
    for (const name of this.#sample.figures.keys()) {
      figures[name] = this.number(name) ?? this.text(name)!;
    }
    const rates = this.names("", TOTAL).map((name) => [name, this.rate(name)] as const)
      .filter(([, rate]) => rate !== undefined);
    return { seconds: this.seconds, figures, rates: Object.fromEntries(rates) };
  }
}
