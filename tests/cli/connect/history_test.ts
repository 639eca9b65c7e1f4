import { assertEquals, assertStringIncludes } from "@std/assert";
import { History, isKept } from "../../../cli/connect/history.ts";
import { ownFile } from "../../../cli/own_files.ts";

async function inFolder(test: (folder: string) => void): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const mode = (path: string): string => (Deno.statSync(path).mode! & 0o777).toString(8);

Deno.test("History keeps lines between runs, in a file for its owner only", () =>
  inFolder((folder) => {
    const path = `${folder}/state/lineup/history`;
    const first = new History(path);
    for (const line of ["PING", "PING", "PUT mail é", " PUT secret x", "AUTH token", "", "  "]) {
      first.add(line);
    }
    assertEquals(first.lines, ["PING", "PUT mail é"]);
    assertEquals(new History(path).lines, ["PING", "PUT mail é"]);
    assertEquals([mode(path), mode(`${folder}/state/lineup`)], ["600", "700"]);
  }));

Deno.test("History keeps the lines of several terminals that run at once", () =>
  inFolder((folder) => {
    const [one, two] = [new History(`${folder}/h`), new History(`${folder}/h`)];
    one.add("ONE");
    two.add("TWO");
    one.add("THREE");
    assertEquals(new History(`${folder}/h`).lines, ["ONE", "TWO", "THREE"]);
  }));

Deno.test("History keeps the last 1,000 lines, and bounds its file", () =>
  inFolder((folder) => {
    const path = `${folder}/h`;
    const long = Array.from({ length: 2500 }, (_, index) => `PING ${index}`);
    Deno.writeTextFileSync(path, long.join("\n") + "\n", { mode: 0o644 });
    const history = new History(path);
    assertEquals(history.lines, long.slice(-1000));
    assertEquals(Deno.readTextFileSync(path), long.slice(-1000).join("\n") + "\n");
    assertEquals(mode(path), "600");
    history.add("LAST");
    assertEquals([history.lines.length, history.lines.at(-1)], [1000, "LAST"]);
  }));

Deno.test("History reads only the end of a file that is too long, and no controls", () =>
  inFolder((folder) => {
    const path = `${folder}/h`;
    Deno.writeTextFileSync(path, `${"x".repeat(5 << 20)}\nPING\n\x1b[31mPING\nPUT\n`);
    assertEquals(new History(path).lines, ["PING", "PUT"]);
  }));

Deno.test("History goes on without its file, and says so once", () =>
  inFolder((folder) => {
    const told: string[] = [];
    const history = new History(folder, (why) => told.push(why));
    history.add("PING");
    history.add("PUT");
    assertEquals(history.lines, ["PING", "PUT"]);
    assertEquals(told.length, 1);
    assertStringIncludes(told[0], "history is not kept");
  }));

Deno.test("isKept leaves out secrets and lines that begin with a space", () => {
  const lines = ["AUTH x", "auth x", "#a AUTH x", "!AUTH x", "AUTH", " PING", "\tPING", ""];
  assertEquals(lines.filter(isKept), []);
  assertEquals(["AUTHOR x", "PING AUTH", "#a PING", "!PING"].map(isKept), [true, true, true, true]);
});

Deno.test("the file of history follows XDG_STATE_HOME, else the home", () => {
  const path = (env: Record<string, string>): string | undefined =>
    ownFile("state", "history", new Map(Object.entries(env)));
  assertEquals(path({ XDG_STATE_HOME: "/s", HOME: "/h" }), "/s/lineup/history");
  assertEquals(path({ XDG_STATE_HOME: "relative", HOME: "/h" }), "/h/.local/state/lineup/history");
  assertEquals(path({}), undefined);
});
