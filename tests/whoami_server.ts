import { serve, type ServeOptions, type Server } from "../server/mod.ts";

const whoami = {
  name: "whoami",
  version: "1",
  summary: "Tells who asks.",
  commands: {
    WHO: { summary: "Tell.", reply: { peer: { type: "text", positional: true } } },
  },
} as const;

/** A server whose WHO answers with the address of its client, for tests of PROXY headers. */
export function serveWhoami(options: ServeOptions): Promise<Server> {
  return serve(whoami, { WHO: (_, { client }) => ({ peer: client.peer }) }, options);
}
