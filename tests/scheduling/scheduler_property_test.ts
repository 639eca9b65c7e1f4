import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  CostEstimate,
  fixedSeats,
  type FlowHandle,
  RateLimiter,
  Scheduler,
  Ticket,
} from "../../scheduling/mod.ts";
import { LONG, SEED, seededRandom } from "../seeded_random.ts";
import { VirtualClock } from "../../testing/virtual_clock.ts";

/** Counts its ends, of which there must be one. */
class Probe extends Ticket {
  ends = 0;
  runs = 0;
}

const some = fc.nat();
const action = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constantFrom("submit", "submit", "submit many"),
      at: some,
      within: fc.constantFrom(1, 20, 100, 3_000, Infinity),
    }),
  },
  {
    weight: 7,
    arbitrary: fc.record({
      do: fc.constantFrom("finish", "finish", "park", "unpark", "cancel", "yield"),
      at: some,
      within: some,
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("advance"),
      at: fc.constantFrom(0, 1, 15, 40, 500),
      within: some,
    }),
  },
);

Deno.test("Scheduler ends each request once and keeps nothing of it, whatever happens", () => {
  fc.assert(
    fc.property(
      fc.array(action, { maxLength: 250 }),
      fc.record({
        seed: some,
        seats: fc.integer({ min: 1, max: 4 }),
        sync: fc.boolean(),
        share: fc.constantFrom(1, Infinity),
      }),
      (actions, { seed, seats, sync, share }) => {
        const clock = new VirtualClock();
        const random = seededRandom(seed);
        const all: Probe[] = [];
        const going: (() => void)[] = [];
        const counts = { submitted: 0, refused: 0, cancelled: 0, finished: 0 };
        const scheduler = new Scheduler<Probe>({
          clock,
          random,
          seats: fixedSeats(seats),
          run: (ticket) => {
            ticket.runs++;
            assert(ticket.deadline >= clock.now(), "never runs expired work");
            const taken = all.filter(({ phase }) => phase === "running").length;
            assert(taken <= seats + 1, "seats are bounded");
            if (sync && random() < 0.5) finish(ticket);
          },
          resume: (ticket) => {
            ticket.runs++;
          },
          refuse: (ticket) => {
            assertEquals(ticket.runs, 0, "what has started is not refused");
            ticket.ends++;
            counts.refused++;
            // The client comes back at once.
            if (random() < 0.1) submit(ticket.lane, 50);
          },
          yield: (go) => going.push(go),
          limits: { flow: 6, waiting: 12, bytes: 2_000, parked: 4, guests: 3, share },
        });
        const finish = (ticket: Probe) => {
          ticket.ends++;
          counts.finished++;
          scheduler.finish(ticket);
        };
        const limiter = new RateLimiter({ rate: 500, burst: 100 });
        const names = ["control", "interactive", "normal", "background"];
        const handles = names.flatMap((name, i) =>
          ["a", "b", "c"].flatMap((key) =>
            [false, true].map((guest) =>
              scheduler.openFlow(name, key, { guest, weight: 1 + i, meters: [limiter.meter(key)] })
            )
          )
        );
        const command = new CostEstimate();
        const submit = (handle: FlowHandle, within: number) => {
          const bytes = Math.floor(random() * 500);
          const ticket = new Probe(handle, command, bytes, clock.now() + within);
          all.push(ticket);
          counts.submitted++;
          scheduler.submit(ticket);
        };
        const check = () => {
          const { classes, waiting, seats: used } = scheduler.statistics();
          const sum = (name: "waiting" | "running" | "parked") =>
            classes.reduce((sum, figures) => sum + figures[name], 0);
          const inPhase = (...phases: string[]) =>
            all.filter(({ phase }) => phases.includes(phase)).length;
          assertEquals(sum("waiting"), inPhase("waiting", "resuming"));
          assertEquals(sum("running"), inPhase("running"));
          assertEquals(sum("parked"), inPhase("parked"));
          assertEquals(used.taken, inPhase("running"));
          assert(waiting.count <= 12 + 4 && waiting.bytes <= 2_000 + 4 * 500);
          for (const ticket of all) {
            assertEquals(ticket.waits, ["waiting", "resuming"].includes(ticket.phase));
            if (ticket.phase === "done") assertEquals([ticket.tick, ticket.ends], [0, 1]);
            else assertEquals(ticket.ends, 0);
          }
          // No request waits beside a free seat, unless its flow holds its share.
          const most = share < Infinity ? 1 : seats;
          if (going.length === 0) assert(waiting.count === 0 || used.taken >= most);
        };
        for (const { do: verb, at, within } of actions) {
          const pick = (phase: string) => {
            const those = all.filter((ticket) => ticket.phase === phase);
            return those[at % those.length];
          };
          if (verb === "submit") submit(handles[at % handles.length], within);
          else if (verb === "submit many") {
            for (let i = 0; i < 8; i++) submit(handles[at % handles.length], within);
          } else if (verb === "advance") clock.advance(at);
          else if (verb === "yield") going.shift()?.();
          else if (verb === "finish") {
            const ticket = pick(["running", "parked", "resuming"][at % 3]) ?? pick("running");
            if (ticket) finish(ticket);
          } else if (verb === "park") {
            const ticket = pick("running");
            if (ticket) scheduler.park(ticket);
          } else if (verb === "unpark") {
            const ticket = pick("parked");
            if (ticket) scheduler.unpark(ticket);
          } else if (verb === "cancel") {
            const ticket = pick("waiting");
            if (!ticket) continue;
            ticket.ends++;
            counts.cancelled++;
            assert(scheduler.cancel(ticket));
          }
          check();
        }
        for (let busy = true; busy;) {
          busy = false;
          for (const ticket of all) {
            if (!["running", "parked", "resuming"].includes(ticket.phase)) continue;
            finish(ticket);
            busy = true;
          }
          while (going.length > 0) going.shift()!();
          busy ||= all.some(({ phase }) => phase !== "done");
        }
        check();
        const { submitted, refused, cancelled, finished } = counts;
        assertEquals(refused + cancelled + finished, submitted);
        const { waiting, seats: used, heaviest } = scheduler.statistics();
        assertEquals([waiting, used.taken, heaviest], [{ count: 0, bytes: 0 }, 0, []]);
        for (const handle of handles) {
          assertEquals([handle.head, handle.waiting, handle.flow.turn], [null, 0, null]);
          assertEquals([handle.flow.waiting, handle.flow.bytes, handle.flow.index], [0, 0, -1]);
          for (const { running, parked, held } of handle.hand ?? [handle.flow]) {
            assertEquals([running, parked, held], [0, 0, false]);
          }
        }
        clock.advance(1_000);
        assertEquals(clock.pending, 0, "the timer is not set for nothing");
      },
    ),
    { seed: SEED, numRuns: 150 * LONG },
  );
});
