// For Node: `node.mjs FILE REDIS-PORT PORT ROUNDS`. FILE is pings.ts, bundled for Node.

import { argv, version } from "node:process";
import { Redis } from "ioredis";

const [file, ...numbers] = argv.slice(2);
const [redisPort, port, rounds] = numbers.map(Number);
const { comparePings } = await import(file);
const redis = new Redis({ host: "127.0.0.1", port: redisPort, enableAutoPipelining: true });
await comparePings(`Node ${version}`, redis, port, rounds);
redis.disconnect();
