// A program: a server at the addresses in its arguments.

import { serve } from "../../server/mod.ts";
import { bareProtocol } from "../bare_protocol.ts";
import { identity } from "./tls.ts";

const { addresses } = await serve(bareProtocol, {}, { listen: Deno.args, tls: identity });
console.log(addresses.join(" "));
