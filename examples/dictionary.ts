/**
 * A dictionary of what Lineup says of itself: the commands of its queue, and the codes of its errors. It can be served
 * in any dialect; examples/dict.ts serves it as DICT.
 *
 *     lineup serve examples/dictionary.ts
 *
 * @module
 */

import {
  commandHelp,
  compile,
  type Protocol,
  Refusal,
  standardErrors,
} from "@lineup/lineup/protocol";
import { queueProtocol } from "@lineup/lineup/queue";
import type { Handlers } from "@lineup/lineup/server";

const named = { count: "integer?", name: "word?", title: "text?" } as const;
const defined = { count: "integer?", database: "word?", title: "text?", word: "text?" } as const;
const noDatabase = { summary: "There is no such database." };
const noMatch = { summary: "There is no such word." };

/** The protocol. The first item of each stream has the count of the others. */
export const protocol = {
  name: "dictionary",
  version: "1.0",
  summary: "Definitions of words.",
  commands: {
    DEFINE: {
      summary: "Define a word. The database is a name, * for all, ! for the first with the word.",
      args: { database: "word", word: "text" },
      items: { ...defined, text: "text?" },
      errors: { "no-database": noDatabase, "no-match": noMatch },
      idempotent: true,
    },
    MATCH: {
      summary: "List the words that match by a strategy.",
      args: { database: "word", strategy: "word", word: "text" },
      items: defined,
      errors: {
        "no-database": noDatabase,
        "no-strategy": { summary: "There is no such strategy." },
        "no-match": noMatch,
      },
      idempotent: true,
    },
    DATABASES: { summary: "List the databases.", items: named, idempotent: true },
    STRATEGIES: { summary: "List the strategies of MATCH.", items: named, idempotent: true },
    ABOUT: {
      summary: "Tell about a database; without one, about all.",
      args: { database: "word?" },
      reply: { text: "text" },
      errors: { "no-database": noDatabase },
      idempotent: true,
    },
  },
} as const satisfies Protocol;

interface Database {
  readonly title: string;
  /** The text of each word. */
  readonly words: ReadonlyMap<string, string>;
}

const commands = [...compile(queueProtocol).commands.values()];

const databases: Readonly<Record<string, Database>> = {
  commands: {
    title: "Commands of lineup queue",
    words: new Map(commands.map((command) => [command.verb, commandHelp(command)])),
  },
  errors: {
    title: "Codes of errors of Lineup",
    words: new Map(Object.entries(standardErrors).map(([code, { summary }]) => [code, summary])),
  },
};

interface Strategy {
  readonly title: string;
  readonly matches: (word: string, sought: string) => boolean;
}

const strategies: Readonly<Record<string, Strategy>> = {
  exact: { title: "The same word", matches: (word, sought) => word === sought },
  prefix: { title: "Words that begin so", matches: (word, sought) => word.startsWith(sought) },
  substring: { title: "Words with this in them", matches: (word, sought) => word.includes(sought) },
  suffix: { title: "Words that end so", matches: (word, sought) => word.endsWith(sought) },
};

interface Definition {
  readonly database: string;
  readonly title: string;
  readonly word: string;
  readonly text: string;
}

/** The words that match, upper and lower case alike. The strategy `.` is the one that the server prefers. */
function find(database: string, strategy: string, sought: string): Definition[] {
  const { matches } = one(strategies, strategy === "." ? "prefix" : strategy, "strategy");
  const names = database === "*" || database === "!" ? Object.keys(databases) : [database];
  const found: Definition[] = [];
  for (const name of names) {
    const { title, words } = one(databases, name, "database");
    for (const [word, text] of words) {
      const isFound = matches(word.toLowerCase(), sought.toLowerCase());
      if (isFound) found.push({ database: name, title, word, text });
    }
    if (database === "!" && found.length > 0) break;
  }
  if (found.length === 0) throw new Refusal("no-match", `There is no word ${sought}.`);
  return found;
}

function one<T>(all: Readonly<Record<string, T>>, name: string, kind: string): T {
  if (Object.hasOwn(all, name)) return all[name];
  const known = Object.keys(all).join(", ");
  throw new Refusal(`no-${kind}`, `There is no ${kind} ${name}; there are ${known}.`);
}

function* counted<T>(all: readonly T[]): Generator<T | { count: number }> {
  yield { count: all.length };
  yield* all;
}

function list(
  all: Readonly<Record<string, { readonly title: string }>>,
): ReturnType<typeof counted<{ name: string; title: string }>> {
  return counted(Object.entries(all).map(([name, { title }]) => ({ name, title })));
}

/** The handlers. */
export const handlers: Handlers<typeof protocol> = {
  DEFINE: ({ database, word }) => counted(find(database, "exact", word)),
  MATCH({ database, strategy, word }) {
    const found = find(database, strategy, word);
    return counted(found.map(({ database, title, word }) => ({ database, title, word })));
  },
  DATABASES: () => list(databases),
  STRATEGIES: () => list(strategies),
  ABOUT({ database }) {
    const names = database === undefined ? Object.keys(databases) : [database];
    const about = names.map((name) => {
      const { title, words } = one(databases, name, "database");
      return `${title}: ${words.size} words`;
    });
    return { text: about.join("\n") };
  },
};

export default { protocol, handlers };
