// The names of tubes, and the queue and key that each stands for.

import { bounds } from "../bounds.ts";
import type { JobScope } from "../engine/ranked_engine.ts";
import { badArguments } from "../refusals.ts";
import { LONGEST_TUBE } from "./protocol.ts";

/** The bytes of names. */
const IN_NAME: readonly boolean[] = Array.from(
  { length: 256 },
  (_, byte) => /[-+/;.$_()A-Za-z0-9]/.test(String.fromCharCode(byte)),
);
const HYPHEN = 0x2d;

/** Whether bytes are the name of a tube. */
export function isTubeName(bytes: Uint8Array, start: number, end: number): boolean {
  if (start === end || end - start > LONGEST_TUBE || bytes[start] === HYPHEN) return false;
  for (let at = start; at < end; at++) if (!IN_NAME[bytes[at]]) return false;
  return true;
}

/** A pattern of tubes whose names have a key. */
interface KeyPattern {
  readonly text: string;
  /** The name of the queue; `undefined` for any. */
  readonly queue: string | undefined;
  /** The character between the name of the queue and the key. */
  readonly separator: string;
}

/** Which tube stands for which queue and key. */
export class TubeNames {
  readonly #patterns: readonly KeyPattern[];

  /** `patterns`: see `BeanstalkdOptions`. Throws `RangeError` for one that is none. */
  constructor(patterns: readonly string[]) {
    this.#patterns = patterns.map(readPattern);
  }

  /** Whether some tubes stand for keys. */
  get haveKeys(): boolean {
    return this.#patterns.length > 0;
  }

  /** The jobs of a tube. Throws `bad-arguments` if its name is longer than that of a queue. */
  scopeOf(tube: string): JobScope {
    for (const { queue, separator } of this.#patterns) {
      const at = queue === undefined ? tube.indexOf(separator) : queue.length;
      if (at <= 0 || at === tube.length - 1 || tube[at] !== separator) continue;
      const name = tube.slice(0, at);
      const key = tube.slice(at + 1);
      if ((queue === undefined || name === queue) && key.length <= bounds.key.max) {
        return { queue: name, key };
      }
    }
    if (tube.length > bounds.queue.max) {
      throw badArguments(`The name of a queue has at most ${bounds.queue.max} characters.`);
    }
    return { queue: tube };
  }

  /**
   * Where a tube has jobs: where they are put first. A tube that stands for a key has those of the queue of its name too:
   * they were put before there was a pattern for it, or by a client of Lineup/1.
   */
  scopesOf(tube: string): readonly JobScope[] {
    const scope = this.scopeOf(tube);
    if (scope.key === undefined || tube.length > bounds.queue.max) return [scope];
    return [scope, { queue: tube }];
  }

  /** The tube of a job. */
  tubeOf(queue: string, key: string): string {
    if (key === "") return queue;
    for (const pattern of this.#patterns) {
      if (pattern.queue !== undefined && pattern.queue !== queue) continue;
      const tube = queue + pattern.separator + key;
      const scope = this.scopeOf(tube);
      if (scope.queue === queue && scope.key === key) return tube;
    }
    return queue;
  }
}

function readPattern(text: string): KeyPattern {
  const [, queue, separator] = /^(\*|[A-Za-z0-9+/;.$_()][-+/;.$_()A-Za-z0-9]*)([-+/;.$_])\*$/.exec(
    text,
  ) ?? [];
  if (queue === undefined) {
    throw new RangeError(
      `${
        JSON.stringify(text)
      } is no pattern of tubes with keys. One is the name of a queue, or * for any, ` +
        "then one of - + / ; . $ _ and *, such as mail.*",
    );
  }
  return { text, queue: queue === "*" ? undefined : queue, separator };
}
