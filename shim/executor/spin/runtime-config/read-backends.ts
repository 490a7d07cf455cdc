import { quote } from "../document/quote.ts";
import type { Table } from "../document/table.ts";
import { readByType, urlOf } from "./read-by-type.ts";
import type {
  KeyValueStoreConfig,
  LlmComputeConfig,
  SqliteDatabaseConfig,
  VariablesProviderConfig,
} from "./runtime-config.ts";

const HTTP: readonly string[] = ["http:", "https:"];

/** @throws {SpinError} `INVALID` */
export function readKeyValueStore(table: Table, section: string): KeyValueStoreConfig {
  return readByType<KeyValueStoreConfig>(table, {
    spin: () => ({ kind: "spin", path: table.optionalText("path") }),
    redis: () => ({ kind: "redis", url: urlOf(table, ["redis:", "rediss:"]) }),
    azure_cosmos: () => ({ kind: "unsupported", type: "azure_cosmos", section }),
    aws_dynamo: () => ({ kind: "unsupported", type: "aws_dynamo", section }),
  });
}

/** @throws {SpinError} `INVALID` */
export function readSqliteDatabase(table: Table): SqliteDatabaseConfig {
  return readByType<SqliteDatabaseConfig>(table, {
    spin: () => {
      refuseAttaching(table);
      return { kind: "spin", path: table.optionalText("path") };
    },
    libsql: () => ({ kind: "libsql", url: urlOf(table, HTTP), token: table.text("token") }),
  });
}

/** A statement could open any file of the container: it is always refused, and so is the wish for it. */
function refuseAttaching(table: Table): void {
  if (table.optionalFlag("allow_attach_file") !== true) return;
  const remedy = "write false, and give each file a database of its own in the manifest";
  throw table.error("allow_attach_file", "it is true, and this executor never attaches other files", remedy);
}

/** @throws {SpinError} `INVALID` */
export function readLlmCompute(table: Table): LlmComputeConfig {
  return readByType<LlmComputeConfig>(table, {
    spin: () => ({ kind: "unsupported", type: "spin", section: "llm_compute" }),
    remote_http: () => ({
      kind: "remote_http",
      url: urlOf(table, HTTP),
      authToken: table.text("auth_token"),
      apiType: readApiType(table),
    }),
  });
}

function readApiType(table: Table): "default" | "open_ai" {
  const type = table.optionalText("api_type") ?? "default";
  if (type === "default" || type === "open_ai") return type;
  throw table.error("api_type", `${quote(type)} is unknown`, 'write "default" or "open_ai"');
}

/** @throws {SpinError} `INVALID` */
export function readVariablesProvider(table: Table): VariablesProviderConfig {
  return readByType<VariablesProviderConfig>(table, {
    env: () => ({
      kind: "env",
      prefix: table.optionalText("prefix"),
      dotenvPath: table.optionalText("dotenv_path"),
    }),
    static: () => ({ kind: "static", values: new Map(Object.entries(table.textMap("values"))) }),
    vault: () => ({
      kind: "vault",
      url: urlOf(table, HTTP),
      token: table.text("token"),
      mount: table.text("mount"),
      prefix: table.optionalText("prefix"),
    }),
    azure_key_vault: () => ({ kind: "unsupported", type: "azure_key_vault", section: "variables_provider" }),
  });
}
