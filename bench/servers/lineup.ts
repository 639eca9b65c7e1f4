// A Lineup server as its users write it.

import { serve } from "../../mod.ts";
import calc from "../../examples/calc.ts";

const server = await serve(calc.protocol, calc.handlers, { port: 0 });
console.log(server.address.split(":").at(-1));
