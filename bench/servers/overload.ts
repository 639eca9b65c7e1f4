// The server that bench/overload.ts floods. The cost of its commands is known. Its argument is further options of `serve`
// as JSON: switch a limit off to see its effect.

import { type Handlers, type Protocol, serve } from "../../mod.ts";

const protocol = {
  name: "overload",
  version: "1.0",
  summary: "Commands that cost a known amount of something.",
  commands: {
    BURN: {
      summary: "Hold the event loop for so many milliseconds.",
      args: { ms: { type: "number", min: 0, max: 1000 } },
    },
    STORE: {
      summary: "Take a body and forget it.",
      args: { body: { type: "bytes", max: 1 << 20 } },
      reply: { bytes: "integer" },
    },
    STREAM: {
      summary: "So many items of a KiB.",
      args: { count: { type: "integer", min: 0 } },
      items: { text: "text" },
    },
  },
} as const satisfies Protocol;

const KIB = "x".repeat(1000);

const handlers: Handlers<typeof protocol> = {
  BURN({ ms }) {
    for (const end = performance.now() + ms; performance.now() < end;);
  },
  STORE: ({ body }) => ({ bytes: body.length }),
  *STREAM({ count }) {
    for (let i = 0; i < count; i++) yield { text: KIB };
  },
};

const server = await serve(protocol, handlers, { port: 0, ...JSON.parse(Deno.args[0] ?? "{}") });
console.log(server.address.split(":").at(-1));

// The parent process holds the standard input. The server ends with it, however it ends.
for await (const _ of Deno.stdin.readable);
Deno.exit();
