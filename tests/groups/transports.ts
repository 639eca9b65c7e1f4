import { loadGroup } from "../groups.ts";

await loadGroup("transports");
