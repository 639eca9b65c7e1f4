// The listener of WebSockets, over the connections of a TCP listener. It decodes frames itself, and reads only where
// the server reads. Deno's own server WebSocket cannot stop reading, so that a client could fill the memory. The
// libraries for node:http do not help: node:http accepts nothing any more once file descriptors have run out.

import { formatAddress, type WebSocketAddress } from "./address.ts";
import { acceptInto, AcceptQueue } from "./accept_queue.ts";
import { type HttpAnswer, refusing, sendAnswer } from "./http_answer.ts";
import { readHead, type RequestHead } from "./http_head.ts";
import { PendingHandshakes } from "./pending_handshakes.ts";
import { mayConnect } from "./origin.ts";
import type { ListenOptions } from "./listen_options.ts";
import { type ByteStream, type Listener, writeAll } from "./stream.ts";
import { LONGEST_MESSAGE } from "./web_socket.ts";
import { ServedWebSocket } from "./web_socket_stream.ts";
import { answerTo, asksForWebSocket } from "./web_socket_handshake.ts";
import { CLOSE } from "./web_socket_frames.ts";

/** Opens WebSockets on the connections of `sockets`. Throws `RangeError` where `maxMessage` is too small. */
export function listenWebSocket(
  sockets: Listener,
  place: WebSocketAddress,
  options: ListenOptions,
): Listener {
  const {
    about = "This address is for WebSockets.",
    origins = [],
    maxMessage = LONGEST_MESSAGE,
    onLongMessage = () => {},
  } = options;
  const { hostname, path } = place;
  const arrivals = new AcceptQueue();
  const opening = new PendingHandshakes(options);

  /** The refusal of a request; `undefined` where it may open a WebSocket. */
  function refusal(request: RequestHead): HttpAnswer | undefined {
    const { target, headers } = request;
    if (target !== path) {
      return refusing("404 Not Found", `There is nothing here. The WebSocket is at ${path}.`);
    }
    if (!asksForWebSocket(request)) {
      return refusing("426 Upgrade Required", about, ["upgrade: websocket"]);
    }
    const origin = headers.get("origin");
    if (mayConnect({ origin, host: headers.get("host") }, hostname, origins)) return undefined;
    const text = `Pages of ${origin} may not connect: the server does not list this origin.`;
    return refusing("403 Forbidden", text);
  }

  /** Opens a WebSocket on a connection, or sends the reason why not. Rejects where the connection is lost. */
  async function open(stream: ByteStream): Promise<ServedWebSocket | undefined> {
    const request = await readHead(stream);
    if (request === undefined) return undefined;
    const answer = "status" in request ? request : refusal(request.head) ?? answerTo(request.head);
    if (typeof answer !== "string") await sendAnswer(stream, answer);
    else if ("rest" in request) {
      await writeAll(stream, new TextEncoder().encode(answer));
      const endCode = (): number => arrivals.closed ? CLOSE.goingAway : CLOSE.normal;
      return new ServedWebSocket(stream, request.rest, { maxMessage, onLongMessage, endCode });
    }
  }

  async function begin(stream: ByteStream): Promise<void> {
    opening.begin(stream);
    try {
      const webSocket = await open(stream);
      if (webSocket === undefined) stream.close();
      else arrivals.push(webSocket);
    } catch {
      // The connection is lost, or `opening` has closed it.
      stream.close();
    } finally {
      opening.end(stream);
    }
  }

  if (!(maxMessage >= LONGEST_MESSAGE)) {
    sockets.close();
    throw new RangeError(`maxMessage must be at least ${LONGEST_MESSAGE}, not ${maxMessage}`);
  }
  acceptInto(arrivals, sockets, begin);
  return {
    address: formatAddress(place),
    renew: sockets.renew,
    accept: () => arrivals.accept(),
    close(): void {
      if (arrivals.closed) return;
      arrivals.close();
      opening.close();
      sockets.close();
    },
  };
}
