// `lineup token`: gives clients identities, tokens and rights, in the file that servers read.

import {
  GRANTS,
  IdentityError,
  type IdentityRecord,
  MOST_TOKENS,
  readIdentity,
} from "../../server/identity/identity_line.ts";
import {
  hashOfToken,
  IDENTITY_NAME_RULE,
  isIdentityName,
  newToken,
} from "../../server/identity/token.ts";
import { classes } from "../../protocol/spec.ts";
import { columns } from "../columns.ts";
import { type Flag, type Flags, nearest, type Subcommand, UsageError } from "../flags.ts";
import { note, print } from "../output.ts";
import { changing, openness, readFile, writeFile } from "./identities.ts";

/** An action: gets the identities and its words, and returns the identities to write, if they change. */
type TokenAction = (
  records: readonly IdentityRecord[],
  name: string,
  flags: Flags,
) => { readonly records: readonly IdentityRecord[]; readonly token?: string } | undefined;

const ACTIONS: Readonly<Record<string, { readonly words: string; readonly act: TokenAction }>> = {
  add: { words: "NAME", act: add },
  list: { words: "", act: list },
  rotate: { words: "NAME", act: rotate },
  revoke: { words: "NAME", act: revoke },
};

/** The flag of each member of an identity that is a list. */
const LISTS: Readonly<Record<string, string>> = {
  put: "put",
  take: "take",
  see: "see",
  manage: "manage",
  key: "keys",
  role: "roles",
  certificate: "certificates",
};
const SINGLE = ["class", "weight", "rate", "running", "until"];

const pattern = (summary: string): Flag => ({ value: "PATTERN", many: true, summary });

const FLAGS_OF: Readonly<Record<string, readonly string[]>> = {
  add: [...Object.keys(LISTS), ...SINGLE, "no-token"],
  list: ["json"],
  revoke: ["previous"],
  rotate: [],
};

/** `lineup token`. */
export const tokenCommand: Subcommand = {
  summary: "Give clients identities, tokens and rights, for servers with --identities FILE.",
  args: "add NAME | list | rotate NAME | revoke NAME",
  count: [1, 2],
  completes: [Object.keys(ACTIONS), []],
  flags: {
    file: { value: "FILE", summary: "The file of identities." },
    put: pattern(`With add: ${GRANTS.put}. May be given several times, as may the next ones.`),
    take: pattern(`With add: ${GRANTS.take}.`),
    see: pattern(`With add: ${GRANTS.see}.`),
    manage: pattern(`With add: ${GRANTS.manage}.`),
    key: pattern(`With add: ${GRANTS.keys}.`),
    role: {
      value: "ROLE",
      many: true,
      summary:
        "With add: a role; operator may see the figures of the whole server, metrics may read /metrics.",
    },
    certificate: {
      value: "NAME",
      many: true,
      summary:
        "With add: a client certificate, by sha256: and its fingerprint, or DNS:, URI:, IP: or email: and a name of it.",
    },
    class: {
      value: "CLASS",
      type: { type: "enum", values: classes },
      summary: "With add: the most urgent class of its requests.",
    },
    weight: {
      value: "NUMBER",
      type: { type: "number", min: 0.001, max: 1000 },
      summary: "With add: its share beside other clients; 1 is usual.",
    },
    rate: {
      value: "NUMBER",
      type: { type: "number", min: 0.001, max: 1e6 },
      summary: "With add: its requests a second, over all its connections.",
    },
    running: {
      value: "N",
      type: { type: "integer", min: 1, max: 1e6 },
      summary: "With add: its requests that wait or run at once, over all its connections.",
    },
    until: {
      value: "TIME",
      summary: "With add: when its time is over, such as 2027-01-31T00:00:00Z.",
    },
    "no-token": { summary: "With add: make no token, for an identity with a certificate only." },
    previous: {
      summary: "With revoke: only the token before the last one, at the end of a rotation.",
    },
    json: { summary: "With list: print each identity as a line of JSON, without its hashes." },
  },
  examples: [
    "token add acme --file identities.jsonl --put 'mail.*' --take mail.bills --key 'acme-*'",
    "token add root --file identities.jsonl --put '*' --take '*' --see '*' --manage '*' --role operator",
    "token rotate acme --file identities.jsonl",
    "token revoke acme --file identities.jsonl --previous",
    "token list --file identities.jsonl",
  ],
  more:
    `add and rotate print the new token on standard output, once: the file keeps only its SHA-256. rotate leaves
the token before it in use, until the next rotate, or revoke --previous. revoke removes the identity. A server
reads the file again within a second, and ends the connections of those who have lost a right.

In PATTERN * stands for any characters, ? for one, and \\, for a comma. An identity named anonymous, made with --no-token, is that of
clients that prove none.`,
  exits: [[0, "Done."], [1, "The file cannot be read or written, or is wrong."]],
  async run([word, name = "", ...more], flags) {
    if (!Object.hasOwn(ACTIONS, word)) {
      throw new UsageError(`There is no action ${word}${nearest(word, Object.keys(ACTIONS))}`);
    }
    const { words, act: action } = ACTIONS[word];
    const given = [name, ...more].filter((each) => each !== "");
    if (words === "" && given.length > 0) {
      throw new UsageError(`${given[0]} is one argument too many: lineup token ${word}`);
    }
    if (words !== "" && !isIdentityName(name)) {
      const what = name === "" ? "" : `, not ${name}`;
      throw new UsageError(`token ${word} needs NAME: ${IDENTITY_NAME_RULE}${what}.`);
    }
    needFlagsOf(word, flags);
    const path: string | undefined = flags.file;
    if (path === undefined) {
      throw new UsageError("token needs --file FILE, the file of identities.");
    }
    const act = (): string | undefined => {
      const changed = action(readFile(path), name, flags);
      if (changed !== undefined) writeFile(path, changed.records);
      return changed?.token;
    };
    const token = word === "list" ? act() : await changing(path, act);
    if (token !== undefined) {
      print(`${token}\n`);
      note(`This is the token of ${name}. It is not shown again.`);
    }
    const open = openness(path);
    if (open !== undefined && word !== "list") note(open);
    return 0;
  },
};

