// `lineup context`: names servers, so that commands need no ADDRESS.

import { resolve } from "node:path";
import { columns } from "../columns.ts";
import { needContext, needPort } from "../destination.ts";
import { credentialFiles, readCredentials } from "../credentials.ts";
import { type Flags, nearest, type Subcommand, UsageError } from "../flags.ts";
import { note, print } from "../output.ts";
import {
  type Contexts,
  contextsPath,
  FILES,
  isContextName,
  NAME_RULE,
  type NamedServer,
  readContexts,
  writeContexts,
} from "./contexts_file.ts";

/** An action: gets its words, and returns the contexts to write, if they change. */
type ContextAction = (
  contexts: Contexts,
  words: readonly string[],
  flags: Flags,
) => Contexts | undefined;

const ACTIONS: Readonly<Record<string, { readonly words: string; readonly act: ContextAction }>> = {
  list: { words: "", act: list },
  add: { words: "NAME ADDRESS", act: add },
  use: { words: "[NAME]", act: use },
  remove: { words: "NAME", act: remove },
};
/** The flags that one action has. */
const FLAGS_OF: Readonly<Record<string, string>> = {
  ca: "add",
  cert: "add",
  "cert-key": "add",
  "token-file": "add",
  replace: "add",
  json: "list",
  names: "list",
};

/** `lineup context`. */
export const contextCommand: Subcommand = {
  summary: "Name servers, so that commands need no ADDRESS.",
  args: "[list | add NAME ADDRESS | use [NAME] | remove NAME]",
  count: [0, 3],
  completes: [Object.keys(ACTIONS), "contexts", []],
  flags: {
    ca: {
      value: "FILE",
      summary: "With add: trust this certificate of the server or its authority as well (PEM).",
    },
    cert: { value: "FILE", summary: "With add: the certificate that proves who you are (PEM)." },
    "cert-key": { value: "FILE", summary: "With add: the private key of --cert (PEM)." },
    "token-file": { value: "FILE", summary: "With add: the file of your token." },
    replace: { summary: "With add: take the place of a context of this name." },
    json: { summary: "With list: print each context as a line of JSON." },
    names: { summary: "With list: print the names only." },
  },
  examples: [
    "context add work tls://queue.example.org:5463 --ca authority.pem",
    "context use work",
    "put mail hello",
    "top --context work",
    "context use",
  ],
  more:
    `A command that connects takes the first of these: its ADDRESS, --context, the variable LINEUP_ADDRESS,
the context in use, and 127.0.0.1:5463. use without a NAME uses none. list marks the context in use with *.

Contexts are in $XDG_CONFIG_HOME/lineup/contexts.json, or ~/.config/lineup/contexts.json, which only you
can read. The file is checked as a whole before it is used. It names the files of certificates, keys and tokens, and
holds none of them.`,
  exits: [[0, "Done."], [1, "The file cannot be read or written, or is wrong."]],
  run([word = "list", ...words], flags) {
    if (!Object.hasOwn(ACTIONS, word)) {
      throw new UsageError(`There is no action ${word}${nearest(word, Object.keys(ACTIONS))}`);
    }
    const action = ACTIONS[word];
    for (const [flag, of] of Object.entries(FLAGS_OF)) {
      if (flags[flag] && of !== word) throw new UsageError(`--${flag} needs the action ${of}.`);
    }
    needWords(`context ${word}`, action.words, words);
    const path = contextsPath(Deno.env);
    if (path === undefined && word !== "list") {
      throw new Error("there is no HOME, so contexts cannot be kept");
    }
    const changed = action.act(readContexts(path), words, flags);
    if (changed !== undefined) writeContexts(path!, changed);
    return Promise.resolve(0);
  },
};

/** Checks the number of words behind an action. Throws `UsageError`. */
function needWords(name: string, wanted: string, words: readonly string[]): void {
  const all = wanted.split(" ").filter((each) => each !== "");
  const least = all.filter((each) => !each.startsWith("[")).length;
  if (words.length < least) throw new UsageError(`${name} needs ${wanted}.`);
  if (words.length > all.length) {
    throw new UsageError(`${words[all.length]} is one argument too many: lineup ${name} ${wanted}`);
  }
}

function list({ contexts, current }: Contexts, _: readonly string[], flags: Flags): undefined {
  const entries = Object.entries(contexts);
  if (flags.names) return print(entries.map(([name]) => `${name}\n`).join("")) as undefined;
  if (flags.json) {
    for (const [name, context] of entries) {
      print(JSON.stringify({ name, ...context, current: name === current }) + "\n");
    }
    return;
  }
  if (entries.length === 0) {
    note("There is no context; `lineup context add NAME ADDRESS` makes one.");
  }
  const rows = entries.map(([name, { address, ...files }]) => [
    `${name === current ? "*" : " "} ${name}`,
    address,
    ...Object.entries(files).map(([file, path]) => `${file} ${path}`),
  ]);
  for (const line of columns(rows)) print(`${line}\n`);
  const variable = Deno.env.get("LINEUP_ADDRESS");
  if (variable) note(`LINEUP_ADDRESS is ${variable}, and comes before the context in use.`);
}

function add(
  { contexts, current }: Contexts,
  [name, address]: readonly string[],
  flags: Flags,
): Contexts {
  if (!isContextName(name)) throw new UsageError(`NAME must be ${NAME_RULE}, not ${name}.`);
  needPort(address);
  if (Object.hasOwn(contexts, name) && !flags.replace) {
    throw new UsageError(`There is a context ${name} already; --replace takes its place.`);
  }
  readCredentials(credentialFiles(flags));
  const files = FILES.filter((file) => flags[file] !== undefined)
    .map((file) => [file, resolve(flags[file])]);
  const context: NamedServer = { address, ...Object.fromEntries(files) };
  if (current !== name) note(`\`lineup context use ${name}\` uses it.`);
  return { current, contexts: { ...contexts, [name]: context } };
}

function use({ contexts }: Contexts, [name]: readonly string[]): Contexts {
  if (name === undefined) return { contexts };
  needContext(name, contexts);
  return { current: name, contexts };
}

function remove({ contexts, current }: Contexts, [name]: readonly string[]): Contexts {
  needContext(name, contexts);
  const { [name]: _, ...others } = contexts;
  return { current: current === name ? undefined : current, contexts: others };
}
