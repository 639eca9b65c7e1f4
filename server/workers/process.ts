// A process that runs handlers: its start, its socket, its end.

import { pathToFileURL } from "node:url";
import type { Clock } from "../../scheduling/clock.ts";
import { Printed } from "./printed.ts";
import { ProcessTree } from "./process_tree.ts";
import { Channel } from "./channel.ts";
import { type HostSettings, hostUrl } from "./host.ts";
import type { FromWorker, ToWorker } from "./messages.ts";

// The time in ms that a process may live after the end of its socket.
const LAST_MS = 1000;
// The shortest `sun_path` of all systems.
const LONGEST_PATH = 100;

/** Options of a process. */
export interface ProcessOptions {
  /** The URL of the module with the handlers. */
  readonly module: string;
  /** Bytes that its handlers may hold. */
  readonly memory: number;
  readonly permissions: Deno.PermissionOptionsObject;
  readonly config: string | undefined;
  readonly clock: Clock;
  /** The URL of the module whose `host` runs in the process. Default: that of workers. */
  readonly host?: string;
  /** A line of its output as it is passed on. Default: as it is. */
  readonly label?: (line: string) => string;
}

/** A process that runs handlers, or whatever its `host` does. It ends with the process that has started it. */
export class WorkerProcess<To = ToWorker, From = FromWorker> {
  /** Resolves with the description of its end, once nothing of it is left. */
  readonly ended: Promise<string>;
  readonly #child: Deno.ChildProcess;
  readonly #listener: Deno.UnixListener;
  readonly #directory: string;
  #channel: Channel<To, From> | undefined = undefined;
  #over = false;

  /** Starts it. Throws where it cannot be started. */
  constructor(options: ProcessOptions, hear: (message: From) => void) {
    if (Deno.build.standalone) {
      throw new Error("workers are processes of deno, which a compiled program cannot start");
    }
    try {
      // Its mode is 0700: only this user may enter it.
      this.#directory = Deno.makeTempDirSync({ prefix: "lineup-" });
    } catch (error) {
      throw explained(error);
    }
    try {
      const path = `${this.#directory}/s`;
      if (path.length > LONGEST_PATH) throw new Error(`a socket cannot have the path ${path}`);
      this.#listener = Deno.listen({ transport: "unix", path });
      try {
        this.#child = spawn(options, path);
      } catch (error) {
        this.#listener.close();
        throw error;
      }
    } catch (error) {
      this.#forgetPath();
      throw explained(error);
    }
    this.ended = this.#run(hear, options);
  }

  /** Sends it a signal, if it still runs. */
  signal(signal: Deno.Signal): void {
    if (!this.#over) this.#child.kill(signal);
  }

  send(message: To): void {
    this.#channel?.send(message);
  }

  /** Kills it, with all processes that it has started where the permissions allow it. */
  kill(): void {
    if (this.#over) return;
    try {
      new ProcessTree(this.#child.pid).signal("SIGKILL");
    } catch {
      try {
        this.#child.kill("SIGKILL");
      } catch {
        // The process has ended.
      }
    }
  }

  async #run(
    hear: (message: From) => void,
    { clock, label }: ProcessOptions,
  ): Promise<string> {
    const { stdin, stdout, stderr, status } = this.#child;
    const prints = [stdout, stderr].map((output) => new Printed(output, label));
    const over = status.finally(() => {
      this.#over = true;
      this.#stopListening();
    });
    try {
      const conn = await this.#listener.accept();
      this.#stopListening();
      this.#channel = new Channel(conn);
      await this.#channel.listen(hear);
    } catch {
      // The process ended before it connected, or sends broken messages.
      this.kill();
    }
    const stop = clock.after(LAST_MS, () => this.kill());
    const { signal, code } = await over;
    stop();
    this.#channel?.close();
    await stdin.abort().catch(() => {});
    await Promise.all(prints.map((each) => each.end()));
    return signal === null ? `exit code ${code}` : `signal ${signal}`;
  }

  #stopListening(): void {
    try {
      this.#listener.close();
    } catch {
      return;
    }
    this.#forgetPath();
  }

  #forgetPath(): void {
    try {
      Deno.removeSync(this.#directory, { recursive: true });
    } catch {
      // The directory is removed already.
    }
  }
}

function spawn(options: ProcessOptions, path: string) {
  const { module, memory, permissions, config, host: own = hostUrl } = options;
  // Both are part of the main module, so that no permission to read is needed for them.
  const [host, from] = [own, module].map((url) => JSON.stringify(url));
  const rights = permissionsOf(permissions);
  const revoked = socketPermissions(path, rights);
  const settings = JSON.stringify({ path, revoked, memory } satisfies HostSettings);
  const main = `import { host } from ${host}; await host(() => import(${from}), ${settings});`;
  return new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-prompt",
      // As far as this process has it.
      ...("listenDatagram" in Deno ? ["--unstable-net"] : []),
      ...configFlags(config),
      ...permissionFlags(rights, revoked),
      `--v8-flags=--max-old-space-size=${Math.ceil(memory / (1 << 20))}`,
      `data:text/javascript,${encodeURIComponent(main)}`,
    ],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
    // Its output goes to a log, where colours would show as escapes.
    env: { NO_COLOR: "1" },
    // Ctrl-C in the terminal is for the server only, which lets requests finish.
    detached: true,
  }).spawn();
}

