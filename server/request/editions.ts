// The protocols of a server, and those of them that a connection speaks: one version of each.

import type { Served } from "../../dialects/dialect.ts";
import { combine, title } from "../../protocol/combine.ts";
import type { CompiledProtocol } from "../../protocol/compile.ts";
import type { Protocol } from "../../protocol/spec.ts";
import { SpecError } from "../../protocol/spec_error.ts";
import type { Route } from "./route.ts";

/** A protocol of a server, and the routes of its commands. */
export interface RoutedProtocol {
  readonly compiled: CompiledProtocol;
  readonly routes: ReadonlyMap<string, Route>;
}

/** The bounds that all protocols of a server share. */
export type SharedBounds = Pick<Served, "limits" | "maxInFlight" | "auth">;

/** The protocols that a connection speaks. */
export interface Edition {
  readonly served: Served;
  readonly routes: ReadonlyMap<string, Route>;
  /** The places of its protocols among those of the server. Its name is that of the first one. */
  readonly chosen: readonly number[];
}

/** All editions of a server. */
export class Editions {
  /** The edition of a connection that chooses none: the first version of each protocol. */
  readonly first: Edition;
  readonly #all: readonly RoutedProtocol[];
  readonly #compile: (protocol: Protocol) => CompiledProtocol;
  readonly #shared: SharedBounds;
  readonly #made = new Map<string, Edition>();

  /** Throws `SpecError` where protocols have the same command, or a protocol is there twice. */
  constructor(
    all: readonly RoutedProtocol[],
    compile: (protocol: Protocol) => CompiledProtocol,
    shared: SharedBounds,
  ) {
    const protocols = all.map(({ compiled }) => compiled.protocol);
    for (const [i, one] of protocols.entries()) {
      for (const other of protocols.slice(i + 1)) {
        if (one.name !== other.name) combine(one, other);
        else if (one.version === other.version) {
          throw new SpecError("name", `${title(one)} is served twice`);
        }
      }
    }
    this.#all = all;
    this.#compile = compile;
    this.#shared = shared;
    const isFirst = (i: number): boolean =>
      protocols.findIndex(({ name }) => name === protocols[i].name) === i;
    this.first = this.#of([...protocols.keys()].filter(isFirst));
  }

  /**
   * The edition with another version of a protocol, which comes first in it: this version, else one with the same major
   * number. `undefined` where the server has none.
   */
  choose({ chosen }: Edition, name: string, version: string): Edition | undefined {
    const indices = [...this.#all.keys()].filter((i) => this.#at(i).name === name);
    const index = indices.find((i) => this.#at(i).version === version) ??
      indices.find((i) => parseInt(this.#at(i).version) === parseInt(version));
    if (index === undefined) return undefined;
    const others = chosen.filter((i) => this.#at(i).name !== name).sort((a, b) => a - b);
    return this.#of([index, ...others]);
  }

  #at(index: number): Protocol {
    return this.#all[index].compiled.protocol;
  }

  #of(chosen: readonly number[]): Edition {
    const key = chosen.join();
    let edition = this.#made.get(key);
    if (edition === undefined) this.#made.set(key, edition = this.#make(chosen));
    return edition;
  }

  #make(chosen: readonly number[]): Edition {
    const parts = chosen.map((i) => this.#all[i]);
    const [first, ...more] = parts.map(({ compiled }) => compiled.protocol);
    const compiled = more.length === 0
      ? parts[0].compiled
      : this.#compile(combine(first, ...more) as Protocol);
    const others = this.#all.map(({ compiled }) => compiled.protocol)
      .filter((each) => each !== first).map(title);
    return {
      served: { ...this.#shared, compiled, others },
      routes: new Map(parts.flatMap(({ routes }) => [...routes])),
      chosen,
    };
  }
}
