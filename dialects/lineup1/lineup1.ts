// Lineup/1 as a dialect.

import { encodeText } from "../../protocol/strings.ts";
import type { Dialect } from "../dialect.ts";
import { builtins } from "./builtin_handlers.ts";
import { compile } from "./compile.ts";
import { failureText } from "./failure_line.ts";
import { VERSION } from "./version.ts";
import { Lineup1Session } from "./session.ts";

/** The default dialect of a server: lines that people can type, tags, counted bodies, items. */
export const lineup1: Dialect = {
  name: VERSION,
  alpn: VERSION,
  about: "This is a server of Lineup/1, a protocol of text lines, over WebSocket. " +
    "Each message carries some bytes of the stream.\n" +
    "Try: lineup connect with this address, ws: in front.",
  builtins,
  wording: {
    expired: "The time given by within= is over.",
    unknownCommand: (verb) => `There is no command ${verb}; HELP lists them.`,
    correlationInUse: (tag) => `The tag ${tag} is still in use.`,
    unauthenticated: (verb) => `${verb} needs AUTH first.`,
    tooManyInFlight: (most) => `At most ${most} tagged requests of a connection may be in flight.`,
  },
  compile,
  open: (_peer, served) => new Lineup1Session(served),
  refuseConnection: (failure) => encodeText(`ERR${failureText(failure)}\r\n`),
};
