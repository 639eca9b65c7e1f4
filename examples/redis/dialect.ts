// Redis' protocol as a dialect of Lineup: RESP2, RESP3, and lines for people.

import type { Dialect, WireRequest } from "@lineup/lineup/dialects";
import { PLAIN_WORDING } from "@lineup/lineup/dialects";
import { compileProtocol, encodeText, type Protocol, SpecError } from "@lineup/lineup/protocol";
import { type RedisProtocol, withTable } from "./command_table.ts";
import { connectionCommands } from "./connection_commands.ts";
import { type RedisRequest, unknownCommand } from "./request.ts";
import { RedisSession } from "./session.ts";

/** The dialect of Redis. */
export const redis: Dialect = {
  name: "resp/3",
  about:
    "This is a server of Redis' protocol over WebSocket. Each message carries some bytes of it.",
  builtins: connectionCommands,
  wording: {
    ...PLAIN_WORDING,
    unauthenticated: () => "Authentication required.",
    unknownCommand: (_verb, request: WireRequest) => unknownCommand(request as RedisRequest),
  },
  // A request that blocks its connection, such as BRPOP, is answered before the next one starts. A client that ends its
  // side is gone: an element would be lost with it.
  serial: true,
  halfCloses: false,
  compile,
  open: (peer, served) => new RedisSession(peer, served),
  refuseConnection: () => encodeText("-ERR max number of clients reached\r\n"),
};

/** Checks a protocol and makes it ready. Throws `SpecError` for a reply with items: an array begins with its length. */
function compile(protocol: Protocol): RedisProtocol {
  const builtins = Object.fromEntries(
    Object.entries(connectionCommands).map(([verb, { command }]) => [verb, command]),
  );
  const compiled = compileProtocol(protocol, { builtins });
  for (const { verb, items } of compiled.commands.values()) {
    if (items !== undefined) throw new SpecError(`commands.${verb}.items`, "RESP sends no items");
  }
  return withTable(compiled);
}
