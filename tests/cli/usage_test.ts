import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { lineup } from "./lineup_here.ts";
import { lineupProcess } from "./lineup_process.ts";

const WRONG: readonly { args: string[]; says: string }[] = [
  { args: [], says: "A command is missing; choose one of queue, serve," },
  { args: ["quue"], says: "There is no command quue; did you mean queue?" },
  { args: ["--versio"], says: "There is no flag --versio; did you mean --version?" },
  {
    args: ["zzzzzzzz"],
    says:
      "choose one of queue, serve, put, work, call, connect, load, queues, top, check, spec, config, token, context, ",
  },
  { args: ["queue", "--prot", "5"], says: "There is no flag --prot; did you mean --port?" },
  {
    args: ["queue", "-p", "1"],
    says: "There is no flag -p; choose one of --config, --host, --port,",
  },
  { args: ["queue", "-port", "1"], says: "There is no flag -port; did you mean --port?" },
  { args: ["xx"], says: "There is no command xx; choose one of queue," },
  {
    args: ["queue", "--ws-origin", "https://x"],
    says: "--ws-origin needs --ws PORT as well.",
  },
  {
    args: ["queue", "--port", "5", "--listen", "127.0.0.1:0"],
    says: "--port and --listen exclude each other",
  },
  {
    args: ["queue", "--tls-cert", "c.pem", "--tls-key", "k.pem", "--listen", "127.0.0.1:0"],
    says: "--tls-cert needs --listen tls://HOST:PORT or wss://, or no --listen.",
  },
  {
    args: ["queue", "--check", "jobs.db", "--port", "0"],
    says: "--port has no effect with --check.",
  },
  {
    args: ["queue", "--check", "jobs.db", "--beanstalkd", "0"],
    says: "--beanstalkd has no effect with --check.",
  },
  {
    args: ["queue", "--beanstalkd-key", "mail.*"],
    says: "--beanstalkd-key needs --beanstalkd PORT.",
  },
  {
    args: ["queue", "--data", ":memory:", "--beanstalkd", "0", "--beanstalkd-key", "mail*"],
    says: '--beanstalkd-key: "mail*" is no pattern of tubes with keys.',
  },
  { args: ["queue", "--beanstalkd", "yes"], says: "--beanstalkd must be an integer, 0 to 65535" },
  {
    args: ["queue", "--host", "::1", "--listen", "unix:/nowhere/x"],
    says: "--host has no effect with --listen",
  },
  { args: ["queue", "--port", "x"], says: '--port must be an integer, 0 to 65535, not "x".' },
  { args: ["queue", "--port", "65536"], says: "--port must be an integer, 0 to 65535" },
  { args: ["queue", "--port"], says: "--port needs a value: --port PORT." },
  { args: ["queue", "--port", "1", "--port", "2"], says: "--port is given 2 times." },
  { args: ["queue", "extra"], says: "extra is one argument too many" },
  { args: ["queue", "--drain", "soon"], says: "--drain must be a duration" },
  { args: ["queue", "--tls-cert", "c.pem"], says: "--tls-cert needs --tls-key as well." },
  { args: ["queue", "--tls-key", "k.pem"], says: "--tls-key needs --tls-cert as well." },
  {
    args: ["queue", "--tls-client-ca", "c.pem"],
    says: "--tls-client-ca needs --tls-cert and --tls-key as well.",
  },
  {
    args: ["queue", "--tls-client-optional"],
    says: "--tls-client-optional needs --tls-client-ca as well.",
  },
  {
    args: ["queue", "--tls-cert", "nowhere.pem", "--tls-key", "k.pem"],
    says: "--tls-cert: cannot read nowhere.pem",
  },
  {
    args: ["queue", "--tls-cert", "deno.json", "--tls-key", "k.pem"],
    says: "--tls-cert: deno.json is not a PEM file",
  },
  {
    args: ["queue", "--port", "0", "--data", ":memory:", "--ws", "0", "--ws-origin", "example.org"],
    says: "example.org: an origin is https://host",
  },
  {
    args: ["queue", "--admin-origin", "https://x"],
    says: "--admin-origin needs --admin [HOST:]PORT as well.",
  },
  {
    args: ["queue", "--metrics-keys", "mail"],
    says: "--metrics-keys needs --admin [HOST:]PORT as well.",
  },
  {
    args: ["queue", "--data", ":memory:", "--admin", "localhost"],
    says: "localhost: the address of an admin port is HOST:PORT, such as 127.0.0.1:5464, or a port",
  },
  {
    args: ["queue", "--data", ":memory:", "--admin", "0.0.0.0:0"],
    says: "http://0.0.0.0:0: other machines could connect there",
  },
  { args: ["queue", "--insecure=yes"], says: "--insecure takes no value." },
  { args: ["help", "frob"], says: "There is no command frob" },
  { args: ["serve"], says: "serve needs MODULE." },
  { args: ["serve", "./x.ts", "--workers", "0"], says: "--workers must be an integer" },
  {
    args: ["serve", "./x.ts", "--worker-config", "deno.json"],
    says: "--worker-config needs --workers N as well.",
  },
  {
    args: ["serve", "./x.ts", "--workers", "1", "--worker-config", "nowhere.json"],
    says: "--worker-config nowhere.json: No such file or directory.",
  },
  { args: ["serve", "./nowhere.ts"], says: "There is no module ./nowhere.ts." },
  { args: ["call", "127.0.0.1:1"], says: "call needs VERB" },
  { args: ["call", "--json=no", "127.0.0.1:1", "PING"], says: "--json takes no value." },
  {
    args: ["call", "127.0.0.1:1", "PING", "--jsn"],
    says: "There is no flag --jsn; did you mean --json? To send --jsn as a word, put -- before it.",
  },
  { args: ["call", "127.0.0.1:1", "--timeout=5", "PING"], says: "--timeout must be a duration" },
  { args: ["call", "127.0.0.1:1", "PING", "--timeout", "5"], says: "--timeout must be a duration" },
  {
    args: ["call", "127.0.0.1:1", "--context", "x", "PING"],
    says: "ADDRESS and --context exclude each other.",
  },
  { args: ["call", "--timeout", "-1s", "127.0.0.1:1", "PING"], says: 'not "-1s".' },
  { args: ["call", "--timeout", "--json", "127.0.0.1:1", "PING"], says: "--timeout needs a value" },
  { args: ["call", "nowhere:", "PING"], says: "nowhere:: an address is host:port" },
  { args: ["call", "http://a:1", "PING"], says: "http:// is not supported" },
  { args: ["call", "127.0.0.1:1", "=5"], says: "=5 is not a verb" },
  { args: ["put", "127.0.0.1:1"], says: "put needs QUEUE" },
  { args: ["put", "a:b", "mail", "x"], says: "a:b: an address is host:port" },
  {
    args: ["put", "nowhere", "mail", "x"],
    says:
      'x is one argument too many: lineup put [flags] [ADDRESS] QUEUE [BODY | - | @FILE]; an ADDRESS holds a ":"',
  },
  { args: ["put", "127.0.0.1:1", "two words", "x"], says: "QUEUE must be a word without" },
  { args: ["put", "127.0.0.1:1", "mail", "x", "--priority", "10"], says: "--priority must be" },
  { args: ["put", "127.0.0.1:1", "mail", "x", "--dealy", "5s"], says: "did you mean --delay?" },
  { args: ["put", "127.0.0.1:1", "mail", "x", "--result", "drop"], says: "must be one of keep" },
  { args: ["put", "127.0.0.1:1", "mail", "a", "b"], says: "b is one argument too many" },
  { args: ["put", "127.0.0.1:1", "mail", "a", "--", "b"], says: "b is one argument too many" },
  { args: ["put", "127.0.0.1:1", "mail", "--", "a", "b"], says: "b is one argument too many" },
  {
    args: ["put", "127.0.0.1:1", "mail", "--lines", "x"],
    says: "--lines reads standard input or @FILE",
  },
  {
    args: ["put", "127.0.0.1:1", "mail", "--lines", "--id", "x"],
    says: "--id is the name of one job; with --lines, --id-from gives each its own.",
  },
  { args: ["put", "mail", "--id-from", "body"], says: "--id-from needs --lines." },
  { args: ["queues", "127.0.0.1:0"], says: "127.0.0.1:0: the port of a server is 1 to 65535." },
  { args: ["spec", "nofile"], says: "There is no module nofile: a module begins with ./ or /," },
  { args: ["check", "README.md"], says: "It is no address either: an address is host:port," },
  { args: ["put", "mail", "--from-line", "2"], says: "--from-line needs --lines." },
  {
    args: ["put", "mail", "--lines", "--id-from", "number"],
    says: "--id-from number needs --id, a name for the input.",
  },
  {
    args: ["put", "mail", "--lines", "--id-from", "body", "--id", "x"],
    says: "--id has an effect only with --id-from number.",
  },
  {
    args: ["put", "mail", "--lines", "--id-from", "hash"],
    says: "--id-from must be number, body, tab or .FIELD, not hash.",
  },
  { args: ["work", "127.0.0.1:1", "--", "cat"], says: "work needs QUEUE" },
  { args: ["work", "127.0.0.1:1", "mail", "cat"], says: "work needs -- and a COMMAND after" },
  { args: ["work", "127.0.0.1:1", "mail", "--"], says: "work needs -- and a COMMAND after" },
  { args: ["work", "127.0.0.1:1", "mail", "--", ""], says: "work needs -- and a COMMAND after" },
  { args: ["work", "nowhere:", "mail", "--", "cat"], says: "nowhere:: an address is host:port" },
  { args: ["work", "127.0.0.1:1", "two words", "--", "cat"], says: "QUEUE must be a word" },
  {
    args: ["work", "--concurrency", "0", "127.0.0.1:1", "mail", "--", "cat"],
    says: "--concurrency must be an integer, 1 to 1000",
  },
  { args: ["work", "--lease", "40d", "127.0.0.1:1", "mail", "--", "cat"], says: "--lease must be" },
  { args: ["load", "nowhere:", "PING"], says: "nowhere:: an address is host:port" },
  { args: ["load", "127.0.0.1:1"], says: "load needs a VERB, --command or --mix." },
  {
    args: ["load", "--command", "PING", "127.0.0.1:1", "PING"],
    says: "VERB and --command exclude each other.",
  },
  {
    args: ["load", "--command", "PUT a=b=c", "127.0.0.1:1"],
    says: "PUT a=b=c: Quote a value of a",
  },
  { args: ["load", "--command", "0 PING", "127.0.0.1:1"], says: "a weight must be above 0" },
  { args: ["load", "--mix", "./nowhere", "127.0.0.1:1"], says: "--mix ./nowhere: No such file" },
  { args: ["load", "127.0.0.1:1", "PUT", "{{frob}}"], says: "{{frob}} is not a template" },
  { args: ["load", "--rate", "-5", "127.0.0.1:1", "PING"], says: 'not "-5".' },
  { args: ["load", "127.0.0.1:1", "PING", "--rate", "x"], says: "--rate must be a number" },
  { args: ["load", "--rate", "0", "127.0.0.1:1", "PING"], says: "--rate must be a number" },
  {
    args: ["load", "--threads", "11", "127.0.0.1:1", "PING"],
    says: "--threads must be at most --connections, which is 10.",
  },
  {
    args: ["load", "--warmup", "1s", "--requests", "5", "127.0.0.1:1", "PING"],
    says: "--warmup and --requests exclude each other",
  },
  {
    args: ["top", "127.0.0.1:1", "x"],
    says: "x is one argument too many: lineup top [flags] [ADDRESS]",
  },
  { args: ["check", "nowhere"], says: "an address is host:port" },
  { args: ["connect", "nowhere"], says: "an address is host:port" },
  {
    args: ["connect", "--history", "x", "--no-history", "127.0.0.1:1"],
    says: "--history and --no-history exclude each other.",
  },
  {
    args: ["connect", "--raw", "--quiet", "127.0.0.1:1"],
    says: "--raw and --quiet exclude each other.",
  },
  {
    args: ["call", "--body", "x", "--body-file", "y", "127.0.0.1:1", "PING"],
    says: "--body and --body-file exclude each other.",
  },
  {
    args: ["spec", "127.0.0.1:1", "--format", "xml"],
    says: "--format must be one of json, markdown, types",
  },
];

