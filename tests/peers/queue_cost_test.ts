import { HAS_PROC } from "../attacks/attacked_process.ts";
import { fillFixture } from "../queue/cost/cost_fixture.ts";
import { fuzz, IN_MEMORY } from "../queue/cost/cost_fuzz.ts";
import { Costed } from "../queue/cost/costed.ts";
import { SEED } from "../seeded_random.ts";

Deno.test({
  name: `lineup queue in memory is held by no request for long (LINEUP_SEED=${SEED})`,
  ignore: !HAS_PROC,
  fn: () =>
    fuzz(async () => {
      const server = await Costed.start(":memory:");
      await fillFixture(server, IN_MEMORY);
      // The garbage of that is not of the requests.
      await server.report();
      return server;
    }, IN_MEMORY),
});
