// `/history`: the figures of the last two hours, for the page.

import { refusing } from "../../net/http_answer.ts";
import { OPERATOR } from "../access.ts";
import type { AdminRoute } from "../routes.ts";
import type { FigureHistory } from "./history.ts";

/** The route of the history; `history` has none while the server starts. */
export function historyRoute(history: () => FigureHistory | undefined): AdminRoute {
  return {
    path: "/history",
    roles: [OPERATOR],
    answer({ target }) {
      const { searchParams } = new URL(target, "http://page");
      const number = (name: string): number => Number(searchParams.get(name) ?? 0);
      const body = history()?.answer(number("since"), number("after"));
      if (body === undefined) return refusing("503 Service Unavailable", "The server starts.");
      const headers = ["cache-control: no-store"];
      return { status: "200 OK", type: "application/json", body, headers };
    },
  };
}
