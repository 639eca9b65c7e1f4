// Every option of `lineup queue` and `lineup serve`, as the schemas of their files tell of it: its default, its range, and
// the message about a wrong value, from a file, the environment and the command line.

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { memberOf, variableOf } from "../../../cli/configuration/names.ts";
import { tuningOptions } from "../../../cli/tuning.ts";
import { DEFAULT_LIMITS } from "../../../dialects/dialect.ts";
import { LIMITS } from "../../../scheduling/scheduler_options.ts";
import { CONNECTION_BOUNDS } from "../../../server/admission/connection_bounds.ts";
import { CONNECTION_LIMITS } from "../../../server/admission/connection_limits.ts";
import { PRESSURE_MARKS } from "../../../server/admission/pressure.ts";
import { TIMEOUTS } from "../../../server/connection/timeouts.ts";
import { lineup } from "../lineup_here.ts";
import { lineupProcess, type RunResult } from "../lineup_process.ts";
import { withDirectory } from "../../temporary_directory.ts";

// deno-lint-ignore no-explicit-any
type Schema = any;

/** An option, by its place in the file. */
interface Leaf {
  readonly path: string;
  readonly schema: Schema;
}

const COMMANDS = ["queue", "serve"] as const;
/** More mistakes of one file are not shown. */
const SHOWN = 30;

async function schemaOf(command: string): Promise<Schema> {
  return JSON.parse(
    await Deno.readTextFile(new URL(`../../../docs/${command}.schema.json`, import.meta.url)),
  );
}

function leavesOf({ properties }: Schema, prefix = ""): Leaf[] {
  return Object.entries<Schema>(properties).filter(([name]) => name !== "$schema")
    .flatMap(([name, schema]) =>
      schema.type === "object" && schema.properties
        ? leavesOf(schema, `${prefix}${name}.`)
        : [{ path: prefix + name, schema }]
    );
}

/** The flag of an option, as its description names it. */
function flagOf({ schema }: Leaf): string {
  return /Flag --([a-z0-9.-]+),/.exec(schema.description)![1];
}

/** A file with these values by path, a line for each. */
function fileOf(values: readonly (readonly [path: string, value: unknown])[]): string {
  const root: Record<string, unknown> = {};
  for (const [path, value] of values) {
    const steps = path.split(".");
    let at = root;
    for (const step of steps.slice(0, -1)) at = (at[step] ??= {}) as Record<string, unknown>;
    at[steps.at(-1)!] = value;
  }
  return JSON.stringify(root, null, 1);
}

/** The least and the greatest value of an option, as its file takes them; none for texts. */
function rangeOf({ schema }: Leaf): [least: unknown, most: unknown] | undefined {
  const { minimum, maximum } = schema.anyOf?.[0] ?? schema;
  if (minimum !== undefined) return [minimum, maximum];
  const range = /, (\S+) to (\S+)$/.exec(schema.$comment ?? "");
  return range === null ? undefined : [range[1], range[2]];
}

/** A value beyond an end of a range. */
function beyond(value: unknown, by: 1 | -1): unknown {
  if (typeof value === "number") return value + by;
  const [, digits, unit] = /^(\d+)(.*)$/.exec(value as string)!;
  return Number(digits) + by < 0 ? undefined : `${Number(digits) + by}${unit}`;
}

/** A value of a wrong type. */
function wrongOf({ schema }: Leaf): unknown {
  if (schema.type === "boolean") return "yes";
  if (schema.enum !== undefined) return "none of them";
  return schema.type === "string" || schema.anyOf?.[1]?.type === "array" ? [] : "x";
}

function inParts<T>(all: readonly T[], size: number): T[][] {
  const parts: T[][] = [];
  for (let at = 0; at < all.length; at += size) parts.push(all.slice(at, at + size));
  return parts;
}

