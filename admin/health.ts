// Whether the process lives, and whether it takes requests.

import type { HttpAnswer } from "../net/http_answer.ts";
import type { AdminRoute } from "./routes.ts";

const NEVER_STORED = ["cache-control: no-store"];

/** `/healthz`: the process answers, so it lives. */
export const liveness: AdminRoute = {
  path: "/healthz",
  answer: () => ({ status: "200 OK", body: "ok\n", headers: NEVER_STORED }),
};

/** `/readyz`: `unready` tells why no request should be sent here now, in words; `undefined` where it may. */
export function readiness(unready: () => string | undefined): AdminRoute {
  return {
    path: "/readyz",
    answer(): HttpAnswer {
      const reason = unready();
      if (reason === undefined) return { status: "200 OK", body: "ready\n", headers: NEVER_STORED };
      return {
        status: "503 Service Unavailable",
        body: `not ready: ${reason}\n`,
        headers: NEVER_STORED,
      };
    },
  };
}
