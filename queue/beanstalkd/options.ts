import type { Handlers } from "../../server/request/handlers.ts";
import type { beanstalkdProtocol } from "./protocol.ts";

/** The handlers of `beanstalkdProtocol`. */
export type BeanstalkdHandlers = Handlers<typeof beanstalkdProtocol>;

/** The options of clients of beanstalkd; each has a default. */
export interface BeanstalkdOptions {
  /**
   * Patterns of tubes that stand for a key of a queue: the name of the queue, or `*` for any, a separator (one of
   * `-+/;.$_`) and `*`. With `mail.*`, tube `mail.acme` is queue `mail`, key `acme`, and tube `mail` is the whole queue.
   * Default: none, each tube is a queue.
   */
  keys?: readonly string[];
  /** The longest body of a put, in bytes, for `stats`; set the limit of the server to the same. Default 1 MiB. */
  maxBody?: number;
}
