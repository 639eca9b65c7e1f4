import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { MAIN, startLineup } from "../cli/lineup_process.ts";
import { openPane, type Pane } from "./tmux.ts";

const CALC = new URL("../../examples/calc.ts", import.meta.url).pathname;

/** Starts `lineup connect` in a pane of its own. Resolves once it can complete. */
async function connect(
  port: number,
  options: {
    home: string;
    args?: readonly string[];
    columns?: number;
    env?: Record<string, string>;
  },
): Promise<Pane> {
  const program = [
    Deno.execPath(),
    "run",
    "--quiet",
    "--allow-all",
    MAIN,
    "connect",
    ...options.args ?? [],
    `127.0.0.1:${port}`,
  ];
  const env = { XDG_STATE_HOME: options.home, ...options.env };
  const pane = await openPane(program, { columns: options.columns, env });
  await pane.see(/^\w+ 1>/m);
  await pane.type("PING");
  await pane.see("PING [word]");
  await pane.press("C-u");
  return pane;
}

async function withHome(test: (home: string) => Promise<void>): Promise<void> {
  const home = await Deno.makeTempDir();
  try {
    await test(home);
  } finally {
    await Deno.remove(home, { recursive: true });
  }
}

Deno.test("lineup connect in tmux: completion, hints, checks, a reply", () =>
  withHome(async (home) => {
    await using server = await startLineup(["queue", "--port", "0", "--data", ":memory:"]);
    await using pane = await connect(server.port, { home });
    const { type, press, see } = pane;
    await type("P");
    await press("Tab");
    await see(/queue 1> P\n {2}PUT +Put a job into a queue\.\n(.*\n)*? {2}PING +Answer at once\./);
    await type("UT");
    await press("Tab");
    await see("queue 1> PUT queue body [key=] [priority=]");
    await type("mail ");
    await see("body: The job: any bytes.");
    await type('"漢字 wide" prio');
    await press("Tab");
    await type("11");
    await press("Enter");
    await see(
      /queue 1> PUT mail "漢字 wide" priority=11.*\n {30}\^{11}\npriority must be an integer, 0 to 9, not "11"\./,
    );
    await press("C-e", "BSpace", "Enter");
    await see(/priority=1\nOK id=1\nqueue 2>/);
    await type("JOB 1");
    await press("Enter");
    await see(/attempts=10 lease=1m age=\S+ \{11\}\n漢字 wide\nqueue 3>/);
    await press("C-d");
    await see("OK bye\nexit 0");
  }));

Deno.test("lineup connect in tmux: history is kept between runs, in a file of mode 0600, and searched", () =>
  withHome(async (home) => {
    await using server = await startLineup(["serve", CALC, "--port", "0"]);
    {
      await using pane = await connect(server.port, { home });
      for (const line of ["ADD 1 2", "PING first", " PING hidden", "!AUTH secret", "PING last"]) {
        await pane.type(line);
        await pane.press("Enter");
      }
      await pane.see("OK last");
      await pane.type("QUIT");
      await pane.press("Enter");
      await pane.see("exit 0");
    }
    const file = `${home}/lineup/history`;
    assertEquals(await Deno.readTextFile(file), "ADD 1 2\nPING first\nPING last\nQUIT\n");
    assertEquals((await Deno.stat(file)).mode! & 0o777, 0o600);
    await using pane = await connect(server.port, { home });
    await pane.press("Up", "Up");
    await pane.see("calc 1> PING last");
    await pane.press("C-c", "C-r");
    await pane.type("AD");
    await pane.see("(search: AD) ADD 1 2");
    await pane.press("Enter");
    await pane.see("calc 1> ADD 1 2\nOK sum=3\ncalc 2>");
  }));

