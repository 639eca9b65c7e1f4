// What a browser has: WebSocket. It says itself what is wrong with other addresses.

export { connectWebSocket as connectStream } from "./web_socket.ts";
