// Runs an example as its user does: as a program with only the permissions that its headline names.

/** A running example. Disposing ends it with a SIGTERM. */
export interface RunningExample extends AsyncDisposable {
  readonly port: number;
  /** The first line of standard output. */
  readonly line: string;
  /** Sends SIGTERM. Resolves at the end of the process with its exit code. */
  end(): Promise<number>;
}

/** Starts an example and waits for its first line. */
export async function startExample(
  name: string,
  permissions: readonly string[],
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<RunningExample> {
  const path = new URL(`../../examples/${name}.ts`, import.meta.url).pathname;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-prompt", ...permissions, path, ...args],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
    env: { NO_COLOR: "1", ...env },
  }).spawn();
  const err = new Response(child.stderr).text();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let out = "";
  while (!out.includes("\n")) {
    const { value, done } = await reader.read();
    if (done) throw new Error(`${name} ended: ${await err}`);
    out += value;
  }
  let ended: Promise<number> | undefined;
  const end = (): Promise<number> =>
    ended ??= (async () => {
      child.kill("SIGTERM");
      await reader.cancel();
      await err;
      return (await child.status).code;
    })();
  return {
    line: out.trimEnd(),
    port: Number(out.trimEnd().split(":").at(-1)),
    end,
    async [Symbol.asyncDispose]() {
      await end();
    },
  };
}