function configFlags(config: string | undefined): string[] {
  const found = configOfWorkers(config);
  return found === undefined ? [] : [`--config=${found}`];
}

/**
 * The path of the configuration of workers: the given one, or the one that Deno finds for the program itself. Deno looks
 * in the folder of the main module and above it; for a module of a registry, in the folder where the program started.
 */
export function configOfWorkers(config: string | undefined): string | undefined {
  if (config !== undefined) return config;
  if (Deno.mainModule.startsWith("file:")) return findConfig(new URL(".", Deno.mainModule));
  try {
    return findConfig(pathToFileURL(`${Deno.cwd()}/`));
  } catch {
    // The folder cannot be read.
    return undefined;
  }
}

function findConfig(folder: URL): string | undefined {
  for (let url = folder;; url = new URL("..", url)) {
    for (const name of ["deno.json", "deno.jsonc"]) {
      const path = decodeURIComponent(new URL(name, url).pathname);
      try {
        if (Deno.statSync(path).isFile) return path;
      } catch {
        // The file does not exist, or cannot be read.
      }
    }
    if (url.pathname === "/") return undefined;
  }
}

const PERMISSIONS = ["read", "write", "net", "env", "sys", "run", "ffi", "import"] as const;
type PermissionName = typeof PERMISSIONS[number];

/** Each permission of a worker: `true` in full, or the list that it is for. */
function permissionsOf(given: Deno.PermissionOptionsObject): [PermissionName, true | string[]][] {
  return PERMISSIONS.map((name) => {
    const value = given[name] ?? "inherit";
    if (typeof value === "object") return [name, value.map(String)];
    return [name, (value === "inherit" ? holds(name) : value) || []];
  });
}

function permissionFlags(
  permissions: readonly [PermissionName, true | string[]][],
  socket: readonly Deno.PermissionDescriptor[],
): string[] {
  if (permissions.every(([, value]) => value === true)) return ["--allow-all"];
  return permissions.flatMap(([name, value]) => {
    if (value === true) return [`--allow-${name}`];
    const own = socket.flatMap((each) => each.name !== name ? [] : placeOf(each));
    const words = [...value, ...own].map((each) => each.replaceAll(",", ",,"));
    return words.length === 0 ? [] : [`--allow-${name}=${words.join(",")}`];
  });
}

/** The permissions for the socket, which a worker has only until it has connected. */
function socketPermissions(
  path: string,
  permissions: readonly [PermissionName, true | string[]][],
): Deno.PermissionDescriptor[] {
  const all: Deno.PermissionDescriptor[] = [
    { name: "read", path },
    { name: "write", path },
    { name: "net", host: `unix:${path}` },
  ];
  return all.filter(({ name }) =>
    permissions.some(([each, value]) => each === name && value !== true)
  );
}

function placeOf(permission: Deno.PermissionDescriptor): string[] {
  if ("path" in permission) return [String(permission.path)];
  return "host" in permission ? [permission.host!] : [];
}

/** Whether this process has a permission in full. */
function holds(name: PermissionName): boolean {
  const { state, partial } = Deno.permissions.querySync({ name });
  return state === "granted" && !partial;
}

/** The error for a missing permission, with its purpose. */
function explained(error: unknown): unknown {
  if (!(error instanceof Deno.errors.NotCapable)) return error;
  const needed = `--allow-run=${Deno.execPath()} --allow-read --allow-write --allow-net`;
  return new Deno.errors.NotCapable(
    `workers are processes that talk over a Unix socket in the directory for temporary files, and need ${needed} (or --allow-run for all programs): ${error.message}`,
    { cause: error },
  );
}