/** Throws `UsageError` for a flag of another action. */
function needFlagsOf(word: string, flags: Flags): void {
  for (const [action, names] of Object.entries(FLAGS_OF)) {
    if (action === word) continue;
    const wrong = names.find((name) => isGiven(flags[name]));
    if (wrong !== undefined) throw new UsageError(`--${wrong} needs the action ${action}.`);
  }
}

function isGiven(value: unknown): boolean {
  return Array.isArray(value) ? value.length > 0 : value !== undefined && value !== false;
}

function add(records: readonly IdentityRecord[], name: string, flags: Flags) {
  if (records.some(({ identity }) => identity.name === name)) {
    throw new Error(`there is an identity ${name} already; rotate gives it another token`);
  }
  const members: Record<string, unknown> = { name };
  const token = flags["no-token"] ? undefined : newToken(name);
  if (token !== undefined) members.tokens = [hashOfToken(token)];
  for (const [flag, member] of Object.entries(LISTS)) {
    const given: readonly string[] = flags[flag] ?? [];
    if (given.length > 0) members[member] = given.map((text) => oneOf(flag, text));
  }
  for (const member of SINGLE) if (flags[member] !== undefined) members[member] = flags[member];
  try {
    return { records: [...records, readIdentity(JSON.stringify(members))], token };
  } catch (error) {
    // The names of flags are nearly those of members.
    if (error instanceof IdentityError) throw new UsageError(`--${error.message}.`);
    throw error;
  }
}

/** One value of a flag that may be given several times. A comma would be taken for two, so it is written with a backslash. */
function oneOf(flag: string, text: string): string {
  if (!/(?<!\\),/.test(text)) return text.replaceAll("\\,", ",");
  const each = text.split(",").map((part) => `--${flag} ${part}`).join(" ");
  throw new UsageError(
    `--${flag} takes one value: ${each}. A comma that is part of it is written \\,`,
  );
}

function rotate(records: readonly IdentityRecord[], name: string) {
  const record = find(records, name);
  const token = newToken(name);
  const tokens = [hashOfToken(token), ...record.tokens].slice(0, MOST_TOKENS);
  return { records: replaced(records, record, { ...record, tokens }), token };
}

function revoke(records: readonly IdentityRecord[], name: string, { previous }: Flags) {
  const record = find(records, name);
  if (!previous) return { records: records.filter((each) => each !== record) };
  if (record.tokens.length < MOST_TOKENS) throw new Error(`${name} has no token before its last`);
  return { records: replaced(records, record, { ...record, tokens: record.tokens.slice(0, 1) }) };
}

function list(records: readonly IdentityRecord[], _name: string, { json, file }: Flags): undefined {
  if (json) {
    for (const { identity, tokens, certificates } of records) {
      const { until, grants, ...more } = identity;
      const end = until === undefined ? undefined : new Date(until).toISOString();
      print(
        JSON.stringify({ ...more, until: end, ...grants, tokens: tokens.length, certificates }) +
          "\n",
      );
    }
    return;
  }
  if (records.length === 0) {
    note(`There are no identities; \`lineup token add NAME --file ${file}\` adds one.`);
    return;
  }
  for (const line of columns(records.map(row))) print(`${line}\n`);
}

function row({ identity, tokens, certificates }: IdentityRecord): string[] {
  const { name, roles, grants, until, class: most, weight, rate, running } = identity;
  const lists = { ...grants, roles, certificates };
  const facts = [
    ...Object.entries(lists).filter(([, list]) => list !== undefined && list.length > 0)
      .map(([list, names]) => `${list}=${names!.map(escaped).join(",")}`),
    ...Object.entries({ class: most, weight, rate, running })
      .filter(([, value]) => value !== undefined).map(([fact, value]) => `${fact}=${value}`),
  ];
  const end = until === undefined
    ? "no end"
    : `${until <= Date.now() ? "over since" : "until"} ${new Date(until).toISOString()}`;
  return [name, tokens.length === 1 ? "1 token" : `${tokens.length} tokens`, end, facts.join(" ")];
}

function escaped(name: string): string {
  return name.replaceAll(",", "\\,");
}

function find(records: readonly IdentityRecord[], name: string): IdentityRecord {
  const found = records.find(({ identity }) => identity.name === name);
  if (found !== undefined) return found;
  const names = records.map(({ identity }) => identity.name);
  const hint = names.length === 0 ? "; there is none" : nearest(name, names);
  throw new Error(`there is no identity ${name}${hint.replace(/\.$/, "")}`);
}

function replaced(
  records: readonly IdentityRecord[],
  old: IdentityRecord,
  record: IdentityRecord,
): IdentityRecord[] {
  return records.map((each) => each === old ? record : each);
}
