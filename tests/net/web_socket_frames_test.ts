import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { binaryFrame, closeFrame, FrameDecoder, pongFrame } from "../../net/web_socket_frames.ts";

const CONTINUED = 0, TEXT = 1, BINARY = 2, CLOSING = 8, PING = 9, PONG = 10;

interface Sent {
  readonly opcode: number;
  readonly payload: Uint8Array;
  readonly isFinal?: boolean;
  /** The bits of the first byte beside the opcode. */
  readonly bits?: number;
  readonly masked?: boolean;
}

/** A frame of a client. */
function clientFrame(
  { opcode, payload, isFinal = true, bits = 0, masked = true }: Sent,
): Uint8Array {
  const { length } = payload;
  const extended = length < 126
    ? []
    : length < 65_536
    ? [length >> 8, length & 0xff]
    : [0, 0, 0, 0, length >>> 24, length >> 16 & 0xff, length >> 8 & 0xff, length & 0xff];
  const short = extended.length === 0 ? length : extended.length === 2 ? 126 : 127;
  const mask = masked ? [0x37, 0xfa, 0x21, 0x3d] : [];
  return Uint8Array.from([
    (isFinal ? 0x80 : 0) | bits | opcode,
    (masked ? 0x80 : 0) | short,
    ...extended,
    ...mask,
    ...payload.map((byte, i) => masked ? byte ^ mask[i & 3] : byte),
  ]);
}

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

function concat(parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

/** Decodes bytes in pieces of these sizes. */
function decode(bytes: Uint8Array, sizes: readonly number[], maxMessage = 65_536) {
  const told: string[] = [];
  const decoder = new FrameDecoder(maxMessage, {
    ping: (payload) => told.push(`ping ${new TextDecoder().decode(payload)}`),
    close: (code) => told.push(`close ${code}`),
    end: () => told.push("end"),
  });
  const stream: number[] = [];
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const piece = bytes.slice(at, at + sizes[i % sizes.length]);
    at += piece.length;
    stream.push(...piece.subarray(0, decoder.decode(piece)));
  }
  const { failure } = decoder;
  return {
    stream: Uint8Array.from(stream),
    told,
    failure: failure && [failure.code, failure.message],
  };
}

const sizesOf = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 5 });

Deno.test("frames carry the same stream for any cuts and fragments", () => {
  const message = fc.record({
    pieces: fc.array(fc.uint8Array({ minLength: 1, maxLength: 300 }), {
      minLength: 1,
      maxLength: 4,
    }),
    pings: fc.boolean(),
  });
  fc.assert(fc.property(fc.array(message, { maxLength: 5 }), sizesOf, (messages, sizes) => {
    const frames: Uint8Array[] = [];
    const pings: string[] = [];
    for (const { pieces, pings: isPinged } of messages) {
      for (const [i, payload] of pieces.entries()) {
        const opcode = i === 0 ? BINARY : CONTINUED;
        frames.push(clientFrame({ opcode, payload, isFinal: i === pieces.length - 1 }));
        if (!isPinged) continue;
        frames.push(clientFrame({ opcode: PING, payload: utf8(`p${i}`) }));
        frames.push(clientFrame({ opcode: PONG, payload: utf8("nobody asked") }));
        pings.push(`ping p${i}`);
      }
    }
    const expected = concat(messages.flatMap(({ pieces }) => pieces));
    const { stream, told, failure } = decode(concat(frames), sizes);
    assertEquals([stream, told, failure], [expected, pings, undefined]);
  }));
});

Deno.test("a text message must be UTF-8, for any cuts, and its bytes are bytes of the stream", () => {
  fc.assert(fc.property(fc.string({ unit: "grapheme", minLength: 1 }), sizesOf, (text, sizes) => {
    const payload = utf8(text);
    const half = Math.floor(payload.length / 2);
    const frames = [
      clientFrame({ opcode: TEXT, payload: payload.slice(0, half), isFinal: false }),
      clientFrame({ opcode: CONTINUED, payload: payload.slice(half) }),
    ];
    const { stream, failure } = decode(concat(frames), sizes);
    assertEquals([stream, failure], [payload, undefined]);
  }));
});

Deno.test("a decoder throws for no bytes, and never returns more bytes than it takes", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 400 }), sizesOf, (bytes, sizes) => {
    const { stream } = decode(bytes, sizes);
    assert(stream.length <= bytes.length);
  }));
});

const BEFORE = clientFrame({ opcode: BINARY, payload: utf8("before") });
const a = utf8("a");