Deno.test("lineup names the error in a command line, and the right form", async () => {
  for (const { args, says } of WRONG) {
    const { code, out, err } = await lineup(args);
    assertStringIncludes(err, says, args.join(" "));
    assertMatch(err, /--help explains\.\n$/, args.join(" "));
    assertEquals({ code, out }, { code: 64, out: "" }, args.join(" "));
  }
});

Deno.test("lineup queue makes no file for a wrong command line", async () => {
  const cwd = await Deno.makeTempDir();
  try {
    for (const flags of [["--tls-cert", "none"], ["--host", "a b"], ["--tls-key", "none"]]) {
      const { code, err } = await lineupProcess(["queue", ...flags], { cwd });
      assertEquals(code, 64);
      assertMatch(err, /^lineup: .*\nlineup queue --help explains\.\n$/);
    }
    assertEquals([...Deno.readDirSync(cwd)], []);
  } finally {
    await Deno.remove(cwd, { recursive: true });
  }
});

const NAMES = [
  ...["queue", "serve", "put", "work", "call", "connect", "load", "queues", "top", "check"],
  ...["spec", "context", "completion", "man"],
];

Deno.test("lineup explains itself and each command, in lines of at most 80 columns", async () => {
  const { code, out, err } = await lineup(["--help"]);
  assertEquals({ code, err }, { code: 0, err: "" });
  const helps = [out];
  for (const name of NAMES) {
    assertMatch(out, new RegExp(`^  ${name} `, "m"));
    const help = await lineup([name, "--help"]);
    assertEquals([help.code, help.err], [0, ""]);
    assertStringIncludes(help.out, `usage: lineup ${name}`);
    assertMatch(help.out, /^ {2}\$ lineup /m, "an example");
    assertMatch(help.out, /^Exit codes:\n {2}0 +\S/m);
    assertMatch(help.out, /^ {2}64 +The command line (is wrong\.$|or the configuration)/m);
    assertEquals((await lineup(["help", name])).out, help.out);
    helps.push(help.out);
  }
  for (const line of helps.join("").split("\n")) {
    // Lines for the shell are not wrapped.
    if (!/^(usage:| {2}\$ )/.test(line)) assert(line.length <= 80, line);
  }
  const late = await lineup(["call", "127.0.0.1:1", "PING", "--help"]);
  assertStringIncludes(late.out, "usage: lineup call");
});

Deno.test("every command of lineup tells the version of the package", async () => {
  const config = JSON.parse(await Deno.readTextFile(new URL("../../deno.json", import.meta.url)));
  for (const args of [["--version"], ["-V"], ["load", "--version"]]) {
    const { code, out } = await lineup(args);
    assertEquals(code, 0);
    assertStringIncludes(out, `lineup ${config.version} `);
  }
});

Deno.test("lineup says that a port is taken", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const port = String(listener.addr.port);
  const { code, out, err } = await lineup(["queue", "--port", port, "--data", ":memory:"]);
  assertEquals({ code, out }, { code: 1, out: "" });
  const taken =
    `cannot listen at tcp://127.0.0.1:${port}: the address is already in use; stop the program ` +
    "that listens there, or choose another port (0 takes a free one)\n";
  assertEquals(err, `lineup: ${taken}`);
  // An example says the same, without a stack.
  const example = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--allow-net", "examples/calc.ts", "--port", port],
  }).output();
  assertEquals([example.code, new TextDecoder().decode(example.stderr)], [1, `calc: ${taken}`]);
});
