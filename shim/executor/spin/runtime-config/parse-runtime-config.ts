import { parseTomlDocument } from "../document/parse-document.ts";
import { quote } from "../document/quote.ts";
import type { Table } from "../document/table.ts";
import { readKeyValueStore, readLlmCompute, readSqliteDatabase, readVariablesProvider } from "./read-backends.ts";
import type { ClientTlsConfig, OutboundHttpConfig, RuntimeConfig } from "./runtime-config.ts";

const MAX_BYTES = 1024 * 1024;

/** Without a file. */
export const DEFAULT_RUNTIME_CONFIG: RuntimeConfig = {
  stateDir: undefined,
  maxInstanceMemory: undefined,
  keyValueStores: new Map(),
  sqliteDatabases: new Map(),
  llmCompute: undefined,
  variablesProviders: [],
  blockNetworks: [],
  outboundHttp: { connectionPooling: true, maxConcurrentRequests: undefined },
  clientTls: [],
};

/**
 * The configuration in the text of a `runtime-config.toml`. `log_dir` is taken and ignored: logs of a pod go to its
 * output.
 *
 * @throws {SpinError} `INVALID` for what is no TOML, for keys that are not known, and for values of the wrong kind.
 */
export async function parseRuntimeConfig(text: string): Promise<RuntimeConfig> {
  const name = "the runtime configuration";
  const root = await parseTomlDocument({ name, text, maxBytes: MAX_BYTES, values: "hidden" });
  root.optionalText("log_dir");
  const llmCompute = root.table("llm_compute");
  const config = {
    stateDir: root.nonEmptyText("state_dir"),
    maxInstanceMemory: root.optionalCount("max_instance_memory"),
    keyValueStores: byLabel(root, "key_value_store", readKeyValueStore),
    sqliteDatabases: byLabel(root, "sqlite_database", readSqliteDatabase),
    llmCompute: llmCompute === undefined ? undefined : readLlmCompute(llmCompute),
    variablesProviders: providerTables(root).map((table) => readVariablesProvider(table)),
    blockNetworks: readBlockNetworks(root.section("outbound_networking")),
    outboundHttp: readOutboundHttp(root.table("outbound_http")),
    clientTls: root.tables("client_tls").map((table) => readClientTls(table)),
  };
  root.refuseOthers();
  return config;
}

function byLabel<T>(root: Table, section: string, read: (table: Table, section: string) => T): ReadonlyMap<string, T> {
  return new Map(root.namedTables(section).map(([label, table]) => [label, read(table, `${section}.${label}`)]));
}

/** Under either of its names. */
function providerTables(root: Table): readonly Table[] {
  if (root.has("variables_provider") && root.has("config_provider")) {
    throw root.error("config_provider", "it is the old name of variables_provider, which is there as well", "use one");
  }
  return [...root.tables("variables_provider"), ...root.tables("config_provider")];
}

function readBlockNetworks(table: Table): readonly string[] {
  const networks = table.texts("block_networks");
  table.refuseOthers();
  return networks;
}

/** A section without the key turns pooling off: so does Spin. */
function readOutboundHttp(table: Table | undefined): OutboundHttpConfig {
  if (table === undefined) return DEFAULT_RUNTIME_CONFIG.outboundHttp;
  const config = {
    connectionPooling: table.optionalFlag("connection_pooling") ?? false,
    maxConcurrentRequests: table.optionalCount("max_concurrent_requests"),
  };
  table.refuseOthers();
  return config;
}

function readClientTls(table: Table): ClientTlsConfig {
  const config = {
    componentIds: someTexts(table, "component_ids"),
    hosts: someTexts(table, "hosts"),
    usesWebpkiRoots: table.optionalFlag("ca_use_webpki_roots"),
    caRootsFile: table.optionalText("ca_roots_file"),
    clientCertFile: table.optionalText("client_cert_file"),
    clientPrivateKeyFile: table.optionalText("client_private_key_file"),
  };
  table.refuseOthers();
  if ((config.clientCertFile === undefined) !== (config.clientPrivateKeyFile === undefined)) {
    const is = `it is ${quote(config.clientCertFile)}, and client_private_key_file ${quote(config.clientPrivateKeyFile)}`;
    throw table.error("client_cert_file", is, "give both or neither");
  }
  return config;
}

function someTexts(table: Table, name: string): readonly string[] {
  const texts = table.texts(name);
  if (texts.length === 0) throw table.error(name, "it is empty or missing", "name at least one");
  return texts;
}