for (const command of COMMANDS) {
  const schema = await schemaOf(command);
  const leaves = leavesOf(schema);
  const run = (text: string, ...more: string[]): Promise<RunResult> =>
    withDirectory(async (directory) => {
      const path = `${directory}/c.jsonc`;
      await Deno.writeTextFile(path, text);
      const result = await lineup(["config", command, "--config", path, ...more]);
      return { ...result, err: result.err.replaceAll(`${directory}/`, "") };
    });

  Deno.test(`the schema of lineup ${command} is that of docs/`, async () => {
    const { out } = await lineup(["config", command, "--schema"]);
    assertEquals(JSON.parse(out), schema, `lineup config ${command} --schema > docs/…`);
    for (const leaf of leaves) {
      const flag = flagOf(leaf);
      assertEquals(memberOf(flag), leaf.path);
      assertStringIncludes(leaf.schema.description, `variable ${variableOf(flag)}.`);
    }
    const variables = leaves.map((leaf) => variableOf(flagOf(leaf)));
    assertEquals(new Set(variables).size, leaves.length);
  });

  Deno.test(`each option of lineup ${command} has the default that its schema tells`, async () => {
    const { code, out } = await lineup(["config", command, "--json"]);
    assertEquals(code, 0);
    const rows = out.trim().split("\n").map((line) => JSON.parse(line))
      .filter(({ option }) => option !== "config");
    assertEquals(rows.map(({ option }) => option).sort(), leaves.map(({ path }) => path).sort());
    for (const { path, schema } of leaves) {
      const { value, from } = rows.find(({ option }) => option === path);
      const usual = schema.default ?? (schema.type === "boolean" ? false : null);
      assertEquals([value, from], [usual, "default"], path);
    }
  });

  Deno.test(`each option of lineup ${command} takes the ends of its range, and nothing beyond`, async () => {
    const ranged = leaves.filter((leaf) => rangeOf(leaf) !== undefined);
    assert(ranged.length > 50);
    for (const end of [0, 1] as const) {
      const by = end === 0 ? -1 : 1;
      const ends = ranged.map((leaf) => [leaf.path, rangeOf(leaf)![end]] as const)
        .filter(([, value]) => value !== undefined);
      const { code, err, out } = await run(fileOf(ends), "--json");
      assertEquals([code, err], [0, ""]);
      for (const line of out.trim().split("\n")) {
        const { option, value, from } = JSON.parse(line);
        const wanted = ends.find(([path]) => path === option)?.[1];
        if (wanted === undefined || option === "config") continue;
        assertEquals([String(value), from], [String(wanted), "file"], option);
      }
      const outside = ends.map(([path, value]) => [path, beyond(value, by)] as const)
        .filter(([, value]) => value !== undefined);
      for (const part of inParts(outside, SHOWN)) {
        const text = fileOf(part);
        const { code, err } = await run(text, "--check");
        assertEquals(code, 64);
        for (const [path, value] of part) {
          const said = err.split("\n").find((line) => line.includes(`: ${path} must be `));
          assert(said !== undefined, `nothing is said of ${path}:\n${err}`);
          assertStringIncludes(said, `, not ${JSON.stringify(value)}.`);
          // The place is that of the value.
          const [, line, column] = /c\.jsonc:(\d+):(\d+): /.exec(said)!;
          const at = text.split("\n")[Number(line) - 1].slice(Number(column) - 1);
          assertEquals(at.replace(/,$/, ""), JSON.stringify(value), said);
        }
      }
    }
  });

  Deno.test(`each option of lineup ${command} says what it must be`, async () => {
    for (const part of inParts(leaves, SHOWN)) {
      const { code, err } = await run(fileOf(part.map((leaf) => [leaf.path, wrongOf(leaf)])));
      assertEquals(code, 64);
      for (const { path } of part) {
        assert(new RegExp(`: ${path} must be .+, not .+\\.$`, "m").test(err), `${path}\n${err}`);
      }
    }
    const typed = leaves.filter(({ schema }) => wrongOf({ path: "", schema }) !== undefined)
      .filter(({ schema }) =>
        ["x", "none of them"].includes(wrongOf({ path: "", schema }) as string)
      );
    const words = typed.flatMap((leaf) => [`--${flagOf(leaf)}`, "none"]);
    const { code, err } = await lineup(["config", command, ...words]);
    assertEquals(code, 64);
    for (const leaf of typed) {
      const must = new RegExp(`--${flagOf(leaf)} must be .+, not "none"\\.$`, "m");
      assert(must.test(err), `${leaf.path}\n${err}`);
    }
    const env = Object.fromEntries(
      leaves.filter((leaf) => typed.includes(leaf) || leaf.schema.type === "boolean")
        .map((leaf) => [variableOf(flagOf(leaf)), "none"]),
    );
    const ofProcess = await lineupProcess(["config", command], { env });
    assertEquals(ofProcess.code, 64);
    for (const variable of Object.keys(env)) {
      const must = new RegExp(`\\b${variable} must be .+, not "none"\\.$`, "m");
      assert(must.test(ofProcess.err), `${variable}\n${ofProcess.err}`);
    }
  });
}

Deno.test("every limit of a server is an option of lineup queue and lineup serve", () => {
  // deno-lint-ignore no-explicit-any
  const options = tuningOptions({}) as any;
  // The share of a flow follows from the seats.
  const limits = { ...LIMITS, share: undefined };
  const groups = {
    limits: DEFAULT_LIMITS,
    connections: CONNECTION_LIMITS,
    timeouts: TIMEOUTS,
    bounds: CONNECTION_BOUNDS,
    pressure: PRESSURE_MARKS,
    scheduling: limits,
  };
  for (const [group, defaults] of Object.entries(groups)) {
    const names = Object.entries(defaults).filter(([, value]) => value !== undefined);
    assertEquals(Object.keys(options[group]).sort(), names.map(([name]) => name).sort(), group);
  }
});

Deno.test("docs/OPERATIONS.md has the table of all options", async () => {
  const page = await Deno.readTextFile(new URL("../../../docs/OPERATIONS.md", import.meta.url));
  const [, table] = /<!-- lineup config --markdown -->([^]*?)<!-- end -->/.exec(page)!;
  const { out } = await lineup(["config", "--markdown"]);
  const cellsOf = (text: string): string[][] =>
    text.trim().split("\n").map((line) => line.split(/(?<!\\)\|/).map((cell) => cell.trim()))
      .filter(([, cell]) => !/^-+$/.test(cell));
  assertEquals(cellsOf(table), cellsOf(out), "lineup config --markdown");
});
