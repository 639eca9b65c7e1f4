// While nearly all memory for clients is held, only built-in commands run.

import type { WireRequest } from "../../dialects/dialect.ts";
import type { CompiledCommand } from "../../protocol/compile.ts";
import type { Denial, RequestPolicy } from "./policy.ts";
import type { Pressure } from "./pressure.ts";

const FULL: Denial = {
  code: "busy",
  message: "The server holds as much for its clients as it may.",
  retry: 1000,
};

/** Refuses requests while too much memory is held. */
export class MemoryShedding implements RequestPolicy {
  readonly #pressure: Pressure;

  constructor(pressure: Pressure) {
    this.#pressure = pressure;
  }

  admit(_request: WireRequest, command: CompiledCommand | undefined): Denial | undefined {
    return this.#pressure.shedsRequests && !command?.builtin ? FULL : undefined;
  }
}
