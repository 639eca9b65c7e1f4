import { assertEquals } from "@std/assert";
import { circles, readSources, roomOf, ROOMS, type Source } from "./sources.ts";

/** A rule of which file may import which; entry points may re-export what they like. */
interface Rule {
  readonly name: string;
  /** Whether the rule is about a file. */
  readonly of: (path: string) => boolean;
  /** Whether such a file may import another. */
  readonly allows: (imported: string, path: string) => boolean;
}

const RULES: readonly Rule[] = [
  ...["protocol", "scheduling", "net"].map((room): Rule => ({
    name: `${room}/ imports nothing of ours`,
    of: inside(room),
    allows: inside(room),
  })),
  {
    name: "dialects/ imports protocol/ and net/",
    of: inside("dialects"),
    allows: inside("dialects", "protocol", "net"),
  },
  {
    name: "server/ imports dialects/dialect.ts, and only serve.ts a dialect by name",
    of: inside("server"),
    allows: (imported, path) =>
      roomOf(imported) !== "dialects" || imported === "dialects/dialect.ts" ||
      path === "server/serve.ts",
  },
  {
    name: "server/ never imports client/, queue/ or cli/",
    of: inside("server"),
    allows: outside("client", "queue", "cli"),
  },
  {
    name: "client/ never imports server/, queue/ or cli/",
    of: inside("client"),
    allows: outside("server", "queue", "cli"),
  },
  {
    name: "the queue's engine, index and store never import server/ or the queue's protocol",
    of: inside("queue/engine", "queue/index", "queue/store"),
    allows: outside("server", "queue/protocol"),
  },
  {
    name: "queue/ never imports client/, cli/ or dialects/",
    of: inside("queue"),
    allows: outside("client", "cli", "dialects"),
  },
  { name: "nothing imports cli/", of: outside("cli"), allows: outside("cli") },
];

const sources = await readSources();

for (const { name, of, allows } of RULES) {
  Deno.test(name, () => {
    const broken: string[] = [];
    for (const source of sources) {
      if (!of(source.path)) continue;
      for (const imported of importsOf(source)) {
        if (!allows(imported, source.path)) broken.push(`${source.path} imports ${imported}`);
      }
    }
    assertEquals(broken, []);
  });
}

Deno.test("no circle of files", () => {
  assertEquals(circles(sources).map((group) => group.join(" ")), []);
});

Deno.test("every file is in a room", () => {
  const rooms: readonly string[] = ROOMS;
  const lost = sources.flatMap(({ imports }) => imports).filter((path) =>
    path.endsWith(".ts") && path.includes("/") && !rooms.includes(roomOf(path))
  );
  assertEquals(lost, []);
});

/** An entry point shows parts of other rooms to its users: that is not what its room is made of. */
function importsOf({ path, imports }: Source): readonly string[] {
  return path.endsWith("/mod.ts") ? [] : imports;
}

function inside(...folders: string[]): (path: string) => boolean {
  return (path) => folders.some((folder) => path.startsWith(`${folder}/`));
}

function outside(...folders: string[]): (path: string) => boolean {
  const isInside = inside(...folders);
  return (path) => !isInside(path);
}
