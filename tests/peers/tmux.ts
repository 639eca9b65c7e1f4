// A real terminal: tmux runs a program, types keys, and reports its screen.

import { holdsElsewhere } from "../elsewhere.ts";

/** A program in a pane of tmux. Disposing kills both. */
export interface Pane extends AsyncDisposable {
  /** Types text as it is. */
  type(text: string): Promise<void>;
  /** Presses keys by tmux's names: `Enter`, `Tab`, `C-c`, `Up`. */
  press(...keys: string[]): Promise<void>;
  /** Pastes text, bracketed where the program asked for that. */
  paste(text: string): Promise<void>;
  resize(columns: number, rows: number): Promise<void>;
  /** All rows, including rows that scrolled away. */
  text(): Promise<string>;
  /** The rows on the screen with the escape sequences of their colours. */
  styled(): Promise<string>;
  /** Resolves with the text once it contains or matches this. Rejects with the text after a minute. */
  see(what: string | RegExp): Promise<string>;
}

// The program in the pane shows colours, also where the tests run without colours.
const { NO_COLOR: _, ...inherited } = Deno.env.toObject();

/** Runs a program in a pane. Its last screen stays after its end, with `exit CODE` below it. */
export async function openPane(
  program: readonly string[],
  options: { columns?: number; rows?: number; env?: Readonly<Record<string, string>> } = {},
): Promise<Pane> {
  const folder = await Deno.makeTempDir();
  await Deno.writeTextFile(`${folder}/conf`, "set-option -g history-limit 50000\n");
  const tmux = async (args: readonly string[], input?: string): Promise<string> => {
    const child = new Deno.Command("tmux", {
      args: ["-u", "-S", `${folder}/socket`, "-f", `${folder}/conf`, ...args],
      stdin: input === undefined ? "null" : "piped",
      stdout: "piped",
      stderr: "piped",
      env: { ...inherited, LC_ALL: "C.UTF-8", TERM: "xterm-256color" },
      clearEnv: true,
    }).spawn();
    if (input !== undefined) await new Blob([input]).stream().pipeTo(child.stdin);
    const { code, stdout, stderr } = await child.output();
    if (code === 0) return new TextDecoder().decode(stdout);
    throw new Error(`tmux ${args[0]}: ${new TextDecoder().decode(stderr)}`);
  };
  const { columns = 80, rows = 24, env = {} } = options;
  const quoted = program.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(" ");
  const command = `${quoted}; echo "exit $?"; exec cat`;
  try {
    await tmux([
      "new-session",
      "-d",
      ...["-x", String(columns), "-y", String(rows)],
      ...Object.entries({ LC_ALL: "C.UTF-8", ...env }).flatMap((
        [name, value],
      ) => ["-e", `${name}=${value}`]),
      command,
    ]);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new Error("tmux is missing: apt-get install tmux");
  }
  const text = async (): Promise<string> =>
    (await tmux(["capture-pane", "-p", "-J", "-S", "-"])).trimEnd();
  return {
    text,
    styled: () => tmux(["capture-pane", "-p", "-e"]),
    type: async (text) => void await tmux(["send-keys", "-l", text]),
    press: async (...keys) => void await tmux(["send-keys", ...keys]),
    async paste(text) {
      await tmux(["load-buffer", "-"], text);
      await tmux(["paste-buffer", "-p"]);
    },
    async resize(columns, rows) {
      await tmux(["resize-window", "-x", String(columns), "-y", String(rows)]);
      // tmux changes its screen at once, and tells the program some time later. A program that draws in between is
      // wrong.
      const tty = (await tmux(["display-message", "-p", "#{pane_tty}"])).trim();
      await holdsElsewhere(async () => await sizeOf(tty) === `${rows} ${columns}`, "the new size");
    },
    async see(what) {
      let seen = "";
      // tmux reports no changes of its screen.
      await holdsElsewhere(async () => {
        seen = await text();
        return typeof what === "string" ? seen.includes(what) : what.test(seen);
      }, () => `${what} is seen\n${seen}`);
      return seen;
    },
    async [Symbol.asyncDispose]() {
      await tmux(["kill-server"]).catch(() => {});
      await Deno.remove(folder, { recursive: true });
    },
  };
}

/** The rows and columns that the programs of a terminal see. */
async function sizeOf(tty: string): Promise<string> {
  const { stdout } = await new Deno.Command("stty", { args: ["-F", tty, "size"] }).output();
  return new TextDecoder().decode(stdout).trim();
}
