// The layers of a configuration, and what may be wrong with its file.

import { assert, assertEquals, assertMatch } from "@std/assert";
import { lineup } from "../lineup_here.ts";
import { lineupProcess, type RunResult } from "../lineup_process.ts";
import { withDirectory } from "../../temporary_directory.ts";

/** Runs `lineup config queue` with a file. Its folder does not stand in the result. */
function configured(text: string | Uint8Array, ...words: string[]): Promise<RunResult> {
  return withDirectory(async (directory) => {
    const path = `${directory}/c.jsonc`;
    const bytes = typeof text === "string" ? new TextEncoder().encode(text) : text;
    await Deno.writeFile(path, bytes);
    const { code, out, err } = await lineup(["config", "queue", "--config", path, ...words]);
    const bare = (output: string): string => output.replaceAll(`${directory}/`, "");
    return { code, out: bare(out), err: bare(err) };
  });
}

const HELP = "lineup config --help explains.\n";

/** A file that is wrong, and all that is said of it. */
const WRONG: readonly (readonly [text: string, ...says: string[]])[] = [
  [
    '{\n  "prot": 1,\n  "timeouts": { "idel": "1m", "idle": 5, "stall": "soon" }\n}',
    "c.jsonc:2:3: there is no option prot; did you mean port?",
    "c.jsonc:3:17: there is no option timeouts.idel; did you mean timeouts.idle?",
    "c.jsonc:3:39: timeouts.idle must be a duration such as 500ms, 5s, 1.5m, 2h or 1d, 1ms to 1000000s, not 5.",
    'c.jsonc:3:51: timeouts.stall must be a duration such as 500ms, 5s, 1.5m, 2h or 1d, 1ms to 1000000s, not "soon".',
  ],
  [
    '{ "port": 1, /* again */ "port": 2 }',
    "c.jsonc:1:26: port is given twice; the first is at c.jsonc:1:3.",
  ],
  [
    '{ "timeouts": {}, "timeouts": {} }',
    "c.jsonc:1:19: timeouts is given twice; the first is at c.jsonc:1:3.",
  ],
  ['{ "port": "1" }', 'c.jsonc:1:11: port must be an integer, 0 to 65535, not the text "1".'],
  ['{ "port": null }', "c.jsonc:1:11: port must be an integer, 0 to 65535, not null."],
  ['{ "insecure": 1 }', "c.jsonc:1:15: insecure must be true or false, not 1."],
  ['{ "idle": "1m" }', "c.jsonc:1:3: there is no option idle; did you mean timeouts.idle?"],
  ['{ "log-level": "info" }', "c.jsonc:1:3: there is no option log-level; did you mean logLevel?"],
  ['{ "check": "x" }', "c.jsonc:1:3: there is no option check: `lineup config` lists all."],
  ['{ "config": "x" }', "c.jsonc:1:3: there is no option config: `lineup config` lists all."],
  ['{ "timeouts": 5 }', "c.jsonc:1:15: timeouts must be an object of its options, not 5."],
  [
    '{ "wsOrigin": [], "host": "" }',
    "c.jsonc:1:15: wsOrigin must be an array of texts without commas, not an array.",
    'c.jsonc:1:27: host must be text, not "".',
  ],
  [
    '{ "beanstalkdKey": ["a,b"] }',
    "c.jsonc:1:20: beanstalkdKey must be an array of texts without commas, not an array.",
  ],
  ["[1]", 'c.jsonc:1:1: an object is expected here: { "port": 5463 }.'],
  ["{ port: 1 }", "c.jsonc:1:3: a word in quotes, a number, true or false is expected here.", ""],
  ['{\r\n"port": 1\r\n"ws": 1 }', 'c.jsonc:3:1: a "," is expected here.'],
  ['{ "port": 1', 'c.jsonc:1:12: a "}" is expected here.'],
  ['{ "host": "a\n" }', "c.jsonc:1:11: this text does not end on its line.", ""],
  ["{ /* }", "c.jsonc:1:3: this comment does not end.", ""],
  ["[".repeat(200_000), "c.jsonc: it is nested too deeply."],
  [" ".repeat((1 << 20) + 1), "c.jsonc cannot be read: it has more than 1048576 bytes."],
];

