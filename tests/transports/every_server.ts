// A program: a server at the addresses in its arguments.

import { serve } from "../../server/mod.ts";
import { bareProtocol } from "../bare_protocol.ts";
import { clientCa, identity } from "./tls.ts";

// With --ask, TLS asks for certificates.
const [first, ...others] = Deno.args;
const tls = first === "--ask"
  ? { ...identity, clientCa, clientCertificate: "optional" } as const
  : identity;
const listen = first === "--ask" ? others : Deno.args;
const { addresses } = await serve(bareProtocol, {}, { listen, tls });
console.log(addresses.join(" "));
