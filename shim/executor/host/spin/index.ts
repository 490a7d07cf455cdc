import { keyValue } from "./key-value.ts";
import { legacyConfig } from "./legacy/config.ts";
import { legacyHttp } from "./legacy/http.ts";
import { legacyKeyValue } from "./legacy/key-value.ts";
import { legacyRedis } from "./legacy/redis.ts";
import { legacySqlite } from "./legacy/sqlite.ts";
import { redis } from "./redis.ts";
import { refusedInterfaces } from "./refused.ts";
import { sqliteInterfaces } from "./sqlite.ts";
import { variables } from "./variables.ts";

/** What Spin offers to its components beyond WASI. */
export const spinInterfaces = [
  keyValue,
  ...sqliteInterfaces,
  variables,
  redis,
  legacyConfig,
  legacyHttp,
  legacyKeyValue,
  legacySqlite,
  legacyRedis,
  ...refusedInterfaces,
] as const;
