import { assertEquals, assertThrows } from "@std/assert";
import { rowsOf } from "../../../cli/config/config.ts";
import { readEnvironment } from "../../../cli/configuration/environment.ts";
import { readConfigurationFile } from "../../../cli/configuration/file.ts";
import { reloadable } from "../../../cli/configuration/reload.ts";
import {
  type Configuration,
  type Flag,
  readFlags,
  type Subcommand,
  UsageError,
} from "../../../cli/flags.ts";
import { withDirectory } from "../../temporary_directory.ts";

const SECRET = "s3cr3t";
const flags: Readonly<Record<string, Flag>> = {
  "secret-for-tests": { summary: "A secret.", value: "TOKEN", secret: true, live: true },
  "number-service-port": {
    summary: "A number that is a secret.",
    value: "N",
    type: { type: "integer" },
    secret: true,
  },
};
const target: Subcommand = {
  summary: "",
  args: "",
  count: [0, 0],
  exits: [],
  flags,
  run: () => Promise.resolve(0),
};

function configuration(secret: string, again?: Configuration): Configuration {
  return {
    args: [],
    flags: { "secret-for-tests": secret },
    texts: new Map([["secret-for-tests", [secret]]]),
    origins: new Map(Object.keys(flags).map((flag) => [flag, { from: "flag", at: `--${flag}` }])),
    file: "c.jsonc",
    warnings: [],
    again: () => Promise.resolve(again!),
  };
}

Deno.test("no secret is in what lineup config prints, in a message about it, or in the log of a reload", async () => {
  const [row, none] = rowsOf(target, configuration(SECRET));
  assertEquals([row.text, row.value, row.isHidden], [undefined, undefined, true]);
  assertEquals([none.text, none.isHidden], [undefined, false]);
  const applied: unknown[] = [];
  const { reload } = reloadable(
    target,
    configuration("old", configuration(SECRET)),
    (next) => applied.push(next),
  );
  assertEquals(await reload(), "changed: secretForTests");
  assertEquals(applied, [{ "secret-for-tests": SECRET }]);
  assertThrows(
    () => readFlags("x", target, ["--number-service-port", SECRET]),
    UsageError,
    "--number-service-port must be an integer.",
  );
  await withDirectory(async (directory) => {
    const path = `${directory}/c.jsonc`;
    await Deno.writeTextFile(path, `{ "numberServicePort": "${SECRET}" }`);
    const { problems } = readConfigurationFile(path, flags);
    assertEquals(problems, [`${path}:1:24: numberServicePort must be an integer.`]);
  });
  const variable = "LINEUP_NUMBER_SERVICE_PORT";
  Deno.env.set(variable, SECRET);
  try {
    assertEquals(readEnvironment(flags).problems, [`${variable} must be an integer.`]);
  } finally {
    Deno.env.delete(variable);
  }
});
