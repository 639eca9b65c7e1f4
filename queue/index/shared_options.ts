import { BYTES, type Memory } from "../memory.ts";
import type { SharedOptions } from "./queue.ts";

/** The options in use, by number: a job keeps only the number of its options. */
export class SharedOptionsTable {
  readonly #all: (SharedOptions | undefined)[] = [];
  readonly #free: number[] = [];
  readonly #memory: Memory;

  /** Starts empty. */
  constructor(memory: Memory) {
    this.#memory = memory;
  }

  /** The options of a number that is in use. */
  at(number: number): SharedOptions {
    return this.#all[number]!;
  }

  /** One more job uses the options. Returns their number. */
  use(options: SharedOptions): number {
    if (options.jobs++ === 0) {
      options.number = this.#free.pop() ?? this.#all.length;
      this.#all[options.number] = options;
      this.#memory.kept += BYTES.options;
    }
    return options.number;
  }

  /** One job less uses the options of a number. */
  release(number: number): void {
    if (--this.at(number).jobs > 0) return;
    this.#all[number] = undefined;
    this.#memory.kept -= BYTES.options;
    this.#free.push(number);
  }
}
