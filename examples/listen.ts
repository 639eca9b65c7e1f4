// The parts of an example that make it a program: its flags, and its first line.

import { parseArgs } from "node:util";
import type { Server } from "@lineup/lineup/server";

/**
 * Reads the flags of the command line, each of which has a value; `defaults` names them. A flag whose default is empty may
 * be left out. For a wrong one, and for `--help`, it prints them all and ends the process.
 */
export function readFlags<T extends Readonly<Record<string, string>>>(
  defaults: T,
): { [K in keyof T]: string } {
  const options = Object.fromEntries(
    Object.entries(defaults).map(([name, usual]) =>
      [name, { type: "string", default: usual }] as const
    ),
  );
  const { values: { help, ...flags }, positionals } = parseArgs({
    args: Deno.args,
    options: { ...options, help: { type: "boolean" } },
    strict: false,
  });
  const unknown = Object.keys(flags).filter((name) => !Object.hasOwn(defaults, name));
  const wrong = [...unknown.map((name) => `--${name}`), ...positionals];
  for (const [name, usual] of Object.entries(defaults)) {
    const value = flags[name];
    const isNumber = /^[0-9]+$/.test(usual);
    if (typeof value !== "string" || (value === "" && usual !== "")) {
      wrong.push(`--${name} without a value`);
    } else if (isNumber && !/^[0-9]{1,9}$/.test(value)) wrong.push(`--${name} ${value}`);
  }
  if (Number(flags.port) > 65_535) wrong.push(`--port ${flags.port}`);
  if (!help && wrong.length === 0) return flags as { [K in keyof T]: string };
  const known = Object.entries(defaults).map(([name, value]) => `--${name} ${value}`);
  console.error(
    `${wrong.length > 0 ? `wrong: ${wrong.join(", ")}\n` : ""}flags and their defaults: ${
      known.join(" ")
    }`,
  );
  Deno.exit(help ? 0 : 64);
}

/** Prints where a server listens, and waits for its end. Ends the process where it cannot listen. */
export async function untilFinished(name: string, starting: Promise<Server>): Promise<void> {
  let server: Server;
  try {
    server = await starting;
  } catch (error) {
    console.error(`${name}: ${(error as Error).message}`);
    Deno.exit(1);
  }
  console.log(`${name} listening on ${server.addresses.join(" and ")}`);
  await server.finished;
}
