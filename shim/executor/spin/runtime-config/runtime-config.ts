/** What whoever deploys an application says about the things behind it: `/runtime-config.toml` in a pod. */
export interface RuntimeConfig {
  /** Where stores and databases without a path of their own are. `undefined`: the caller's default. */
  readonly stateDir: string | undefined;
  /** Bytes that the memory of one guest may have. */
  readonly maxInstanceMemory: number | undefined;
  /** By the label in the manifest. What is not in it has its default: see {@link KeyValueStoreConfig}. */
  readonly keyValueStores: ReadonlyMap<string, KeyValueStoreConfig>;
  readonly sqliteDatabases: ReadonlyMap<string, SqliteDatabaseConfig>;
  readonly llmCompute: LlmComputeConfig | undefined;
  /** Asked in this order, before the environment. */
  readonly variablesProviders: readonly VariablesProviderConfig[];
  /** Networks that no guest may reach, whatever its manifest says: `10.0.0.0/8`, or `private`. */
  readonly blockNetworks: readonly string[];
  readonly outboundHttp: OutboundHttpConfig;
  readonly clientTls: readonly ClientTlsConfig[];
}

/**
 * Something that Spin has and this executor does not. Harmless as long as no component uses it; whoever is to make it
 * throws {@link unsupportedBackend} instead.
 */
export interface UnsupportedConfig {
  readonly kind: "unsupported";
  /** As in the file: `azure_cosmos`. */
  readonly type: string;
  /** For messages: `key_value_store.cache`. */
  readonly section: string;
}

/** The store `default`, where it is not configured, is `{ kind: "spin" }` in the file `sqlite_key_value.db` of the state folder. */
export type KeyValueStoreConfig =
  /** SQLite, in a file, relative to the folder of the configuration; in memory without a path. */
  | { readonly kind: "spin"; readonly path: string | undefined }
  | { readonly kind: "redis"; readonly url: string }
  | UnsupportedConfig;

/** The database `default`, where it is not configured, is `{ kind: "spin" }` in the file `sqlite_db.db` of the state folder. */
export type SqliteDatabaseConfig =
  /** A file, relative to the working directory; in memory without a path. */
  | { readonly kind: "spin"; readonly path: string | undefined }
  | { readonly kind: "libsql"; readonly url: string; readonly token: string }
  | UnsupportedConfig;

export type LlmComputeConfig =
  | {
      readonly kind: "remote_http";
      readonly url: string;
      readonly authToken: string;
      readonly apiType: "default" | "open_ai";
    }
  | UnsupportedConfig;

export type VariablesProviderConfig =
  | {
      readonly kind: "env";
      /** Joined to the name with `_`. */
      readonly prefix: string | undefined;
      readonly dotenvPath: string | undefined;
    }
  | { readonly kind: "static"; readonly values: ReadonlyMap<string, string> }
  | {
      readonly kind: "vault";
      readonly url: string;
      readonly token: string;
      readonly mount: string;
      readonly prefix: string | undefined;
    }
  | UnsupportedConfig;

export interface OutboundHttpConfig {
  /** Whether connections are kept for later requests. */
  readonly connectionPooling: boolean;
  /** At once, of all guests together. */
  readonly maxConcurrentRequests: number | undefined;
}

/** How the host shows itself to servers, and which of them it trusts, for some components and hosts. */
export interface ClientTlsConfig {
  readonly componentIds: readonly string[];
  readonly hosts: readonly string[];
  /** Whether the usual authorities are trusted, too. */
  readonly usesWebpkiRoots: boolean | undefined;
  /** PEM, on the host. */
  readonly caRootsFile: string | undefined;
  readonly clientCertFile: string | undefined;
  readonly clientPrivateKeyFile: string | undefined;
}
