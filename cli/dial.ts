// Connecting to a server, for each command that needs one.

import type { Dial } from "../client/mod.ts";
import { VERSION } from "../dialects/lineup1/version.ts";
import { type ByteStream, connectStream } from "../net/mod.ts";
import { authenticated } from "./authenticated_stream.ts";
import { credentialFlags, type Credentials, readToken } from "./credentials.ts";
import type { Flag } from "./flags.ts";

/** The flags of each command that connects. */
export const dialFlags: Readonly<Record<string, Flag>> = {
  context: {
    value: "CONTEXT",
    summary: "The server of this context, in place of ADDRESS. See lineup context.",
  },
  ...credentialFlags,
};

/** A function that connects, and proves who the client is. It trusts certificates besides those of the system. */
export function dialer({ tls, token, tokenFile }: Credentials): Dial {
  return async (address, { signal, alpn = VERSION }) => {
    const stream = await connectStream(address, { signal, alpn, tls });
    const text = tokenFile === undefined ? token : readToken(tokenFile);
    return text === undefined ? stream : await provenOn(stream, text, signal);
  };
}

async function provenOn(
  stream: ByteStream,
  token: string,
  signal: AbortSignal | undefined,
): Promise<ByteStream> {
  const onAbort = (): void => stream.close();
  signal?.addEventListener("abort", onAbort);
  if (signal?.aborted) onAbort();
  try {
    return await authenticated(stream, token);
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  } finally {
    signal?.removeEventListener("abort", onAbort);
  }
}