Deno.test("lineup connect in tmux: Ctrl-C cancels, a second one leaves; replies come above the prompt", () =>
  withHome(async (home) => {
    await using server = await startLineup(["queue", "--port", "0", "--data", ":memory:"]);
    await using pane = await connect(server.port, { home });
    const { type, press, see } = pane;
    await type("TAKE mail wait=60s");
    await press("Enter");
    await see("queue 2 [#1]>");
    await type("PUT mail hello");
    await press("Enter");
    await see(/#1 \* id=1 queue=mail attempt=1 lease=1m \{5\}\nhello\n#1 OK count=1/);
    await see("#2 OK id=1");
    await type("TAKE mail wait=60s");
    await press("Enter");
    await see("queue 4 [#3]>");
    await press("C-c");
    await see(/cancelling #3; Ctrl-C again leaves\nERR cancelled/);
    await type("half a line");
    await press("C-c");
    await see("half a line^C");
    await type("TAKE mail wait=60s");
    await press("Enter");
    await see("queue 5 [#4]>");
    await press("C-c");
    await see(/cancelling #4; Ctrl-C again leaves\nERR cancelled/);
    await press("C-c");
    await see("exit 0");
  }));

Deno.test("lineup connect in tmux: a resize keeps the line", () =>
  withHome(async (home) => {
    await using server = await startLineup(["serve", CALC, "--port", "0"]);
    await using pane = await connect(server.port, { home });
    let word = "0123456789".repeat(9);
    await pane.type(`PING ${word}`);
    for (const [columns, rows] of [[40, 20], [120, 30], [31, 10], [80, 24]]) {
      await pane.resize(columns, rows);
      await pane.type("漢x");
      word += "漢x";
      await pane.see(word);
    }
    await pane.press("Enter");
    const seen = await pane.see(`OK ${word}`);
    assertEquals(seen.split(`calc 1> PING ${word}`).length, 2, seen);
    assertMatch(seen, /calc 2>$/);
  }));

Deno.test("lineup connect in tmux: a terminal that becomes narrow keeps no piece of the line", () =>
  withHome(async (home) => {
    await using server = await startLineup(["queue", "--port", "0", "--data", ":memory:"]);
    await using pane = await connect(server.port, { home, columns: 100 });
    const line = "queue 1> PUT mail some-text-that-is-rather-long";
    await pane.type("PUT mail some-text-that-is-rather-long ");
    await pane.see(`${line} [key=]`);
    await pane.resize(33, 24);
    const seen = await pane.see(`${line} [key=] [priority…`);
    assertEquals(seen.split("PUT mail").length, 2, seen);
  }));

Deno.test("lineup connect in tmux: a reply of 10,000 lines, followed by a prompt", () =>
  withHome(async (home) => {
    await using server = await startLineup(["serve", CALC, "--port", "0"]);
    await using pane = await connect(server.port, { home });
    await pane.type("COUNT 1 10000");
    await pane.press("Enter");
    const seen = await pane.see(/OK count=10000\ncalc 2>$/);
    const items = seen.split("\n").filter((row) => row.startsWith("* n="));
    assertEquals(items, Array.from({ length: 10_000 }, (_, index) => `* n=${index + 1}`));
  }));

Deno.test("lineup connect in tmux: a paste of 1,000 lines runs in order and completes nothing", () =>
  withHome(async (home) => {
    await using server = await startLineup(["queue", "--port", "0", "--data", ":memory:"]);
    await using pane = await connect(server.port, { home });
    const lines = Array.from({ length: 1000 }, (_, index) => `PUT\tbulk job-${index + 1}`);
    await pane.paste(lines.join("\n") + "\nQUE\tx\nTAKE bulk");
    const seen = await pane.see(
      /There is no command QUE; did you mean QUIT\?\nqueue 1001> TAKE bulk/,
    );
    const ids = [...seen.matchAll(/^OK id=(\d+)$/gm)].map(([, id]) => Number(id));
    assertEquals(ids, Array.from({ length: 1000 }, (_, index) => index + 1));
    await pane.press("Enter");
    await pane.see(/\{5\}\njob-1\nOK count=1/);
  }));

Deno.test("lineup connect in tmux: it tells that the server is gone, and connects again", () =>
  withHome(async (home) => {
    const first = await startLineup(["serve", CALC, "--port", "0"]);
    await using pane = await connect(first.port, { home });
    await pane.type("SLEEP 60000");
    await pane.press("Enter");
    await pane.see("calc 2 [#1]>");
    first.kill("SIGKILL");
    await first.finished();
    await pane.see(
      /connection lost: .*\n-- #1 is lost, executed or not, and not sent again: SLEEP 60000/,
    );
    await pane.see("calc 2 (not connected)>");
    await using _second = await startLineup(["serve", CALC, "--port", String(first.port)]);
    await pane.press("Enter");
    await pane.see("connected again to");
    await pane.type("PING");
    await pane.press("Enter");
    await pane.see("OK pong");
  }));

Deno.test("lineup connect in tmux: NO_COLOR, --no-history, and the exit code without a server", () =>
  withHome(async (home) => {
    const server = await startLineup(["serve", CALC, "--port", "0"]);
    {
      await using pane = await connect(server.port, {
        home,
        args: ["--no-history"],
        env: { NO_COLOR: "1" },
      });
      await pane.type("FROB");
      await pane.press("Enter");
      await pane.see("There is no command FROB");
      await pane.press("C-c");
      await pane.type("PING");
      await pane.press("Enter");
      await pane.see("OK pong\ncalc 2>");
      assertEquals((await pane.styled()).split("\x1b").length, 1);
      await pane.press("C-d");
      await pane.see("exit 0");
    }
    {
      await using pane = await connect(server.port, { home, args: ["--no-history"] });
      await pane.type("PING");
      await pane.press("Enter");
      await pane.see("OK pong\ncalc 2>");
      assertStringIncludes(await pane.styled(), "\x1b[32mOK");
    }
    assertEquals([...Deno.readDirSync(home)], []);
    server.kill("SIGKILL");
    await server.finished();
    const program = [
      Deno.execPath(),
      "run",
      "--quiet",
      "--allow-all",
      MAIN,
      "connect",
      `127.0.0.1:${server.port}`,
    ];
    await using pane = await openPane(program, { env: { XDG_STATE_HOME: home } });
    await pane.see(/lineup: cannot connect to [^]*exit 2/);
  }));
