import { assertEquals } from "@std/assert";
import type { ByteStream, Listener } from "../../../net/mod.ts";
import { RawClient } from "../../raw_client.ts";
import { TestServer } from "../../test_server.ts";
import { PeerListener, settle } from "../../streams.ts";

/** A connection whose reads and writes end when the test says so. */
class ManualStream implements ByteStream {
  readonly peer = "198.51.100.1:1";
  readonly #write = Promise.withResolvers<number>();
  #read = Promise.withResolvers<number | null>();
  #buffer: Uint8Array = new Uint8Array();

  read(buffer: Uint8Array): Promise<number | null> {
    this.#buffer = buffer;
    this.#read = Promise.withResolvers();
    return this.#read.promise;
  }

  write(): Promise<number> {
    return this.#write.promise;
  }

  closeWrite(): Promise<void> {
    return Promise.resolve();
  }

  close(): void {
    this.#read.resolve(null);
  }

  /** Fills the buffer of the waiting read with the beginning of a body. */
  receive(): void {
    const text = "ECHO {900000}\n".padEnd(this.#buffer.length, "x");
    this.#buffer.set(new TextEncoder().encode(text));
    this.#read.resolve(this.#buffer.length);
  }

  /** Makes writes fail. */
  failWrites(): void {
    this.#write.reject(new Deno.errors.BrokenPipe("gone"));
  }
}

Deno.test("a client that is lost at its turn to be read stops no other client's turn", async () => {
  const arriving: PromiseWithResolvers<ByteStream | undefined>[] = [Promise.withResolvers()];
  const manual: Listener = {
    address: "memory:manual",
    accept: () => arriving[arriving.length - 1].promise,
    close: () => arriving[arriving.length - 1].resolve(undefined),
  };
  const listener = new PeerListener();
  await using testServer = await TestServer.open({ listen: [listener, manual] });
  // The client is lost at each step of its turn.
  for (let steps = 0; steps < 12; steps++) {
    const stream = new ManualStream();
    const arrived = arriving[arriving.length - 1];
    arriving.push(Promise.withResolvers());
    arrived.resolve(stream);
    // A client that has sent more than 16 KiB is read in turn with others.
    for (let reads = 0; reads < 3; reads++) {
      await settle(testServer);
      stream.receive();
    }
    for (let step = 0; step < steps; step++) await undefined;
    stream.failWrites();
    await settle(testServer);
  }
  using other = await RawClient.open(listener.connect("198.51.100.2:1"));
  await other.send(`ECHO {20000}\n${"x".repeat(20_000)}\n`);
  assertEquals(await other.line(), "OK {20000}");
});
