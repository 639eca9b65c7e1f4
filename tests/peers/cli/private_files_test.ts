// Files of `lineup` are for their owner only, are never written through a link, and get their name once they are whole.

import { importSqliteFile } from "@lineup/lineup/queue";
import { assertEquals, assertMatch, assertStringIncludes, assertThrows } from "@std/assert";
import { newFile } from "../../../cli/private_file.ts";
import { History } from "../../../cli/connect/history.ts";
import { withDirectory } from "../../temporary_directory.ts";
import { lineup } from "../../cli/lineup_here.ts";
import { lineupProcess, startLineup } from "../../cli/lineup_process.ts";

const mode = (path: string): string => (Deno.statSync(path).mode! & 0o777).toString(8);
const names = (directory: string): string[] =>
  [...Deno.readDirSync(directory)].map(({ name }) => name).sort();
const bytes = new TextEncoder().encode("new");

/** Runs a test in a directory with a file that must not change, and links of every kind to it. */
function withLinks(test: (directory: string) => Promise<void>): Promise<void> {
  return withDirectory(async (directory) => {
    await Deno.writeTextFile(`${directory}/victim`, "precious\n", { mode: 0o644 });
    await Deno.symlink(`${directory}/victim`, `${directory}/link`);
    await Deno.symlink(`${directory}/nothing`, `${directory}/dangling`);
    await test(directory);
    assertEquals(await Deno.readTextFile(`${directory}/victim`), "precious\n");
    assertEquals([mode(`${directory}/victim`), names(directory).includes("nothing")], [
      "644",
      false,
    ]);
  });
}

Deno.test("newFile gives a file its name once it is whole, and keeps the mode of the one before", () =>
  withLinks((directory) => {
    const path = `${directory}/page`;
    {
      using file = newFile(path, true);
      file.write(bytes);
      assertEquals(names(directory).includes("page"), false);
    }
    assertEquals(names(directory), ["dangling", "link", "victim"]);
    for (const [before, after] of [[undefined, "600"], [0o640, "640"]] as const) {
      if (before !== undefined) Deno.chmodSync(path, before);
      using file = newFile(path, true);
      file.write(bytes);
      file.finish();
      assertEquals([Deno.readTextFileSync(path), mode(path)], ["new", after]);
    }
    assertThrows(() => newFile(path, false), Error, "exists already");
    using late = newFile(`${directory}/late`, false);
    late.write(bytes);
    Deno.writeTextFileSync(`${directory}/late`, "another's");
    assertThrows(() => late.finish(), Error, "exists already");
    assertEquals(Deno.readTextFileSync(`${directory}/late`), "another's");
    for (const name of ["link", "dangling"]) {
      assertThrows(() => newFile(`${directory}/${name}`, false), Error, "exists already");
    }
    assertThrows(
      () => newFile(`${directory}/link`, true),
      Error,
      "is a link: name the file itself",
    );
    return Promise.resolve();
  }));

Deno.test("History writes through no link, and no pipe holds it", () =>
  withLinks(async (directory) => {
    await Deno.link(`${directory}/victim`, `${directory}/hard`);
    await new Deno.Command("mkfifo", { args: [`${directory}/fifo`] }).output();
    for (const name of ["link", "dangling", "hard", "fifo"]) {
      const told: string[] = [];
      const history = new History(`${directory}/${name}`, (why) => told.push(why));
      history.add("PING");
      assertEquals(told.length, 1, name);
      assertMatch(told[0], /^history is not kept: .* (?:is a link|has other names|is not a file)$/);
      assertEquals(history.lines, ["PING"]);
    }
  }));

Deno.test("lineup queue --export writes a file for its owner only, and through no link", () =>
  withLinks(async (directory) => {
    const data = `${directory}/queue.db`;
    importSqliteFile(data, ['{"queue":"mail","body":"secret"}']);
    for (const name of ["link", "dangling"]) {
      const target = `${directory}/${name}`;
      const { code, err } = await lineup(["queue", "--data", data, "--export", target]);
      assertEquals(
        [code, err],
        [1, `lineup: ${target} exists already; --export writes a new file\n`],
      );
    }
    const target = `${directory}/out.jsonl`;
    assertEquals((await lineup(["queue", "--data", data, "--export", target])).code, 0);
    assertEquals(mode(target), "600");
    assertEquals(names(directory), ["dangling", "link", "out.jsonl", "queue.db", "victim"]);
  }));

Deno.test("lineup load --html writes through no link", () =>
  withLinks(async (directory) => {
    const data = ["queue", "--port", "0", "--data", ":memory:"];
    await using server = await startLineup(data);
    const load = (page: string): string[] => [
      ...["load", "--quiet", "--html", page, "--requests", "9"],
      ...[`127.0.0.1:${server.port}`, "PING"],
    ];
    const linked = await lineup(load(`${directory}/link`));
    assertEquals(linked.code, 64);
    assertStringIncludes(linked.err, `--html ${directory}/link: ${directory}/link is a link`);
    const page = `${directory}/page.html`;
    assertEquals((await lineup(load(page))).code, 0);
    assertEquals(mode(page), "600");
    const printed = await lineupProcess(load("/dev/stdout"));
    assertStringIncludes(printed.out, "<!doctype html>");
  }));

Deno.test("lineup queue refuses a URI as --data, warns of readers, and ends with 74 where its file is gone", () =>
  withDirectory(async (directory) => {
    const uri = await lineupProcess(["queue", "--port", "0", "--data", "file:x?mode=memory"], {
      cwd: directory,
    });
    assertEquals([uri.code, uri.out], [1, ""]);
    assertStringIncludes(uri.err, "is a URI, and a file has a path, such as ./x?mode=memory");
    assertEquals(names(directory), []);

    const data = `${directory}/queue.db`;
    importSqliteFile(data, ['{"queue":"mail","body":"secret"}']);
    await Deno.chmod(data, 0o644);
    await using server = await startLineup(["queue", "--port", "0", "--data", data]);
    await Deno.remove(data);
    const put = await lineup(["call", `127.0.0.1:${server.port}`, "PUT", "mail", "lost"]);
    assertEquals(put.code, 1);
    assertMatch(put.out + put.err, /ERR internal .*executed=maybe/);
    server.kill("SIGTERM");
    const { code, err } = await server.finished();
    assertEquals(code, 74);
    assertStringIncludes(err, `${data} is open to other users (mode 644)`);
    assertStringIncludes(err, "store failed, queue is read-only until it works again");
    assertStringIncludes(err, `lineup: ${data}, or its -wal, was removed or replaced`);
  }));
