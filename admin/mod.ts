/**
 * The admin port of a server: health, figures, a page, over HTTP.
 *
 * @module
 */

export type { AdminOptions, AdminServer } from "./admin_options.ts";
export { serveAdmin } from "./serve_admin.ts";
export type { AdminAsset } from "./routes.ts";
export type { PageOptions } from "./page/page.ts";
export type { RecordedFigure } from "./page/history.ts";
export type { QueueSample } from "./page/queue_sample.ts";
