/** The version of the wire protocol, as greetings, HELLO and TLS (ALPN) name it. */
export const VERSION = "lineup/1";
