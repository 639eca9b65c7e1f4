// A database that cannot be used is told in words, and so is one that another server uses.

import { checkPostgres, openCluster, postgresStore, type Store } from "@lineup/lineup/queue";
import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { lineupProcess, startLineup } from "../../cli/lineup_process.ts";
import { CAREFUL, type Cluster, startCluster, UNSAFE } from "./cluster.ts";

let cluster: Cluster;
Deno.test.beforeAll(async () => {
  cluster = await startCluster(UNSAFE);
});
Deno.test.afterAll(async () => await cluster[Symbol.asyncDispose]());

const MIGRATIONS = new URL("../../../queue/store/postgres/migrations/", import.meta.url);

/** Opens and closes a store. Returns why that is not possible, without the address. */
async function reasonAgainst(url: string, schema?: string): Promise<string> {
  const error = await assertRejects(async () => {
    const store = await postgresStore(url, { schema });
    await store.close();
  }, Error);
  return error.message.replace(/^postgres:\/\/\S+ /, "");
}

function nameOf(url: string): string {
  return new URL(url).pathname.slice(1);
}

Deno.test("a database that is not there, or cannot be reached", async () => {
  assertEquals(
    await reasonAgainst(cluster.url("nowhere")),
    'is no database of that server; make it with `createdb`: database "nowhere" does not exist',
  );
  const { port } = cluster;
  assertEquals(
    await reasonAgainst(`postgres://127.0.0.1:1/queue`),
    "cannot be reached: nothing listens there",
  );
  assertEquals(
    await reasonAgainst(`postgres:///queue?host=/nowhere&port=${port}`),
    "cannot be reached: there is no such socket",
  );
});

Deno.test("an address with TLS that the server has not, or with an unknown parameter", async () => {
  const url = cluster.url();
  // Nothing else is on standard error, such as a warning of a package.
  const { code, err } = await lineupProcess([
    "queue",
    "--port",
    "0",
    "--data",
    `${url}?sslmode=require`,
  ]);
  assertEquals(
    [code, err],
    [1, `lineup: ${url} cannot be reached: it has no TLS, which sslmode=require asks for\n`],
  );
  const bare = async (parameters: string): Promise<string> =>
    (await reasonAgainst(`${url}?${parameters}`)).replace(/^postgres:\S+: /, "");
  assertEquals(
    await bare("sslmode=require&application_name=a%20b&sslmode=verify-ca"),
    "cannot be reached: it has no TLS, which sslmode=verify-ca asks for",
  );
  assertEquals(
    await bare("foo=bar"),
    "the parameter foo is unknown; known are application_name, host, options, password, port, " +
      "sslcert, sslkey, sslmode, sslnegotiation, sslrootcert, user",
  );
  assertEquals(
    await bare("sslmode=prefer"),
    "sslmode=prefer is unknown; known are disable, no-verify, require, verify-ca, verify-full",
  );
  assertMatch(await bare("sslmode=require&sslrootcert=/nowhere"), /^ENOENT: .*\/nowhere/);
  const store = await postgresStore(
    `${await cluster.newDatabase()}?sslmode=disable&application_name=a%20b`,
  );
  await store.close();
});

Deno.test("a user who is not there, has the wrong password, or may not make a schema", async () => {
  const name = nameOf(await cluster.newDatabase());
  assertEquals(
    await reasonAgainst(cluster.url(name, "nobody")),
    'refuses this user; see its pg_hba.conf: role "nobody" does not exist',
  );
  await cluster.sql(`create role ${CAREFUL} login password 'right'`);
  const url = (password: string): string =>
    cluster.url(name, CAREFUL).replace("@", `:${password}@`);
  const reason = await reasonAgainst(url("wrong"));
  assertEquals(
    reason,
    "refuses the password; say the right one by PGPASSWORD, ~/.pgpass or LINEUP_DATA: " +
      `password authentication failed for user "${CAREFUL}"`,
  );
  assertEquals(
    await reasonAgainst(url("right")),
    'does not let this user make the schema "lineup": `GRANT CREATE ON DATABASE` to the user ' +
      'lets it, or `CREATE SCHEMA "lineup" AUTHORIZATION` the user',
  );
  await cluster.sql(`create schema lineup authorization ${CAREFUL}`, name);
  const store = await postgresStore(url("right"));
  await store.close();
});

