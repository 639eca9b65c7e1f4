/**
 * The dictionary of examples/dictionary.ts as DICT (RFC 2229), whose lines are data.
 *
 *     deno run --allow-net examples/dict.ts --port 2628
 *     dict -h 127.0.0.1 -p 2628 put
 *
 * @module
 */

import { lineDialect } from "@lineup/lineup/dialects";
import { serve } from "@lineup/lineup/server";
import { handlers, protocol } from "./dictionary.ts";
import { readFlags, untilFinished } from "./listen.ts";

/** The lines of RFC 2229. */
export const dialect = lineDialect({
  name: "dict/2229",
  greeting: "220 {name} {version} <> <0@lineup>",
  reply: "250 ok",
  tail: "250 ok",
  error: "420 {text}",
  errors: {
    "unknown-command": "500 {text}",
    "bad-syntax": "500 {text}",
    "line-too-long": "500 {text}",
    "bad-arguments": "501 {text}",
    draining: "421 {text}",
    "no-database": "550 {text}",
    "no-strategy": "551 {text}",
    "no-match": "552 {text}",
  },
  multiline: "dot",
  quotes: `"'`,
  aliases: {
    "SHOW DB": "DATABASES",
    "SHOW DATABASES": "DATABASES",
    "SHOW STRAT": "STRATEGIES",
    "SHOW STRATEGIES": "STRATEGIES",
    "SHOW INFO": "ABOUT",
    "SHOW SERVER": "SERVER",
  },
  forms: {
    DEFINE: {
      item: ["150 {count} definitions retrieved", '151 "{word}" {database} "{title}"\n{text...}'],
    },
    MATCH: { head: "152 {count} matches found", item: '{database} "{word}"' },
    DATABASES: { head: "110 {count} databases present", item: '{name} "{title}"' },
    STRATEGIES: { head: "111 {count} strategies available", item: '{name} "{title}"' },
    ABOUT: { reply: "112 database information follows\n{text...}\n250 ok" },
  },
  fixed: {
    CLIENT: "250 ok",
    SERVER: "114 server information follows\nLineup's words, served by Lineup\n.\n250 ok",
    OPTION: "502 there are no options",
    AUTH: "502 there are no identities",
    SASLAUTH: "502 there are no identities",
  },
  quit: { QUIT: "221 bye" },
  status: { STATUS: "210 {requests-total} requests, {connections} connections" },
  help: { HELP: "113 help text follows\n{text...}\n250 ok" },
});

if (import.meta.main) {
  const { port } = readFlags({ port: "2628" });
  const options = { dialect, limits: { maxLine: 1022 }, port: Number(port), signals: true };
  await untilFinished("dict", serve(protocol, handlers, options));
}
