// Runs programs of the system, or tells how to install them.

/** The packages of programs where they have another name. */
const INSTALL: Readonly<Record<string, string>> = {
  nc: "apt-get install netcat-openbsd",
  script: "apt-get install bsdutils",
  unshare: "apt-get install util-linux",
  prlimit: "apt-get install util-linux",
  ss: "apt-get install iproute2",
  man: "apt-get install man-db",
  col: "apt-get install bsdextrautils",
  telnet: "apt-get install inetutils-telnet",
  node: "apt-get install nodejs",
  promtool: "apt-get install prometheus",
  ruby: "apt-get install ruby ruby-beaneater",
  php: "apt-get install php-cli php-pda-pheanstalk",
  bun: "npm install -g bun",
  ...Object.fromEntries(
    ["cp", "cat", "rm", "exist", "touch", "stat", "flush", "ping", "capable", "slap"]
      .map((name) => [`memc${name}`, "apt-get install libmemcached-tools"]),
  ),
  "redis-cli": "apt-get install redis-tools",
  "redis-benchmark": "apt-get install redis-tools",
};

/** Runs a program to its end. Throws where it, or one that it needs, is missing: the message names the package. */
export async function run(
  program: string,
  args: readonly string[],
  options: { input?: Uint8Array; cwd?: string; needs?: readonly string[]; quiet?: boolean } = {},
): Promise<{ code: number; out: string }> {
  for (const each of [program, ...options.needs ?? []]) await find(each);
  const child = new Deno.Command(program, {
    args: [...args],
    cwd: options.cwd,
    stdin: "piped",
    stdout: "piped",
    stderr: options.quiet ? "null" : "inherit",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(options.input ?? new Uint8Array()).catch(() => {});
  await writer.close().catch(() => {});
  const { code, stdout } = await child.output();
  return { code, out: new TextDecoder().decode(stdout) };
}

/** Throws where a program is missing. The message tells how to install it. */
export async function find(program: string): Promise<void> {
  const { code } = await new Deno.Command("sh", {
    args: ["-c", `command -v ${program}`],
    stdout: "null",
  })
    .output();
  if (code === 0) return;
  throw new Error(`${program} is missing: ${INSTALL[program] ?? `apt-get install ${program}`}`);
}
