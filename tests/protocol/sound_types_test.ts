// The compiler refuses a wrong protocol. A @ts-expect-error is itself an error where the line behind it is right.

import type { ProtocolComplaint } from "../../protocol/sound_protocol.ts";
import { compile, type Protocol, SpecError } from "@lineup/lineup/protocol";
import { assertEquals, assertThrows } from "@std/assert";

const right = { name: "paint-2", version: "1.0", summary: "Paints.", commands: {} } as const;

/** A protocol with its complaint: the compiler checks that it is the sentence of `compile`, the test that it is thrown. */
function complaint<const P>(protocol: P, sentence: ProtocolComplaint<P>): void {
  const { message } = assertThrows(() => compile(protocol as unknown as Protocol), SpecError);
  assertEquals(message, sentence);
}

function painting<const F>(field: F) {
  return { ...right, commands: { PAINT: { summary: "Paint.", args: { color: field } } } } as const;
}

Deno.test("the compiler says of a wrong name, version or enum what compile says", () => {
  const name = 'name: must be a lower-case word of up to 32 letters, digits and "-"';
  complaint({ ...right, name: "Paint" }, name);
  complaint({ ...right, name: "a paint" }, name);
  complaint({ ...right, name: "" }, name);
  const version = "version: must be numbers such as 1.0";
  complaint({ ...right, version: "one" }, version);
  complaint({ ...right, version: "v1.0" }, version);
  complaint({ ...right, version: "" }, version);
  const values = "commands.PAINT.args.color.values: an enum has values, and only an enum";
  complaint(painting({ type: "enum" }), values);
  complaint(painting("enum"), values);
  complaint(painting("enum?"), values);
});

Deno.test("the compiler has nothing to say of what is right, or of what it cannot know", () => {
  const none = <const P>(protocol: P, ..._: [ProtocolComplaint<P>] extends [never] ? [] : [1]) =>
    void compile(protocol as unknown as Protocol);
  none(right);
  none({ ...right, version: "1" });
  none({ ...right, version: "1.20.3" });
  none({ ...right, version: "10.0" as string, name: "paint" as string });
  none(painting({ type: "enum", values: ["red", "blue"] }));
  none(painting("integer?"));
  none(right as Protocol);
});
