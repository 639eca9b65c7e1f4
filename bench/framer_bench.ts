// How fast bytes become requests, beside the least possible work: find the line ends and decode the lines.

import { encodeFrame, Framer } from "../protocol/mod.ts";

const encoder = new TextEncoder();
const READ = 16_384;

function repeat(request: Uint8Array): Uint8Array {
  const count = Math.max(1, Math.floor(READ / request.length));
  const bytes = new Uint8Array(count * request.length);
  for (let i = 0; i < count; i++) bytes.set(request, i * request.length);
  return bytes;
}

const inputs: Record<string, Uint8Array> = {
  "PING": repeat(encoder.encode("PING\r\n")),
  "four words, two options": repeat(
    encoder.encode('#a1 PUT mail "hello world" key=acme delay=500ms\r\n'),
  ),
  "a body of 100 bytes": repeat(
    encodeFrame({ head: "PUT", words: ["mail"], body: new Uint8Array(100).fill(65) }),
  ),
};

for (const [name, bytes] of Object.entries(inputs)) {
  const framer = new Framer("request");
  framer.push(bytes);
  let requests = 0;
  while (framer.next() !== undefined) requests++;

  Deno.bench({
    name: `Framer: ${requests} x ${name}`,
    group: name,
    fn() {
      framer.push(bytes);
      while (framer.next() !== undefined);
    },
  });

  const decoder = new TextDecoder();
  Deno.bench({
    name: `decode, split at line ends and spaces: ${requests} x ${name}`,
    group: name,
    baseline: true,
    fn() {
      for (const line of decoder.decode(bytes).split("\n")) line.split(" ");
    },
  });
}
