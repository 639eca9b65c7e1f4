import type { WireRequest } from "../../dialects/dialect.ts";
import type { Values } from "../../protocol/shape.ts";

const NO_ARGUMENTS: Values = Object.freeze({});
/** About the memory of the arguments of a request beside its body, in bytes. */
const BYTES = 64;

/** A command of a client. */
export class BeanstalkdRequest implements WireRequest {
  readonly verb: string;
  args: Values;

  constructor(verb: string, args: Values = NO_ARGUMENTS) {
    this.verb = verb;
    this.args = args;
  }

  get kind(): "request" {
    return "request";
  }

  get plain(): boolean {
    return true;
  }

  get bytes(): number {
    if (this.args === NO_ARGUMENTS) return 0;
    return BYTES + ((this.args.body as Uint8Array | undefined)?.length ?? 0);
  }

  forget(): void {
    this.args = NO_ARGUMENTS;
  }
}
