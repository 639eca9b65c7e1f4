import { assertEquals, assertStringIncludes } from "@std/assert";
import { MAIN } from "../cli/lineup_process.ts";
import { find, run } from "./program.ts";
import { openPane, type Pane } from "./tmux.ts";

/** A folder with `lineup`, the completion scripts, and a context named work. */
async function inFolder(test: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    const program = `exec '${Deno.execPath()}' run --quiet --allow-all '${MAIN}' "$@"`;
    await Deno.writeTextFile(`${folder}/lineup`, `#!/bin/sh\n${program}\n`, { mode: 0o755 });
    for (const shell of ["bash", "zsh", "fish"]) {
      await find(shell);
      const { code, out } = await run(`${folder}/lineup`, ["completion", shell]);
      assertEquals(code, 0);
      await Deno.writeTextFile(`${folder}/script.${shell}`, out);
    }
    await Deno.mkdir(`${folder}/lineup.d`);
    const contexts = { contexts: { work: { address: "127.0.0.1:1" } } };
    await Deno.mkdir(`${folder}/config/lineup`, { recursive: true });
    await Deno.writeTextFile(`${folder}/config/lineup/contexts.json`, JSON.stringify(contexts));
    await Deno.writeTextFile(`${folder}/a service.ts`, "");
    await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** What is typed before Tab, and what the line is after it. */
const LINES: readonly (readonly [typed: string, line: string])[] = [
  ["lineup comp", "lineup completion"],
  ["lineup queue --max-m", "lineup queue --max-memory"],
  ["lineup put mail x --pri", "lineup put mail x --priority"],
  ["lineup spec --format typ", "lineup spec --format types"],
  ["lineup spec --format=typ", "lineup spec --format=types"],
  ["lineup check --level ti", "lineup check --level timing"],
  ["lineup put --id-from nu", "lineup put --id-from number"],
  ["lineup config ser", "lineup config serve"],
  ["lineup queue --timeouts.id", "lineup queue --timeouts.idle"],
  ["lineup top --context w", "lineup top --context work"],
  ["lineup context us", "lineup context use"],
  ["lineup context use w", "lineup context use work"],
  ["lineup context --ca x use w", "lineup context --ca x use work"],
  ["lineup serve a", "lineup serve a\\ service.ts"],
  ["lineup load --html a", "lineup load --html a\\ service.ts"],
  ["lineup help wo", "lineup help work"],
  ["lineup completion fi", "lineup completion fish"],
  ["lineup work mail -- mkfif", "lineup work mail -- mkfifo"],
];

/** An empty prompt in the last row. */
const EMPTY = /(^|\n)\$$/;

/** Types each line, then Tab, and looks at the line. */
async function tab(pane: Pane): Promise<void> {
  for (const [typed, line] of LINES) {
    await pane.type(typed);
    await pane.press("Tab");
    await pane.see(new RegExp(`\\$ ${RegExp.escape(line)}=?$`));
    await pane.press("C-u");
    await pane.see(EMPTY);
  }
}

Deno.test("the completion of bash completes commands, flags, values, contexts, files and programs", () =>
  inFolder(async (folder) => {
    const env = { XDG_CONFIG_HOME: `${folder}/config` };
    const start = `cd ${folder} && PATH=${folder}:$PATH PS1='$ ' exec bash --norc --noprofile -i`;
    await using pane = await openPane(["sh", "-c", start], { env });
    await pane.see(EMPTY);
    await pane.type(". ./script.bash");
    await pane.press("Enter");
    await pane.see(/bash\n\$$/);
    await tab(pane);
    const typeTab = async (typed: string, line: string): Promise<void> => {
      await pane.type(typed);
      await pane.press("Tab");
      await pane.see(new RegExp(`\\$ ${RegExp.escape(line)}$`));
      await pane.press("C-u");
      await pane.see(EMPTY);
    };
    await typeTab("lineup put mail @a", "lineup put mail @a\\ service.ts");
    await typeTab("lineup call PUT mail @a", "lineup call PUT mail @a\\ service.ts");
    await pane.type("COMP_WORDBREAKS=${COMP_WORDBREAKS//@}");
    await pane.press("Enter");
    await pane.see(EMPTY);
    await typeTab("lineup put mail @a", "lineup put mail @a\\ service.ts");
    // Two Tabs list what is possible.
    await pane.type("lineup --");
    await pane.press("Tab", "Tab");
    await pane.see(/--help +--version/);
  }));

Deno.test("the completion of zsh completes the same, and shows what flags do", () =>
  inFolder(async (folder) => {
    const env = { XDG_CONFIG_HOME: `${folder}/config`, ZDOTDIR: folder };
    const rc = "PS1='$ '; autoload -U compinit; compinit -u; . ./script.zsh; bindkey -e\n";
    await Deno.writeTextFile(`${folder}/.zshrc`, rc);
    await using pane = await openPane([
      "sh",
      "-c",
      `cd ${folder} && PATH=${folder}:$PATH exec zsh -i`,
    ], {
      env,
    });
    await pane.see(EMPTY);
    await tab(pane);
    await pane.type("lineup work --c");
    await pane.press("Tab");
    await pane.see(/--concurrency +-- The number of programs that run at the same time\./);
    await pane.press("C-u");
    await pane.type("lineup ");
    await pane.press("Tab");
    await pane.see(/context +-- Name servers, so that commands need no ADDRESS\./);
  }));

Deno.test("the completion of fish completes the same, and shows what flags do", () =>
  inFolder(async (folder) => {
    const fish = async (line: string): Promise<string> => {
      const source = `set -gx PATH ${folder} $PATH; set -gx XDG_CONFIG_HOME ${folder}/config; ` +
        `source ${folder}/script.fish; complete -C '${line}'`;
      const { out } = await run("fish", ["--no-config", "-c", source], { cwd: folder });
      return out;
    };
    for (const [typed, line] of LINES) {
      const word = line.trimEnd().slice(typed.lastIndexOf(" ") + 1).replaceAll("\\", "");
      const offers = (await fish(typed)).split("\n").map((each) => each.split("\t")[0]);
      assertEquals(offers.filter((each) => each !== ""), [word], typed);
    }
    assertStringIncludes(
      await fish("lineup work --c"),
      "--concurrency\tThe number of programs that run at the same time.\n",
    );
    assertStringIncludes(await fish("lineup "), "context\tName servers, so that commands need no");
  }));