const wrong: readonly [what: string, frames: Uint8Array[], code: number, message: string][] = [
  ["not masked", [clientFrame({ opcode: BINARY, payload: a, masked: false })], 1002, "not masked"],
  ["a reserved bit", [clientFrame({ opcode: BINARY, payload: a, bits: 0x40 })], 1002, "reserved"],
  ["opcode 3", [clientFrame({ opcode: 3, payload: a })], 1002, "no opcode 3"],
  ["opcode 11", [clientFrame({ opcode: 11, payload: a })], 1002, "no opcode 11"],
  ["nothing to continue", [clientFrame({ opcode: CONTINUED, payload: a })], 1002, "continues no"],
  [
    "a message within another",
    [
      clientFrame({ opcode: BINARY, payload: a, isFinal: false }),
      clientFrame({ opcode: BINARY, payload: a }),
    ],
    1002,
    "within another",
  ],
  [
    "a ping in pieces",
    [clientFrame({ opcode: PING, payload: a, isFinal: false })],
    1002,
    "fragmented",
  ],
  [
    "a long ping",
    [clientFrame({ opcode: PING, payload: new Uint8Array(126) })],
    1002,
    "longer than 125",
  ],
  [
    "a long message",
    [clientFrame({ opcode: BINARY, payload: new Uint8Array(65_537) })],
    1009,
    "more than 65536",
  ],
  [
    "a long message in pieces",
    [
      clientFrame({ opcode: BINARY, payload: new Uint8Array(60_000), isFinal: false }),
      clientFrame({ opcode: CONTINUED, payload: new Uint8Array(6000) }),
    ],
    1009,
    "more than 65536",
  ],
  [
    "a length beyond all",
    [Uint8Array.of(0x82, 0xff, 0x7f, ...Array(7).fill(0xff), 1, 2, 3, 4)],
    1009,
    "more than 65536",
  ],
  [
    "a length below zero",
    [Uint8Array.of(0x82, 0xff, ...Array(8).fill(0xff), 1, 2, 3, 4)],
    1002,
    "first bit",
  ],
  [
    "a short length in 2 bytes",
    [Uint8Array.of(0x82, 0xfe, 0, 1, 0, 0, 0, 0, 0x61)],
    1002,
    "a length of 1 is written with 2 bytes",
  ],
  [
    "125 in 2 bytes",
    [Uint8Array.of(0x81, 0xfe, 0, 125, 0, 0, 0, 0), new Uint8Array(125)],
    1002,
    "a length of 125 is written with 2 bytes",
  ],
  [
    "no bytes, in 8",
    [Uint8Array.of(0x82, 0xff, ...Array(8).fill(0), 0, 0, 0, 0)],
    1002,
    "a length of 0 is written with 8 bytes",
  ],
  [
    "65535 in 8 bytes",
    [Uint8Array.of(0x82, 0xff, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 0, 0), new Uint8Array(65_535)],
    1002,
    "a length of 65535 is written with 8 bytes",
  ],
  ["text in Latin-1", [clientFrame({ opcode: TEXT, payload: Uint8Array.of(0xe9) })], 1007, "UTF-8"],
  [
    "a character that is cut",
    [clientFrame({ opcode: TEXT, payload: Uint8Array.of(0xc3) })],
    1007,
    "UTF-8",
  ],
  ["half of a code", [clientFrame({ opcode: CLOSING, payload: a })], 1002, "half of a code"],
  [
    "a code that is none",
    [clientFrame({ opcode: CLOSING, payload: Uint8Array.of(0x03, 0xee) })],
    1002,
    "code 1006",
  ],
  [
    "a reason that is none",
    [clientFrame({ opcode: CLOSING, payload: Uint8Array.of(0x03, 0xe8, 0xff) })],
    1007,
    "UTF-8",
  ],
];

for (const [what, frames, code, message] of wrong) {
  Deno.test(`a broken rule is named, behind the bytes that came before: ${what}`, () => {
    for (const sizes of [[1 << 20], [1]]) {
      const { stream, failure } = decode(concat([BEFORE, ...frames, BEFORE]), sizes);
      assertEquals(new TextDecoder().decode(stream.slice(0, 6)), "before");
      assert(!new TextDecoder().decode(stream.slice(6)).includes("before"));
      assertEquals(failure?.[0], code);
      assert(String(failure?.[1]).includes(message), String(failure?.[1]));
    }
  });
}

Deno.test("an empty message ends the stream, a close ends the WebSocket; later bytes are ignored", () => {
  const empty = clientFrame({ opcode: BINARY, payload: new Uint8Array() });
  const bye = clientFrame({ opcode: CLOSING, payload: Uint8Array.of(0x0f, 0xa0, ...utf8("bye")) });
  const bare = clientFrame({ opcode: CLOSING, payload: new Uint8Array() });
  for (const sizes of [[1 << 20], [1]]) {
    const ended = decode(concat([BEFORE, empty, BEFORE, empty, bye, BEFORE]), sizes);
    assertEquals([ended.stream, ended.told], [utf8("before"), ["end", "close 4000"]]);
    assertEquals(decode(concat([bare, BEFORE]), sizes).told, ["close 1005"]);
  }
});

Deno.test("frames of a server have no mask, and the shortest head", () => {
  for (const [size, head] of [[5, [5]], [126, [126, 0, 126]], [65_535, [126, 255, 255]]] as const) {
    assertEquals([...binaryFrame(new Uint8Array(size)).subarray(0, 1 + head.length)], [
      0x82,
      ...head,
    ]);
  }
  const long = binaryFrame(new Uint8Array(65_536));
  assertEquals([...long.subarray(0, 10)], [0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0]);
  assertEquals(long.length, 65_546);
  assertEquals([...pongFrame(a)], [0x8a, 1, 0x61]);
  assertEquals([...closeFrame(1000)], [0x88, 2, 0x03, 0xe8]);
  assertEquals([...closeFrame(1005)], [0x88, 0]);
});