Deno.test("a user who lacks a right in a schema that is there", async () => {
  const name = nameOf(await cluster.newDatabase());
  await cluster.sql("create role guest login; create schema lineup", name);
  const url = cluster.url(name, "guest");
  const lacks = (rights: string): string =>
    `has the schema "lineup", in which this user may not make tables: \`GRANT ${rights} ON ` +
    'SCHEMA "lineup" TO guest` lets it';
  assertEquals(await reasonAgainst(url), lacks("USAGE, CREATE"));
  await cluster.sql("grant usage on schema lineup to guest", name);
  assertEquals(await reasonAgainst(url), lacks("CREATE"));
  await cluster.sql("grant create on schema lineup to guest", name);
  const store = await postgresStore(url);
  await store.close();
  // Tables of the present version, which belong to another user.
  await cluster.sql("create role other login", name);
  const other = cluster.url(name, "other");
  assertEquals(
    await reasonAgainst(other),
    'has a queue in the schema "lineup" whose tables belong to guest: be that user, or ' +
      "`GRANT guest TO other`",
  );
  await cluster.sql("grant select on lineup.migration to other", name);
  await cluster.sql("grant usage on schema lineup to other", name);
  assertEquals(
    await reasonAgainst(other),
    "does not give this user a right that it needs: permission denied for table cluster",
  );
  const { problems } = await checkPostgres(other);
  assertMatch(problems[0], /^postgres:.* does not give this user a right .* for table \w+$/);
  await cluster.sql("grant guest to other", name);
  await (await postgresStore(other)).close();
});

Deno.test("a database that is read-only, has another encoding or another isolation", async () => {
  const name = nameOf(await cluster.newDatabase());
  const url = cluster.url(name);
  await cluster.sql(`alter database ${name} set default_transaction_read_only = on`);
  assertEquals(await reasonAgainst(url), "is read-only (default_transaction_read_only)");
  await cluster.sql(`alter database ${name} reset default_transaction_read_only`);
  await cluster.sql(`alter database ${name} set default_transaction_isolation = 'serializable'`);
  assertEquals(
    await reasonAgainst(url),
    "begins transactions as serializable; a queue needs default_transaction_isolation to be " +
      "read committed",
  );
  await cluster.sql("create database old encoding 'LATIN1' template template0");
  assertEquals(
    await reasonAgainst(cluster.url("old")),
    "has the encoding LATIN1; a queue needs a database with UTF8",
  );
});

Deno.test("a schema of another program, of a newer version, or with a name of no queue", async () => {
  const name = nameOf(await cluster.newDatabase());
  const url = cluster.url(name);
  await cluster.sql("create schema shop; create table shop.migration (version int)", name);
  assertEquals(
    await reasonAgainst(url, "shop"),
    "has a schema shop of another program; --data-schema names one for the queue",
  );
  const store = await postgresStore(url, { schema: "jobs" });
  await store.close();
  await cluster.sql("insert into jobs.migration (version) values (99)", name);
  assertEquals(
    (await reasonAgainst(url, "jobs")).replace(/\d+$/, "N"),
    'has a queue of version 99 in "jobs"; this program reads version N',
  );
  const wrong = await assertRejects(() => postgresStore(url, { schema: "no-such" }), Error);
  assertEquals(
    wrong.message,
    'the name of a schema has lower-case letters, digits and _, at most 63, not "no-such"',
  );
  const own = await assertRejects(() => postgresStore(url, { schema: "public" }), Error);
  assertEquals(own.message, "the queue needs a schema of its own, not public");
});

Deno.test("tables of an older version are brought up to date", async () => {
  const url = await cluster.newDatabase();
  const name = nameOf(url);
  const sqlOf = (file: string): string =>
    Deno.readTextFileSync(new URL(file, MIGRATIONS)).replaceAll(":schema", "lineup")
      .replaceAll(":channel", "lineup_inbox");
  await cluster.sql("create schema lineup", name);
  await cluster.sql(sqlOf("001_queue.sql"), name);
  await cluster.sql(sqlOf("002_inbox.sql"), name);
  await cluster.sql(
    `insert into lineup.migration (version) values (1), (2);
      select lineup.put('mail', 'old');
      insert into lineup.schedule
        values (0, 'nightly', 'mail', '', 5, 10, 60000, 0, false, '0 3 * * *', 'UTC', 0, 1, 0, '')`,
    name,
  );
  const store = await postgresStore(url);
  const { inbox } = store;
  await new Promise<void>((resolve) => inbox!.listen(resolve));
  assertEquals((await inbox!.next(2)).map(({ queue }) => queue), ["mail"]);
  assertEquals((await store.schedules()).map(({ paused }) => paused), [false]);
  await store.close();
  const versions = await cluster.sql("select version from lineup.migration order by 1", name);
  assertEquals(versions, [["1"], ["2"], ["3"], ["4"], ["5"]]);
  // Numbers of jobs follow from it.
  assertEquals(await cluster.sql("select shards from lineup.cluster", name), [["1"]]);
});

