// `/metrics`.

import type { Metric } from "../../server/metric.ts";
import { OPERATOR, SCRAPER } from "../access.ts";
import type { AdminRoute } from "../routes.ts";
import { negotiate, writeMetrics } from "./exposition.ts";

/** The route of metrics. `metrics` is called for each request. */
export function metricsRoute(metrics: () => Iterable<Metric>): AdminRoute {
  return {
    path: "/metrics",
    roles: [OPERATOR, SCRAPER],
    answer({ headers }) {
      const format = negotiate(headers.get("accept"));
      const body = writeMetrics(metrics(), format);
      const about = ["cache-control: no-store", "vary: accept"];
      return { status: "200 OK", type: format.type, body, headers: about };
    },
  };
}
