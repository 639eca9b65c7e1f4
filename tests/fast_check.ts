// The version stands here and not in deno.json: `deno task` fetches each npm package of deno.json before any task, also
// before `deno task start`.

export * from "npm:fast-check@4.10.2";
export { default } from "npm:fast-check@4.10.2";