Deno.test("two queues share a database, each in its schema", async () => {
  const url = await cluster.newDatabase();
  await using first = closing(await postgresStore(url, { schema: "one" }));
  await using second = closing(await postgresStore(url, { schema: "two" }));
  assertEquals([await first.lastId(), await second.lastId()], [0, 0]);
});

Deno.test("a database that another server uses", async () => {
  const url = await cluster.newDatabase();
  await using _first = closing(
    await postgresStore(url, { address: "the first", takeover: 1000 }),
  );
  const reason = await reasonAgainst(url);
  assertEquals(
    reason.replace(/since .*/, "since …"),
    "is in use by another server, the first, since …",
  );
});

Deno.test("lineup queue serves from a database, and leaves it to the next at once", async () => {
  const url = await cluster.newDatabase();
  // The first queue is in the first of 64 shards.
  for (const id of [64, 128]) {
    await using server = await startLineup(["queue", "--port", "0", "--data", url]);
    const connection = await Deno.connect({ port: server.port });
    await connection.write(new TextEncoder().encode("PUT mail hello\nQUIT\n"));
    const text = await new Response(connection.readable).text();
    assertEquals(text.split(/\r?\n/)[1], `OK id=${id}`);
    server.kill("SIGTERM");
    assertEquals((await server.finished()).code, 0);
  }
});

/** A store that is closed at the end of a block. */
function closing(store: Store): Store & AsyncDisposable {
  return { ...store, [Symbol.asyncDispose]: () => store.close() };
}

Deno.test("a node that may not share says why", async () => {
  const url = await cluster.newDatabase();
  const nodeAt = (address: string, secret?: string) =>
    openCluster(url, {
      address,
      secret,
      takeover: 1000,
      link: () => {
        throw new Error("no node owns anything");
      },
    });
  const reasonOf = async (opening: Promise<unknown>): Promise<string> =>
    (await assertRejects(() => opening, Error)).message
      .replace(/^postgres:\/\/\S+ /, "").replace(/since [^;]*/, "since …");
  await using _first = await nodeAt("tcp://first:1", "the secret of all");
  assertEquals(
    await reasonOf(nodeAt("tcp://second:1", "another secret")),
    "is in use by nodes with another cluster secret, such as tcp://first:1, since …",
  );
  assertEquals(
    await reasonOf(nodeAt("tcp://second:1")),
    "is in use by another server, tcp://first:1, since …",
  );
  assertEquals(
    await reasonOf(nodeAt("tcp://first:1", "the secret of all")),
    "has another node of this address, tcp://first:1, since …; each needs its own",
  );
  await using _second = await nodeAt("tcp://second:1", "the secret of all");
});

Deno.test("wrong flags of a node are told before anything is done", async () => {
  const secret = await Deno.makeTempFile();
  const error = async (...flags: string[]): Promise<string> => {
    const { code, err } = await lineupProcess(["queue", ...flags]);
    assertEquals(code, 64, err);
    return err.split("\n")[0];
  };
  const shared = ["--data", cluster.url(), "--cluster-secret-file", secret];
  await Deno.writeTextFile(secret, "short\n");
  await Deno.chmod(secret, 0o600);
  assertMatch(await error(...shared), /has 5 characters, and a secret needs 16/);
  await Deno.writeTextFile(secret, "long enough for a secret\n");
  assertMatch(await error(...shared, "--port", "0"), /needs --advertise HOST:PORT/);
  assertMatch(await error(...shared, "--advertise", "here"), /--advertise must be HOST:PORT/);
  assertMatch(await error(...shared, "--advertise", "[::]:5463"), /nobody can reach .* at ::/);
  assertMatch(
    await error("--data", ":memory:", "--cluster-secret-file", secret),
    /needs --data postgres:/,
  );
  assertMatch(await error("--advertise", "a:1"), /--advertise needs --cluster-secret-file/);
  await Deno.chmod(secret, 0o644);
  assertMatch(await error(...shared), /other users can read .*chmod 600 it/);
  await Deno.remove(secret);
});
