// A Unix socket in the file system. It is private from its first moment, replaces no other server's socket, and is
// removed by its owner only.

/** The default mode of a socket: only its user may connect. */
const PRIVATE = 0o600;
/** The most bytes of a socket's path (`sun_path` of Linux, without its zero byte). */
const MOST_PATH = 107;

/** A listener in the file system. */
export interface UnixListener {
  accept(): Promise<Deno.UnixConn>;
  /** Stops listening. Removes the socket, unless another server has put its own there. */
  close(): void;
}

/**
 * Listens at a path. `mode` decides which users may connect. The socket of a killed server is replaced. Throws
 * `AddrInUse` where a server listens or the path is anything other than a socket, `RangeError` for a path that is too
 * long or a wrong mode, and Deno's other errors.
 *
 * The socket is made in a directory that no other user may enter: at no moment may more users connect than `mode`
 * allows. Then it is linked to its path, which fails where another server was faster.
 */
export async function bindUnix(path: string, mode: number = PRIVATE): Promise<UnixListener> {
  if (!(Number.isInteger(mode) && mode >= 0 && mode <= 0o777)) {
    throw new RangeError(`a mode is 0 to 0o777, not ${mode}`);
  }
  needRoom("the path of a socket", path, MOST_PATH);
  const stale = await staleAt(path);
  const directory = makeDirectory(path);
  const inside = `${directory}/s`;
  let listener: Deno.UnixListener | undefined;
  try {
    const parent = parentOf(path).slice(0, -1);
    needRoom("the directory of a socket", parent, MOST_PATH - (inside.length - parent.length));
    listener = Deno.listen({ transport: "unix", path: inside });
    Deno.chmodSync(inside, mode);
    const own = Deno.lstatSync(inside);
    if (stale !== undefined) {
      const now = lstat(path);
      if (now !== undefined && !isSame(now, stale)) throw inUse("another server was faster");
      if (now !== undefined) Deno.removeSync(path);
    }
    putAt(inside, path);
    const bound = listener;
    return {
      accept: () => bound.accept(),
      close() {
        bound.close();
        const there = lstat(path);
        if (there !== undefined && isSame(there, own)) Deno.removeSync(path);
      },
    };
  } catch (error) {
    listener?.close();
    throw error;
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
}

/** The socket of a server that is gone; `undefined` where the path is free. Throws where the path is in use. */
async function staleAt(path: string): Promise<Deno.FileInfo | undefined> {
  const there = lstat(path);
  if (there === undefined) return undefined;
  if (!there.isSocket) {
    const what = there.isSymlink ? "a link" : there.isDirectory ? "a directory" : "a file";
    throw inUse(`there is ${what}, and a socket is made where nothing is`);
  }
  try {
    (await Deno.connect({ transport: "unix", path })).close();
  } catch (error) {
    if (error instanceof Deno.errors.ConnectionRefused) return there;
    if (error instanceof Deno.errors.NotFound) return undefined;
    const why = (error as Error).message;
    throw inUse(`there is a socket, and whether a server listens cannot be seen: ${why}`);
  }
  throw inUse("a server listens there");
}

function makeDirectory(path: string): string {
  // A short name: the path of a socket has little room.
  const directory = `${parentOf(path)}.${crypto.randomUUID().slice(0, 8)}`;
  try {
    Deno.mkdirSync(directory, { mode: 0o700 });
    return directory;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    const parent = parentOf(path);
    // A directory such as /proc takes no new files.
    const why = isThere(parent)
      ? `${parent} takes no new files, and a socket is one`
      : `there is no directory ${parent}`;
    throw new Deno.errors.NotFound(why);
  }
}

function isThere(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}

/** Gives a socket its path. Throws `AddrInUse` where the path is taken. */
function putAt(inside: string, path: string): void {
  try {
    Deno.linkSync(inside, path);
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) {
      throw inUse("another server was faster");
    }
    // Some file systems have no links.
    Deno.renameSync(inside, path);
  }
}

/** The directory of a path, with a slash behind it. */
function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/") + 1) || "./";
}

function lstat(path: string): Deno.FileInfo | undefined {
  try {
    return Deno.lstatSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

function isSame(a: Deno.FileInfo, b: Deno.FileInfo): boolean {
  return a.dev === b.dev && a.ino === b.ino;
}

function needRoom(what: string, path: string, most: number): void {
  if (new TextEncoder().encode(path).length <= most) return;
  throw new RangeError(`${what} has at most ${most} bytes`);
}

function inUse(why: string): Error {
  return new Deno.errors.AddrInUse(why);
}
