import { assertEquals } from "@std/assert";
import { circles, readSources, roomOf, ROOMS, type Source } from "./sources.ts";

/** The one file that exports parts of another room: the package exports Lineup/1 beside the types that it carries. */
const SHOWS_ANOTHER_ROOM = "protocol/mod.ts";

/** The modules of the queue's engine that may import what changes jobs, queues and the store. The others have views. */
const WRITERS: Readonly<Record<string, readonly string[]>> = {
  Jobs: ["job_changes", "work_queue"],
  JobTable: ["work_queue"],
  Queue: [],
  KeyState: [],
  ConsumedJobs: ["consumers"],
  LimitedJobs: ["pauses", "rate_limits"],
  Journal: ["work_queue"],
  JobChanges: ["transitions", "work_queue"],
  JournalWriter: ["job_changes", "rate_limits", "schedules"],
};

/** A rule about the imports of some files. */
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
    name:
      "queue/ never imports client/ or cli/, and only its dialect imports dialects/, of it no other dialect",
    of: inside("queue"),
    allows: (imported, path) =>
      outside("client", "cli")(imported) &&
      (outside("dialects")(imported) ||
        (inside("queue/beanstalkd")(path) && outside("dialects/lineup1")(imported))),
  },
  {
    name: "the rest of the queue knows its dialect by mod.ts and open_queue.ts only",
    of: inside("queue"),
    allows: (imported, path) =>
      outside("queue/beanstalkd")(imported) || inside("queue/beanstalkd")(path) ||
      ["queue/mod.ts", "queue/open_queue.ts"].includes(path),
  },
  {
    name: "queue/protocol/ is light: it imports protocol/ and queue/bounds.ts",
    of: inside("queue/protocol"),
    allows: (imported) =>
      imported === "queue/bounds.ts" || inside("queue/protocol", "protocol")(imported),
  },
  {
    name: "queue/protocol/ is light: it imports protocol/ and queue/bounds.ts",
    of: inside("queue/protocol"),
    allows: (imported) =>
      imported === "queue/bounds.ts" || inside("queue/protocol", "protocol")(imported),
  },
  {
    name:
      "in the queue, the store imports neither the index nor the engine, and the index no engine",
    of: inside("queue/engine", "queue/index", "queue/store"),
    allows: (imported, path) => {
      const layers = ["queue/store", "queue/index", "queue/engine", "queue/handlers"];
      const own = layers.findIndex((layer) => inside(layer)(path));
      return !inside(...layers.slice(own + 1))(imported);
    },
  },
  {
    name:
      "in the server, a connection imports requests, and a request admission: never the reverse",
    of: inside("server/admission", "server/request", "server/connection", "server/workers"),
    allows: (imported, path) => {
      const layers = ["server/admission", "server/request", "server/connection"];
      const own = layers.findIndex((layer) => inside(layer)(path));
      const isWorker = inside("server/workers");
      if (own < 0) return !inside("server/connection")(imported);
      return !isWorker(imported) && !inside(...layers.slice(own + 1))(imported);
    },
  },
  {
    name: "admin/ never imports queue/, client/ or cli/, but for what its page uses",
    of: (path) => inside("admin")(path) && outside("admin/page/browser")(path),
    allows: outside("queue", "client", "cli"),
  },
  {
    name: "the page imports the client for browsers and what rights are, and no server",
    of: inside("admin/page/browser"),
    allows: (imported) =>
      inside("admin/page/browser", "client", "protocol")(imported) ||
      imported === "queue/rights.ts",
  },
  {
    name: "only cli/ may import admin/",
    of: outside("admin", "cli"),
    allows: outside("admin"),
  },
  {
    name: "testing/ never imports cli/ or queue/",
    of: inside("testing"),
    allows: outside("cli", "queue"),
  },
  {
    name: "only cli/ may import testing/",
    of: outside("testing", "cli"),
    allows: outside("testing"),
  },
  { name: "nothing imports cli/", of: outside("cli"), allows: outside("cli") },
  {
    name: "nothing imports all rooms at once",
    of: () => true,
    allows: (path) => path !== "mod.ts",
  },
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

Deno.test("no file imports the package by its name", () => {
  const byName = /^(?:import|export)(?: type)?(?: \{[^}]*\}| \*| \w+)?(?: from)? "@lineup\//m;
  assertEquals(sources.filter(({ text }) => byName.test(text)).map(({ path }) => path), []);
});

const engine = sources.filter(({ path }) => inside("queue/engine", "queue/handlers")(path));

for (const [name, modules] of Object.entries(WRITERS)) {
  Deno.test(`in the queue's engine, ${modules.join(" and ") || "no module"} imports ${name}`, () => {
    const imports = new RegExp(`import [^;]*\\b${name}\\b[^;]* from`);
    const importers = engine.filter(({ text }) => imports.test(text)).map(({ path }) => path);
    assertEquals(importers.sort(), modules.map((module) => `queue/engine/${module}.ts`).sort());
  });
}

Deno.test("in the queue's engine, only one module can write that a job has changed", () => {
  const changes =
    /kind: "(?:put|move|finish|drop)", |JournalWriter<[^>]*"(?:put|move|finish|drop)"/;
  const others = engine.filter(({ path }) => path !== "queue/engine/job_changes.ts");
  assertEquals(others.filter(({ text }) => changes.test(text)).map(({ path }) => path), []);
});

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

function importsOf({ path, imports }: Source): readonly string[] {
  return path === SHOWS_ANOTHER_ROOM ? [] : imports;
}

function inside(...folders: string[]): (path: string) => boolean {
  return (path) => folders.some((folder) => path.startsWith(`${folder}/`));
}

function outside(...folders: string[]): (path: string) => boolean {
  const isInside = inside(...folders);
  return (path) => !isInside(path);
}
