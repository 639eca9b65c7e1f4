// memcached's protocol as a dialect: the built-in commands, and the parts put together.

import { type Builtin, type Dialect, PLAIN_WORDING } from "@lineup/lineup/dialects";
import { compileProtocol, encodeText, Refusal, type Values } from "@lineup/lineup";
import type { BuiltinContext } from "@lineup/lineup/dialects";
import { proofCommands } from "./proof.ts";
import { CacheSession } from "./session.ts";
import { errorLine } from "./text_request.ts";

/** The figures of the server under the names that clients of memcached know. */
const SERVER_FIGURES: ReadonlyMap<string, string> = new Map([
  ["uptime-s", "uptime"],
  ["connections", "curr_connections"],
  ["connections-total", "total_connections"],
  ["received-bytes-total", "bytes_read"],
]);
/** The lists of `stats`. The last four tell of the memory of the original, and are empty here. */
const LISTS = ["stats", "settings", "items", "slabs", "conns", "sizes"];

function* stats({ of }: Values, context: BuiltinContext): Generator<Values> {
  if (!LISTS.includes(of as string)) throw new Refusal("unknown-command", `no list ${of}`);
  for (const [figure, value] of context.figures()) {
    const known = SERVER_FIGURES.get(figure);
    const [list, name] = known === undefined ? figure.split(" ") : ["stats", known];
    if (list === of && name !== undefined) yield { name, value };
  }
}

async function quit(_args: Values, context: BuiltinContext): Promise<void> {
  await context.quit();
}

const builtins = {
  STATS: {
    command: {
      summary: "List figures of the server and of the cache.",
      args: { of: "word" },
      items: { name: "word", value: "text" },
    },
    control: true,
    role: "operator",
    run: stats,
  },
  QUIT: { command: { summary: "End the connection." }, control: true, run: quit },
  ...proofCommands,
} as const satisfies Record<string, Builtin>;

/** The dialect. */
export const memcached: Dialect = {
  name: "memcached",
  about: "This is a server of memcached's protocol.",
  builtins,
  wording: { ...PLAIN_WORDING, unauthenticated: () => "unauthenticated" },
  serial: true,
  compile: (protocol) =>
    compileProtocol(protocol, {
      builtins: Object.fromEntries(
        Object.entries(builtins).map(([verb, { command }]) => [verb, command]),
      ),
    }),
  open: (_peer, served) => new CacheSession(served),
  refuseConnection: (failure) => encodeText(errorLine(failure)),
};
