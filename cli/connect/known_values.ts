// Values that the server has named, for completion: a field of a request may have the value of a field of that name in
// a reply, such as the queue of a job. Of a queue server, the names of queues and the numbers of jobs are asked for.

import type { CompiledCommand, CompiledProtocol } from "../../protocol/compile.ts";
import type { NamedField } from "../../protocol/fields.ts";
import type { Frame } from "../../dialects/lineup1/frame.ts";
import { formatWord } from "../../protocol/quoting.ts";
import type { Requests } from "./requests.ts";

/** The most values of a field, and the longest one. */
const MOST_VALUES = 200, LONGEST = 128;
/** After this time, in ms, values are asked for again. */
const FRESH_MS = 2000;
/** The queues whose jobs are asked for, and the jobs of each. */
const MOST_QUEUES = 3, MOST_JOBS = 50;
const TYPES: readonly string[] = ["word", "integer"];

/** Remembers values by the names of their fields. */
export class KnownValues {
  readonly #requests: Requests;
  readonly #values = new Map<string, Set<string>>();
  readonly #asked = new Map<string, number>();
  #protocol: CompiledProtocol | undefined;
  #wanted: ReadonlySet<string> = new Set();

  /** Knows nothing yet. */
  constructor(requests: Requests) {
    this.#requests = requests;
  }

  /** The known values of a field, the newest first. */
  of({ name, type }: NamedField): string[] {
    return TYPES.includes(type) ? [...this.#values.get(name) ?? []].reverse() : [];
  }

  /** Learns from a line of a reply to a command. */
  learn(frame: Frame, { items, reply }: CompiledCommand): void {
    const shape = frame.head === "*" ? items : frame.head === "OK" ? reply : undefined;
    if (shape === undefined) return;
    frame.words.forEach((word, at) => this.#add(shape.positional[at], word));
    for (const [name, value] of frame.options) this.#add(shape.named.get(name), value);
  }

  #add(field: NamedField | undefined, value: string): void {
    if (field === undefined || !TYPES.includes(field.type) || value.length > LONGEST) return;
    if (!this.#isWanted(field.name)) return;
    const values = this.#values.get(field.name) ?? new Set();
    this.#values.set(field.name, values);
    values.delete(value);
    values.add(value);
    if (values.size > MOST_VALUES) values.delete(values.values().next().value!);
  }

  /** Whether a request of the protocol has a field of this name. */
  #isWanted(name: string): boolean {
    const { protocol } = this.#requests;
    if (protocol !== this.#protocol) {
      this.#protocol = protocol;
      this.#wanted = new Set([...protocol?.commands.values() ?? []].flatMap(({ request }) => [
        ...request.positional.map(({ name }) => name),
        ...request.named.keys(),
      ]));
    }
    return this.#wanted.has(name);
  }

  /**
   * Asks a queue server for the values of a field, unless it was asked just now. Returns whether it asks; `onAnswer` is
   * called once the answer has come.
   */
  ask({ name }: Pick<NamedField, "name">, onAnswer: () => void): boolean {
    const { protocol, connection } = this.#requests;
    if (protocol?.protocol.name !== "queue" || connection === undefined) return false;
    if (name === "queue") return this.#askOnce("QUEUES", onAnswer);
    if (name !== "id") return false;
    const queues = [...this.#values.get("queue") ?? []].slice(-MOST_QUEUES);
    if (queues.length === 0) return this.#askOnce("QUEUES", () => this.ask({ name }, onAnswer));
    return queues
      .map((queue) => this.#askOnce(`LIST ${formatWord(queue)} max=${MOST_JOBS}`, onAnswer))
      .includes(true);
  }

  #askOnce(request: string, onAnswer: () => void): boolean {
    const [verb] = request.split(" ");
    const command = this.#requests.protocol?.commands.get(verb);
    const now = performance.now();
    const before = this.#asked.get(request) ?? -Infinity;
    if (command === undefined || now - before < FRESH_MS) return false;
    if (this.#asked.size >= MOST_VALUES) this.#asked.clear();
    this.#asked.set(request, now);
    this.#requests.ask(request, (frame) => {
      this.learn(frame, command);
      if (frame.head === "OK") onAnswer();
    });
    return true;
  }
}