Deno.test("what is wrong with a file is told at once, each with its place and what would be right", async () => {
  for (const [text, ...says] of WRONG) {
    const { code, out, err } = await configured(text);
    assertEquals([code, out], [64, ""], text.slice(0, 100));
    const said = err.replace(HELP, "").replace(/^lineup: /, "").trimEnd().split("\n")
      .map((line) => line.trim());
    // The empty text stands for further lines, which depend on how the parser goes on.
    const isOpen = says.at(-1) === "";
    for (const [at, each] of says.filter((each) => each !== "").entries()) {
      assert(said[at]?.includes(each), `${text.slice(0, 100)}\n${err}\ndoes not say ${each}`);
    }
    if (!isOpen) assertEquals(said.length, says.length, err);
  }
});

Deno.test("a file of many mistakes tells the first thirty", async () => {
  const many = Array.from({ length: 40 }, (_, i) => `"wrong${i}": ${i}`).join(",\n");
  const { err } = await configured(`{${many}}`);
  assertEquals(err.split("\n").length, 33);
  assertMatch(err, /^ {2}c\.jsonc: 10 more are not shown\.$/m);
});

Deno.test("a file that cannot be read is named", async () => {
  await withDirectory(async (directory) => {
    const cases = [
      [`${directory}/none`, "No such file or directory"],
      [directory, "it is a directory"],
      ["/dev/zero", "it is not a file"],
    ];
    for (const [path, why] of cases) {
      const { code, err } = await lineup(["queue", "--config", path]);
      const help = "lineup queue --help explains.\n";
      assertEquals([code, err], [64, `lineup: ${path} cannot be read: ${why}.\n${help}`]);
    }
  });
  const { err } = await configured(new Uint8Array([0x7b, 0xff, 0x7d]));
  assertEquals(err, `lineup: c.jsonc cannot be read: it is not UTF-8.\n${HELP}`);
});

Deno.test("comments, trailing commas, a byte order mark, $schema and an empty file are right", async () => {
  for (const text of ["", "// nothing\n", "\ufeff{}", '{ "$schema": "x", // y\n "port": 1, }']) {
    assertEquals(await configured(text, "--check"), { code: 0, out: "", err: "" }, text);
  }
});

Deno.test("a file comes before defaults, the environment before it, and a flag before both", () =>
  withDirectory(async (directory) => {
    const path = `${directory}/c.jsonc`;
    await Deno.writeTextFile(
      path,
      '{ "port": 1, "ws": 2, "host": "::1", "insecure": true,\n"timeouts": { "idle": "90s" }, ' +
        '"wsOrigin": ["https://a.b", "https://c.d"] }',
    );
    const env = {
      LINEUP_CONFIG: path,
      LINEUP_PORT: "3",
      LINEUP_WS: "4",
      LINEUP_HOST: "",
      LINEUP_TIMEOUTS_STALL: "3s",
      LINEUP_DATE: "x",
      LINEUP_MODULE_SERVICE_PORT: "80",
      LINEUP_WORKERS: "3",
    };
    const words = ["--ws", "5", "--insecure=false", "--json"];
    const { code, out, err } = await lineupProcess(["config", "queue", ...words], { env });
    assertEquals(code, 0, err);
    const rows = new Map(
      out.trim().split("\n").map((line) => {
        const { option, ...row } = JSON.parse(line);
        return [option, row];
      }),
    );
    assertEquals(rows.get("config"), { value: path, from: "environment", at: "LINEUP_CONFIG" });
    assertEquals(rows.get("port"), { value: 3, from: "environment", at: "LINEUP_PORT" });
    assertEquals(rows.get("ws"), { value: 5, from: "flag", at: "--ws" });
    assertEquals(rows.get("host"), { value: "::1", from: "file", at: `${path}:1:31` });
    assertEquals(rows.get("insecure"), { value: false, from: "flag", at: "--insecure" });
    assertEquals(rows.get("timeouts.idle"), { value: "90s", from: "file", at: `${path}:2:23` });
    assertEquals(rows.get("timeouts.stall").from, "environment");
    assertEquals(rows.get("wsOrigin").value, ["https://a.b", "https://c.d"]);
    assertEquals(rows.get("drain"), { value: "10s", from: "default" });
    // LINEUP_WORKERS is a variable of lineup serve, and Kubernetes makes the one of a Service.
    assertEquals(err, "There is no variable LINEUP_DATE; did you mean LINEUP_DATA?\n");
  }));

