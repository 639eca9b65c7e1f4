import { assertEquals } from "@std/assert";
import type { Identities } from "@lineup/lineup/server";
import { nodeToken, withNodes } from "../../../queue/cluster/node_identities.ts";
import { isProof, proofOf } from "../../../queue/cluster/proof.ts";

const people: Identities = {
  authenticate: (token) =>
    token === "person"
      ? { identity: { name: "ann", roles: [], grants: {} }, renewed: () => undefined }
      : { why: "nobody" },
  named: () => undefined,
  watch: () => () => {},
};

Deno.test("a node proves itself by the secret of its cluster, and for its own id only", () => {
  const proof = proofOf("n1", "secret");
  assertEquals(isProof(proof, "n1", "secret"), true);
  for (
    const [given, id, secret] of [[proof, "n2", "secret"], [proof, "n1", "other"], [
      "",
      "n1",
      "secret",
    ]]
  ) {
    assertEquals(isProof(given, id, secret), false);
  }
});

Deno.test("nodes are identities without rights, beside all others", () => {
  const all = withNodes(people, "secret");
  const nameOf = (token: string): string | undefined => {
    const found = all.authenticate(token);
    return "identity" in found ? found.identity.name : undefined;
  };
  assertEquals(nameOf("person"), "ann");
  assertEquals(nameOf(nodeToken("n1", "secret")), ":node");
  assertEquals(nameOf(nodeToken("n1", "other")), undefined);
  assertEquals(nameOf("node:n1:"), undefined);
  assertEquals(all.named(":node")?.identity, { name: ":node", roles: [], grants: {} });
  assertEquals(all.named("ann"), undefined);
});
