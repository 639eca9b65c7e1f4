/**
 * Finger (RFC 1288) for the people of this machine, and the `.plan` of each. The lines are data.
 *
 *     deno run --allow-net --allow-read examples/finger.ts --port 79
 *     finger root@127.0.0.1
 *
 * @module
 */

import { lineDialect } from "@lineup/lineup/dialects";
import { type Protocol, Refusal } from "@lineup/lineup/protocol";
import { type Handlers, serve, type Server } from "@lineup/lineup/server";
import { readFlags, untilFinished } from "./listen.ts";

/** The protocol: a line is a query. */
export const protocol = {
  name: "finger",
  version: "1.0",
  summary: "Who is here.",
  commands: {
    FINGER: {
      summary: "Tell about a person; without a name, list all.",
      args: { query: { type: "text", optional: true, max: 256 } },
      reply: { text: "text" },
      errors: {
        "not-found": { summary: "There is nobody of this name." },
        "forwarding-denied": { summary: "The query names another machine." },
      },
    },
  },
} as const satisfies Protocol;

/** The lines of RFC 1288. */
export const dialect = lineDialect({
  name: "finger/1288",
  reply: "{text...}",
  error: "{text}",
  multiline: "close",
  verbless: "FINGER",
});

type Person = Readonly<Record<"login" | "name" | "home", string>>;

/** The people in a file like /etc/passwd that can log in. */
async function readPeople(path: string): Promise<Person[]> {
  const lines = (await Deno.readTextFile(path)).split("\n").map((line) => line.split(":"));
  const people = lines.filter(([, , , , , , shell = ""]) =>
    /(?<!nologin|false|sync|^)$/.test(shell)
  );
  return people.map(([login, , , , gecos, home]) => ({ login, name: gecos.split(",")[0], home }));
}

/** The text of a small file that everybody may read; empty for another. */
async function readPublic(path: string): Promise<string> {
  try {
    const link = await Deno.lstat(path);
    if (!link.isFile || link.size > 65_536) return "";
    using file = await Deno.open(path);
    // A link could lead to a file that only this process may read.
    const { ino, mode } = await file.stat();
    if (ino !== link.ino || (mode! & 0o004) === 0) return "";
    // Controls could act upon the terminal of the reader.
    return (await new Response(file.readable).text()).replace(/[^\P{Cc}\n\t]/gu, "?");
  } catch {
    return "";
  }
}

async function describe({ login, name, home }: Person): Promise<string> {
  const plan = await readPublic(`${home}/.plan`);
  return `Login: ${login}\nName: ${name}\n${plan === "" ? "No plan." : `Plan:\n${plan}`}`;
}

/** The handlers for the people of a file like /etc/passwd. */
export function handlersFor(users: string): Handlers<typeof protocol> {
  return {
    async FINGER({ query = "" }) {
      const [, name] = /^(?:\/W\b)?\s*(.*)$/i.exec(query)!;
      if (name.includes("@")) throw new Refusal("forwarding-denied", "No other machine is asked.");
      const people = await readPeople(users);
      if (name === "") {
        return { text: people.map(({ login, name }) => `${login.padEnd(16)} ${name}`).join("\n") };
      }
      const sought = name.toLowerCase();
      const found = people.filter(({ login, name }) =>
        login === sought || name.toLowerCase().split(" ").includes(sought)
      );
      if (found.length === 0) throw new Refusal("not-found", `There is nobody named ${name}.`);
      return { text: (await Promise.all(found.map(describe))).join("\n\n") };
    },
  };
}

if (import.meta.main) {
  const { port, users } = readFlags({ port: "79", users: "/etc/passwd" });
  const start = async (): Promise<Server> => {
    // A file that is not there, or that this program may not read, is told now, not to every client.
    await readPeople(users);
    const options = { dialect, limits: { maxLine: 512 }, port: Number(port), signals: true };
    return await serve(protocol, handlersFor(users), options);
  };
  await untilFinished("finger", start());
}
