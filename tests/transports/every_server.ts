// A program: a server at the addresses in its arguments.

import { serve } from "../../server/mod.ts";
import { identity } from "./tls.ts";

const bare = {
  name: "bare",
  version: "1.0",
  summary: "Nothing of its own.",
  commands: {},
} as const;

const { addresses } = await serve(bare, {}, { listen: Deno.args, tls: identity });
console.log(addresses.join(" "));
