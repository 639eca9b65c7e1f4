// The worker script of docs/QUEUE.md, word for word, with jobs of hostile producers.

import { assertEquals, assertMatch } from "@std/assert";
import { lineupProcess } from "../cli/lineup_process.ts";
import { serveQueue } from "../cli/queue_here.ts";
import { AUTHORITY_FILE, identity } from "../transports/tls.ts";
import { find } from "./program.ts";

const DOCUMENT = new URL("../../docs/QUEUE.md", import.meta.url);

// Takes the place of ImageMagick's convert: copies its input file to its output file.
const CONVERT = `#!/bin/sh
[ $# = 4 ] && [ "$2 $3" = "-resize 200x200" ] || exit 64
in=\${1#jpeg:} out=\${4#png:}
[ "$in" != "$1" ] && [ "$out" != "$4" ] || exit 64
cat < "$in" > "$out"
`;

/** Makes a folder for the worker: its script, its convert, and its temporary files. */
async function workplace(): Promise<{ folder: string; env: Record<string, string> }> {
  const folder = await Deno.makeTempDir();
  const text = await Deno.readTextFile(DOCUMENT);
  const [, script] = /^```sh\n(#!\/bin\/sh\n# thumbnail.*?)^```/ms.exec(text)!;
  for (const name of ["bin", "tmp", "work"]) await Deno.mkdir(`${folder}/${name}`);
  const programs = { "work/thumbnail": script, "bin/convert": CONVERT };
  for (const [name, program] of Object.entries(programs)) {
    await Deno.writeTextFile(`${folder}/${name}`, program, { mode: 0o755 });
  }
  const env = {
    PATH: `${folder}/bin:${Deno.env.get("PATH")}`,
    TMPDIR: `${folder}/tmp`,
    CURL_CA_BUNDLE: AUTHORITY_FILE,
  };
  return { folder, env };
}

/** The files below a folder, by their paths in it. */
function filesIn(folder: string, path = ""): string[] {
  return [...Deno.readDirSync(`${folder}/${path}`)].flatMap(({ name, isDirectory }) =>
    isDirectory ? filesIn(folder, `${path}${name}/`) : [path + name]
  ).toSorted();
}

Deno.test("the worker script of docs/QUEUE.md writes to its own files only, for any body and key", async () => {
  await find("curl");
  const { folder, env } = await workplace();
  const asked: string[] = [];
  const pictures = Deno.serve({ ...identity, port: 0, onListen() {} }, ({ url }) => {
    const { pathname } = new URL(url);
    asked.push(pathname);
    return pathname === "/away"
      ? new Response(null, { status: 302, headers: { location: "file:///etc/passwd" } })
      : new Response(`the picture of ${pathname}`);
  });
  const site = `https://localhost:${pictures.addr.port}`;
  const evil = `${folder}/evil`;
  const good = `${site}/good.jpg`;
  const jobs: readonly { body: string; key?: string; becomes: string }[] = [
    { body: good, key: "acme", becomes: "done" },
    { body: `${good}\n`, key: "-rf", becomes: "done" },
    { body: `${good}\n-o${evil}\n`, key: "two-lines", becomes: "done" },
    { body: `${site}/$(touch ${evil})\`touch ${evil}\``, key: "shell", becomes: "delayed" },
    ...[
      `-o${evil}`,
      `--output=${evil}`,
      `-K${folder}/work/thumbnail`,
      "@/etc/passwd",
      "file:///etc/passwd",
      "FILE:///etc/passwd",
      `-o${evil} ${good}`,
      ` ${good}`,
      `;touch ${evil}`,
      "",
      "\n",
      "\0",
    ].map((body) => ({ body, key: "acme", becomes: "dead" })),
    { body: `${site}/{a,b}[1-9]`, key: "glob", becomes: "done" },
    { body: `https://-o${evil}`, key: "host", becomes: "delayed" },
    { body: `${good}${"x".repeat(200_000)}`, key: "long", becomes: "delayed" },
    ...[
      "../evil",
      "..",
      "/",
      `${evil.slice(0, 100)}`,
      "a/b",
      "$(touch${IFS}evil)",
      "*",
      "é",
      "a\\b",
      "%d",
      undefined,
    ].map((key) => ({ body: good, key, becomes: "dead" })),
  ];
  try {
    await using queue = await serveQueue();
    for (const { body, key } of jobs) {
      await queue.client.PUT({ queue: "pictures", body, key, backoff: 3_600_000 });
    }
    const args = ["work", "--until-empty", "--concurrency", "4", queue.address, "pictures", "--"];
    const { code } = await lineupProcess([...args, "./thumbnail"], { cwd: `${folder}/work`, env });
    assertEquals(code, 0);
    const left = await queue.client.LIST({ queue: "pictures" }).all();
    const became = new Map(left.map(({ id, state }) => [id, state]));
    assertEquals(
      jobs.map(({ body, key }, at) => [body.slice(0, 60), key, became.get(at + 1) ?? "done"]),
      jobs.map(({ body, key, becomes }) => [body.slice(0, 60), key, becomes]),
    );
    for (const { reason = "" } of left) assertMatch(reason, /^exit code (75|100)/);
    const made = ["-rf/2.png", "acme/1.png", "glob/17.png", "two-lines/3.png"].map((path) =>
      `thumbs/${path}`
    );
    assertEquals(filesIn(folder), [
      "bin/convert",
      "work/thumbnail",
      ...made.map((path) => `work/${path}`),
    ]);
    const pictured = await Promise.all(
      made.map((path) => Deno.readTextFile(`${folder}/work/${path}`)),
    );
    // curl must take braces and brackets as one address.
    const many = "/%7Ba,b%7D[1-9]";
    const paths = ["/good.jpg", "/good.jpg", many, "/good.jpg"];
    assertEquals(pictured, paths.map((path) => `the picture of ${path}`));
    assertEquals(asked.toSorted(), paths.toSorted());
  } finally {
    await pictures.shutdown();
    await Deno.remove(folder, { recursive: true });
  }
});
