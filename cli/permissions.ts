// What Deno must allow before a thread is started: it tells of what it does not allow there in its own way.

/** Throws the error that reading a module would throw, where it is a file that may not be read. */
export function needRead(module: string): void {
  if (!module.startsWith("file:")) return;
  const { state } = Deno.permissions.requestSync({ name: "read", path: new URL(module) });
  if (state === "granted") return;
  throw new Deno.errors.NotCapable(
    `Requires read access to "${new URL(module).pathname}", run again with the --allow-read flag`,
  );
}
