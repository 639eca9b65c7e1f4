import { playSession } from "./player.ts";
import { DIFFERENCES, sessions } from "./sessions.ts";
import { openStage } from "./stage.ts";
import { assertEquals } from "@std/assert";

for (const session of sessions) {
  Deno.test(`beanstalkd: ${session.name}`, async () => {
    await using stage = await openStage();
    await playSession(session, {
      isTheirs: false,
      connect: () => stage.connect(),
      elapse: (ms) => stage.clock.elapse(ms),
      async settle(isThere = () => false) {
        for (let turns = 0; turns < 20 && !isThere(); turns++) await stage.clock.elapse(0);
      },
    });
    assertEquals(stage.logged.filter(({ level }) => level === "error"), []);
  });
}

Deno.test("each difference to beanstalkd is met by a session", () => {
  const met = sessions.flatMap(({ steps, oursOnly }) => [
    ...oursOnly === undefined ? [] : [oursOnly],
    ...steps.flatMap((step) => "theirs" in step && step.theirs ? [step.theirs.why] : []),
  ]);
  assertEquals(Object.keys(DIFFERENCES).filter((why) => !met.some((each) => each === why)), []);
});