Deno.test("the listening address of a higher layer takes the place of a port below it", async () => {
  const { code, out } = await configured(
    '{ "port": 7 }',
    "--listen",
    "tcp://127.0.0.1:9",
    "--changed",
  );
  assertEquals(code, 0);
  assertEquals(out.split("\n").map((line) => line.split(/ +/)[0]), [
    "OPTION",
    "config",
    "listen",
    "",
  ]);
  const { err } = await configured('{ "port": 7, "listen": "tcp://127.0.0.1:9" }');
  assertMatch(err, /^lineup: c\.jsonc:1:11 and c\.jsonc:1:24 exclude each other/);
});

Deno.test("a mistake between options names them by the places where they stand", async () => {
  const { code, err } = await configured('{ "tlsCert": "c.pem" }');
  assertEquals(code, 64);
  assertMatch(err, /^lineup: c\.jsonc:1:14 needs --tls-key as well\.$/m);
  const { err: burst } = await configured('{ "rates": { "site": { "burst": 3 } } }');
  assertMatch(burst, /^lineup: c\.jsonc:1:33 needs --rates\.site\.rate as well\.$/m);
});

Deno.test("paths of a file are those from its folder", async () => {
  await withDirectory(async (directory) => {
    await Deno.writeTextFile(
      `${directory}/c.jsonc`,
      '{ "data": "jobs.db", "listen": "unix:q.sock", "reserve": "unix:/run/r.sock" }',
    );
    const { out } = await lineup(["config", "--config", `${directory}/c.jsonc`, "--json"]);
    const rows = out.trim().split("\n").map((line) => JSON.parse(line));
    const valueOf = (name: string) => rows.find(({ option }) => option === name).value;
    assertEquals(valueOf("data"), `${directory}/jobs.db`);
    assertEquals(valueOf("listen"), `unix:${directory}/q.sock`);
    assertEquals(valueOf("reserve"), "unix:/run/r.sock");
  });
});

Deno.test("the address of a database in a file is no path, and its password is never printed", async () => {
  const address = "postgres://app:s3cr3t@127.0.0.1:1/db";
  for (
    const [text, shows] of [[address, "(hidden)"], ["postgres://app@h/db", "postgres://app@h/db"]]
  ) {
    const { code, out } = await configured(JSON.stringify({ data: text }), "--changed");
    assertEquals(code, 0);
    assert(out.split("\n").some((line) => /^data /.test(line) && line.includes(` ${shows} `)), out);
  }
  await withDirectory(async (directory) => {
    const path = `${directory}/c.jsonc`;
    await Deno.writeTextFile(path, JSON.stringify({ data: address }));
    const served = await lineupProcess(["queue", "--port", "0", "--config", path], {
      cwd: directory,
    });
    assertEquals([served.code, served.out], [1, ""]);
    assertMatch(served.err, /127\.0\.0\.1:1/);
    const shown = await lineupProcess(["config", "queue"], { env: { LINEUP_DATA: address } });
    assertMatch(shown.out, /^data +\(hidden\) +LINEUP_DATA$/m);
    for (const { out, err } of [served, shown]) assertEquals((out + err).includes("s3cr3t"), false);
    assertEquals([...Deno.readDirSync(directory)].map(({ name }) => name), ["c.jsonc"]);
  });
});

Deno.test("what a file says of serving does not keep lineup queue --check from its work", async () => {
  await withDirectory(async (directory) => {
    await Deno.writeTextFile(`${directory}/c.jsonc`, '{ "port": 0, "maxSize": "1MiB" }');
    const { out } = await lineup([
      "queue",
      "--config",
      `${directory}/c.jsonc`,
      "--check",
      `${directory}/none.db`,
    ]);
    assertMatch(out, /none\.db/);
  });
});
