import { assertEquals } from "@std/assert";
import { reloader, type ReloadOutcome } from "../../server/reloads.ts";

Deno.test("a reload that comes during another one follows it, however many come", async () => {
  const told: ReloadOutcome[] = [];
  const begun: PromiseWithResolvers<string>[] = [];
  const all = [{
    name: "file",
    reload: () => {
      const next = Promise.withResolvers<string>();
      begun.push(next);
      return next.promise;
    },
  }];
  const reload = reloader(all, (outcome) => told.push(outcome));
  for (let i = 0; i < 3; i++) reload();
  assertEquals(begun.length, 1);
  begun[0].resolve("first");
  while (begun.length < 2) await Promise.resolve();
  begun[1].reject("no reason");
  while (told.length < 2) await Promise.resolve();
  assertEquals(told, [{ what: "file", did: "first" }, { what: "file", why: "no reason" }]);
  await Promise.resolve();
  assertEquals(begun.length, 2);
  reload();
  assertEquals(begun.length, 3);
});

Deno.test("what is added to the list while the server runs is read again too", async () => {
  const told: ReloadOutcome[] = [];
  const all = [{ name: "one", reload: () => "1" }];
  const reload = reloader(all, (outcome) => told.push(outcome));
  all.push({ name: "two", reload: () => "2" });
  reload();
  while (told.length < 2) await Promise.resolve();
  assertEquals(told, [{ what: "one", did: "1" }, { what: "two", did: "2" }]);
});
