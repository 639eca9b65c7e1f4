// The permission to read a worker's module. It is checked here, because Deno reports a missing one inside the worker in
// its own words.

/** Throws `NotCapable` for a module that is a file which Deno may not read. */
export function needRead(module: string): void {
  if (!module.startsWith("file:")) return;
  const { state } = Deno.permissions.requestSync({ name: "read", path: new URL(module) });
  if (state === "granted") return;
  throw new Deno.errors.NotCapable(
    `Requires read access to "${new URL(module).pathname}", run again with the --allow-read flag`,
  );
}
