// A service whose handlers run on the event loop, or all but one in workers: its middleware is the same.

import { type Protocol, Refusal } from "@lineup/lineup/protocol";
import { type Around, type Service, service } from "@lineup/lineup/server";

export const desk = {
  name: "desk",
  version: "1.0",
  summary: "A desk.",
  commands: {
    NAME: { summary: "Say who you are.", args: { name: "word" } },
    WHO: { summary: "What the context has.", reply: { user: "text", greeted: "integer" } },
    EACH: {
      summary: "Items, then a reply.",
      args: { count: "integer" },
      items: { user: { type: "text", positional: true } },
      reply: { user: "text" },
    },
    TRY: { summary: "Fails at first.", args: { name: "word" }, reply: { attempt: "integer" } },
    RENAME: { summary: "Change the name, where that can be." },
    SOCKET: { summary: "Use what no worker can have.", reply: { word: "text" } },
  },
} as const satisfies Protocol;

interface Desk {
  name: string;
  greeted: number;
}

const named: Around<{ state: Desk }, { user: { name: string } }> = (
  _args,
  { state, verb },
  next,
) => {
  if (verb !== "NAME") state.greeted++;
  if (state.name === "nobody") throw new Refusal("forbidden", "Nobody is not served.");
  return next({ user: { name: state.name } });
};

const attempts: Around<unknown, { attempt: number }> = async (_args, _context, next) => {
  for (let attempt = 1;; attempt++) {
    try {
      return await next({ attempt });
    } catch (error) {
      if (!(error instanceof Refusal && error.code === "busy") || attempt === 3) throw error;
    }
  }
};

const withSocket: Around<unknown, { socket: () => string }> = (_args, _context, next) =>
  next({ socket: () => "plugged" });

export const deskService: Service<typeof desk> = service(desk)({
  state: (): Desk => ({ name: "guest", greeted: 0 }),
  around: [named, attempts, withSocket],
  handlers: {
    NAME: ({ name }, { state }) => void (state.name = name),
    WHO: (_, { user, state }) => ({ user: user.name, greeted: state.greeted }),
    *EACH({ count }, { user }) {
      for (let i = 0; i < count; i++) yield { user: user.name };
      return { user: user.name };
    },
    TRY(_, { attempt }) {
      if (attempt < 3) throw new Refusal("busy", "Not yet.");
      return { attempt };
    },
    RENAME: (_, { state }) => void (state.name = "renamed"),
    SOCKET: (_, { socket }) => ({ word: socket() }),
  },
});

export default deskService;
