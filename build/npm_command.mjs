#!/usr/bin/env node
// Runs the command `lineup` with the Deno that was installed beside it.

import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

/** The path of Deno's executable. Its package has it in a package of its own for each platform. */
function findDeno() {
  return createRequire(import.meta.url)("deno/install_api.cjs").runInstall();
}

const at = (path) => fileURLToPath(new URL(`../lineup/${path}`, import.meta.url));

const args = [
  "run",
  "--quiet",
  "--no-lock",
  `--config=${at("deno.json")}`,
  "--allow-net",
  "--allow-read",
  "--allow-write",
  "--allow-env",
  "--allow-run",
  "--allow-sys=statfs",
  at("cli/main.ts"),
  ...process.argv.slice(2),
];

let deno;
try {
  deno = findDeno();
} catch (error) {
  console.error(
    `lineup: ${
      error.message.split("\n")[0]
    }; npm has no Deno for this platform, or installed none.`,
  );
  process.exit(1);
}
// Deno takes the place of this process where Node can do that: then signals and exit codes need no messenger.
if (process.execve !== undefined) process.execve(deno, [deno, ...args]);

const child = spawn(deno, args, { stdio: "inherit" });
for (const signal of ["SIGTERM", "SIGHUP", "SIGINT"]) {
  process.on(signal, () => {
    // A terminal sends Ctrl-C to both, and a second one would cut off what the first one lets finish.
    if (signal !== "SIGINT" || !process.stdin.isTTY) child.kill(signal);
  });
}
child.on("error", (error) => {
  console.error(`lineup: ${error.message}`);
  process.exit(1);
});
child.on("exit", (code, signal) => {
  if (signal === null) process.exit(code);
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
});
