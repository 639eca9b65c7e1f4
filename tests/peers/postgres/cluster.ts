// A PostgreSQL server of its own, in a temporary folder, that a test may kill.

import pg from "npm:pg@8.23.1";

/** The owner of its files: the server refuses to run as root. */
const OWNER = "postgres";

/** How many times a start looks whether the server has recovered. */
const LOOKS = 1000;

/** A user who needs a password, once a test has made one of this name. */
export const CAREFUL = "careful";

/** Settings under which a test is quick: what is committed outlasts a crash of the server, and none of the machine. */
export const UNSAFE: Readonly<Record<string, string>> = {
  fsync: "off",
  full_page_writes: "off",
};

/** A running server. */
export interface Cluster extends AsyncDisposable {
  readonly port: number;
  /** The folder of its socket. */
  readonly socket: string;
  /** The address of a database; without a password, because there is none. */
  url(database?: string, user?: string): string;
  /** Runs statements as its administrator. Resolves with the rows of the last. */
  sql(text: string, database?: string): Promise<string[][]>;
  /** Makes a new database. Resolves with its address. */
  newDatabase(): Promise<string>;
  /** Ends it at once, as a crash does, and starts it again. */
  crash(): Promise<void>;
  /** Ends it: at once, or with its clients. */
  stop(how?: "immediate" | "fast"): Promise<void>;
  start(): Promise<void>;
  /** While it is stopped: gives its history a new number, as the promotion of a standby does. */
  newTimeline(): Promise<void>;
}

/** Makes and starts a server. Throws where PostgreSQL is missing; the message names the package. */
export async function startCluster(
  settings: Readonly<Record<string, string>> = {},
): Promise<Cluster> {
  const programs = await programFolder();
  const directory = await Deno.makeTempDir({ prefix: "lineup-pg-" });
  const isRoot = Deno.uid() === 0;
  if (isRoot) {
    const { uid } = await idOf(OWNER);
    await Deno.chown(directory, uid, uid);
  }
  const asOwner = async (program: string, args: readonly string[]): Promise<void> => {
    const whole = [`${programs}/${program}`, ...args];
    const [first, ...rest] = isRoot
      ? ["setpriv", `--reuid=${OWNER}`, `--regid=${OWNER}`, "--clear-groups", ...whole]
      : whole;
    const { success, stderr } = await new Deno.Command(first, {
      args: rest,
      cwd: directory,
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).output();
    if (!success) throw new Error(`${program}: ${new TextDecoder().decode(stderr)}`);
  };
  const data = `${directory}/data`;
  await asOwner("initdb", [
    "-D",
    data,
    "-U",
    OWNER,
    "-A",
    "trust",
    "-E",
    "UTF8",
    "--locale=C",
    "--no-sync",
    "--no-instructions",
  ]);
  // Everybody may come in but one user, who needs a password.
  await Deno.writeTextFile(
    `${data}/pg_hba.conf`,
    `host all ${CAREFUL} all scram-sha-256\nlocal all all trust\nhost all all all trust\n`,
  );
  const port = freePort();
  const options = Object.entries({
    listen_addresses: "127.0.0.1",
    unix_socket_directories: directory,
    max_connections: "60",
    shared_buffers: "64MB",
    logging_collector: "off",
    log_min_messages: "fatal",
    ...settings,
  }).map(([name, value]) => `-c ${name}=${value}`);
  const sql = async (text: string, database = "postgres"): Promise<string[][]> => {
    const client = new pg.Client({ host: "127.0.0.1", port, user: OWNER, database });
    await client.connect();
    try {
      const all = await client.query({ text, rowMode: "array", types: { getTypeParser } });
      return (Array.isArray(all) ? all.at(-1) : all).rows;
    } finally {
      await client.end();
    }
  };
  const control = (...args: string[]): Promise<void> =>
    asOwner("pg_ctl", ["-D", data, "-w", "-s", ...args]);
  const start = async (): Promise<void> => {
    const settings = `-p ${port} ${options.join(" ")}`;
    await control("start", "-l", `${directory}/log`, "-o", settings);
    // One that recovers is read-only for a moment.
    for (
      let look = 0;
      look < LOOKS && (await sql("select pg_is_in_recovery()"))[0][0] === "t";
      look++
    );
  };
  const stop = (how: "immediate" | "fast" = "fast"): Promise<void> => control("stop", "-m", how);
  let databases = 0;
  await start();
  return {
    port,
    socket: directory,
    url: (database = "postgres", user = OWNER) =>
      `postgres://${user}@127.0.0.1:${port}/${database}`,
    sql,
    async newDatabase(): Promise<string> {
      const name = `queue_${++databases}`;
      await sql(`create database ${name}`);
      return `postgres://${OWNER}@127.0.0.1:${port}/${name}`;
    },
    async crash(): Promise<void> {
      await stop("immediate");
      await start();
    },
    stop,
    start,
    async newTimeline(): Promise<void> {
      // A recovery that has nothing to recover, and ends with a new timeline.
      await Deno.writeTextFile(`${data}/recovery.signal`, "");
      await Deno.writeTextFile(`${data}/postgresql.auto.conf`, "restore_command = 'false'\n");
    },
    async [Symbol.asyncDispose](): Promise<void> {
      // A test may have stopped it.
      await stop("immediate").catch(() => {});
      await Deno.remove(directory, { recursive: true });
    },
  };
}

const getTypeParser = () => (text: string) => text;

async function programFolder(): Promise<string> {
  const versions: number[] = [];
  try {
    for await (const { name } of Deno.readDir("/usr/lib/postgresql")) versions.push(Number(name));
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new Error("PostgreSQL is missing: apt-get install postgresql", { cause: error });
  }
  return `/usr/lib/postgresql/${Math.max(...versions)}/bin`;
}

async function idOf(user: string): Promise<{ readonly uid: number }> {
  const { stdout } = await new Deno.Command("id", { args: ["-u", user] }).output();
  return { uid: Number(new TextDecoder().decode(stdout)) };
}

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}
