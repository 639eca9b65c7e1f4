import { RawClient } from "../../raw_client.ts";
import { NO_ORPHAN } from "../../orphan.ts";
// Starts a queue server in a process of its own, which a test kills.

/** A server in a process of its own. */
export interface Running {
  readonly pid: number;
  readonly port: number;
  /** A new connection that has read its greeting. */
  session(): Promise<RawClient>;
  /** Sends a signal and waits for its end. Resolves with its exit code. */
  end(signal: Deno.Signal): Promise<number>;
}

/**
 * Starts `serve_place.ts` on a file or database. `by` is a command that executes its last arguments. With `looks`, the server may
 * read the free room of the disk.
 */
export async function startServer(
  path: string,
  by: readonly string[] = [],
  looks = true,
): Promise<Running> {
  const script = new URL("serve_place.ts", import.meta.url).pathname;
  const rights = ["--no-check", "--allow-net", "--allow-read", "--allow-write"];
  // The client of PostgreSQL asks for its variables.
  if (path.startsWith("postgres:")) rights.push("--allow-env");
  if (looks) rights.push("--allow-sys=statfs");
  const [program, ...args] = [...by, Deno.execPath(), "run", NO_ORPHAN, ...rights, script, path];
  const child = new Deno.Command(program, {
    args,
    stdout: "piped",
    stderr: by.length > 0 ? "null" : "inherit",
  }).spawn();
  const output = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const { value: address } = await output.read();
  const port = Number(/:(\d+)\s*$/.exec(address ?? "")?.[1]);
  const sessions: RawClient[] = [];
  return {
    pid: child.pid,
    port,
    async session(): Promise<RawClient> {
      const session = new RawClient(await Deno.connect({ port }));
      sessions.push(session);
      await session.reply();
      return session;
    },
    async end(signal: Deno.Signal): Promise<number> {
      child.kill(signal);
      const { code } = await child.status;
      await output.cancel();
      for (const session of sessions) session.close();
      return code;
    },
  };
}
