export * from "./protocol/mod.ts";
export * from "./server/mod.ts";
