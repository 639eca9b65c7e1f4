// beanstalkd's protocol as a dialect.

import { type Builtin, type Dialect, type Failure, PLAIN_WORDING } from "../../dialects/dialect.ts";
import { compileProtocol } from "../../protocol/compile.ts";
import { encodeText } from "../../protocol/strings.ts";
import { wordOf } from "./answers.ts";
import { BeanstalkdSession } from "./session.ts";

const QUIT: Builtin = {
  command: { summary: "End the connection." },
  control: true,
  run: (_args, context) => context.quit(),
};

/**
 * The protocol of beanstalkd, for `beanstalkdProtocol` and its handlers.
 *
 * @example
 * ```ts
 * import { beanstalkd, beanstalkdProtocol, openQueue } from "@lineup/lineup/queue";
 * import { serve } from "@lineup/lineup/server";
 * import { assertEquals } from "@std/assert";
 *
 * await using queue = await openQueue();
 * const handlers = queue.beanstalkd();
 * await using server = await serve(beanstalkdProtocol, handlers, { dialect: beanstalkd, port: 0 });
 *
 * const { port } = new URL(server.address);
 * using connection = await Deno.connect({ hostname: "127.0.0.1", port: Number(port) });
 * await connection.write(new TextEncoder().encode("put 0 0 60 5\r\nhello\r\nquit\r\n"));
 * assertEquals(await new Response(connection.readable).text(), "INSERTED 1\r\n");
 * ```
 */
export const beanstalkd: Dialect = {
  name: "beanstalkd/1.13",
  about: "This is a server for clients of beanstalkd.",
  builtins: { QUIT },
  wording: PLAIN_WORDING,
  // A worker that ends while it waits in a reserve only closes its connection: nobody must wait for it.
  halfCloses: false,
  compile: (protocol) => compileProtocol(protocol, { builtins: { QUIT: QUIT.command } }),
  open: (_peer, served) => new BeanstalkdSession(served),
  refuseConnection: (failure: Failure) => encodeText(`${wordOf(failure, undefined)}\r\n`),
};
