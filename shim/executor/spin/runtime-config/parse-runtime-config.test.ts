import { expect } from "chai";
import { describe, it } from "mocha";
import { DEFAULT_RUNTIME_CONFIG, parseRuntimeConfig } from "./parse-runtime-config.ts";
import { unsupportedBackend } from "./unsupported.ts";

const TLS = "[[client_tls]]\ncomponent_ids = ['a']\nhosts = ['h']";

describe("parseRuntimeConfig()", () => {
  it("gives the defaults for an empty file", async () => {
    expect(await parseRuntimeConfig("")).to.deep.equal(DEFAULT_RUNTIME_CONFIG);
  });

  it("reads what the operator writes", async () => {
    const config = await parseRuntimeConfig(`
      [[config_provider]]
      type = 'env'
      prefix = 'SPIN_VARIABLE_'
      [key_value_store.cache]
      type = 'redis'
      url = 'redis://:secret@redis:6379'
      [sqlite_database]
      [sqlite_database.default]
      token = 's3cr3t'
      type = 'libsql'
      url = 'https://db.example.test'
      [llm_compute]
      type = 'remote_http'
      url = 'http://llm.test'
      auth_token = 't'
    `);
    expect(config).to.deep.equal({
      ...DEFAULT_RUNTIME_CONFIG,
      variablesProviders: [{ kind: "env", prefix: "SPIN_VARIABLE_", dotenvPath: undefined }],
      keyValueStores: new Map([["cache", { kind: "redis", url: "redis://:secret@redis:6379" }]]),
      sqliteDatabases: new Map([["default", { kind: "libsql", url: "https://db.example.test", token: "s3cr3t" }]]),
      llmCompute: { kind: "remote_http", url: "http://llm.test", authToken: "t", apiType: "default" },
    });
  });

  it("reads everything else that Spin knows", async () => {
    const config = await parseRuntimeConfig(`
      state_dir = "/data"
      log_dir = "/logs"
      max_instance_memory = 67108864
      [key_value_store]
      default = { type = "spin", path = "kv.db" }
      memory = { type = "spin" }
      azure = { type = "azure_cosmos", account = "a", other = 1 }
      [sqlite_database.default]
      type = "spin"
      [llm_compute]
      type = "spin"
      [[variables_provider]]
      type = "static"
      values = { name = "x" }
      [[variables_provider]]
      type = "vault"
      url = "http://vault:8200"
      token = "t"
      mount = "secret"
      [[variables_provider]]
      type = "azure_key_vault"
      vault_url = "https://v"
      [outbound_networking]
      block_networks = ["10.0.0.0/8", "private"]
      [outbound_http]
      max_concurrent_requests = 5
      [[client_tls]]
      component_ids = ["a"]
      hosts = ["h"]
      client_cert_file = "/c.pem"
      client_private_key_file = "/k.pem"
    `);
    expect(config).to.deep.equal({
      stateDir: "/data",
      maxInstanceMemory: 67108864,
      keyValueStores: new Map<string, unknown>([
        ["default", { kind: "spin", path: "kv.db" }],
        ["memory", { kind: "spin", path: undefined }],
        ["azure", { kind: "unsupported", type: "azure_cosmos", section: "key_value_store.azure" }],
      ]),
      sqliteDatabases: new Map([["default", { kind: "spin", path: undefined }]]),
      llmCompute: { kind: "unsupported", type: "spin", section: "llm_compute" },
      variablesProviders: [
        { kind: "static", values: new Map([["name", "x"]]) },
        { kind: "vault", url: "http://vault:8200", token: "t", mount: "secret", prefix: undefined },
        { kind: "unsupported", type: "azure_key_vault", section: "variables_provider" },
      ],
      blockNetworks: ["10.0.0.0/8", "private"],
      outboundHttp: { connectionPooling: false, maxConcurrentRequests: 5 },
      clientTls: [
        {
          componentIds: ["a"],
          hosts: ["h"],
          usesWebpkiRoots: undefined,
          caRootsFile: undefined,
          clientCertFile: "/c.pem",
          clientPrivateKeyFile: "/k.pem",
        },
      ],
    });
  });

  it("takes a database that is to attach no files", async () => {
    const config = await parseRuntimeConfig('[sqlite_database.a]\ntype = "spin"\nallow_attach_file = false');
    expect(config.sqliteDatabases.get("a")).to.deep.equal({ kind: "spin", path: undefined });
  });

  it("takes an empty folder for none", async () => {
    expect(await parseRuntimeConfig('state_dir = ""\nlog_dir = ""')).to.deep.equal(DEFAULT_RUNTIME_CONFIG);
  });

  for (const [title, text, message] of [
    ["text that is no TOML", "\na = ", "Cannot read the runtime configuration: it is no TOML, line 2"],
    ["a key twice", "a = 1\na = 2", "it is no TOML, line 2: Cannot redefine"],
    ["a file that is too large", `#${"x".repeat(1024 * 1024)}`, "the limit is 1048576"],
    ["keys that go too deep", `${"a.".repeat(40)}a = 1`, "32 levels"],
    [
      "an unknown key",
      "state_dirs = 1",
      '"state_dirs" in the runtime configuration: it is unknown here: take it out, or',
    ],
    ["an unknown key of a store", '[key_value_store.a]\ntype = "spin"\nfile = "x"', '"key_value_store.a.file"'],
    [
      "files to attach",
      '[sqlite_database.a]\ntype = "spin"\nallow_attach_file = true',
      '"sqlite_database.a.allow_attach_file" in the runtime configuration: it is true, and this executor never attaches other files: write false',
    ],
    ["an unknown type", '[key_value_store.a]\ntype = "etcd"', '"etcd" is unknown: write one of "spin", "redis"'],
    ["a type that is a property of objects", '[key_value_store.a]\ntype = "constructor"', "is unknown"],
    ["no type", "[key_value_store.a]", '"key_value_store.a.type"'],
    ["a store that is no table", 'key_value_store.a = "x"', "it is a text, and no table"],
    ["a list that is none", "[client_tls]", '"client_tls"'],
    [
      "a token of another name",
      llmWith("token"),
      '"llm_compute.auth_token" in the runtime configuration: it is missing',
    ],
    ["an unknown API", `${llmWith("auth_token")}\napi_type = "x"`, '"llm_compute.api_type"'],
    [
      "a provider under both names",
      "variables_provider = []\nconfig_provider = []",
      "it is the old name of variables_provider",
    ],
    ["memory that is text", 'max_instance_memory = "64Mi"', '"64Mi" is no whole number above 0'],
    ["no memory", "max_instance_memory = 0", "0 is no whole number above 0"],
    ["a switch that is text", '[outbound_http]\nconnection_pooling = "yes"', '"yes" is neither true nor false'],
    ["a network that is a number", "[outbound_networking]\nblock_networks = [1]", "block_networks[0]"],
    ["TLS for no component", "[[client_tls]]\nhosts = ['h']", '"client_tls[0].component_ids"'],
    ["a certificate without its key", `${TLS}\nclient_cert_file = "c"`, "give both or neither"],
  ] as const) {
    it(`refuses ${title}`, async () => {
      const failure: unknown = await parseRuntimeConfig(text).catch((error: unknown) => error);
      expect(failure).to.have.property("code", "INVALID");
      expect(String(failure)).to.include(message);
    });
  }

  for (const [place, text] of [
    ["log_level", "log_level = 1"],
    ["key_value_store.a.token", '[key_value_store.a]\ntype = "redis"\nurl = "redis://a"\ntoken = "x"'],
    ["sqlite_database.a.auth", '[sqlite_database.a]\ntype = "libsql"\nurl = "http://a"\ntoken = "x"\nauth = 1'],
    ["llm_compute.model", `${llmWith("auth_token")}\nmodel = "x"`],
    ["variables_provider[0].path", '[[variables_provider]]\ntype = "env"\npath = "x"'],
    ["config_provider[1].key", '[[config_provider]]\ntype = "env"\n[[config_provider]]\ntype = "static"\nkey = 1'],
    ["outbound_networking.allow_private_ips", "[outbound_networking]\nallow_private_ips = true"],
    ["outbound_http.max_connections", "[outbound_http]\nmax_connections = 1"],
    ["client_tls[0].insecure", `${TLS}\ninsecure = true`],
  ] as const) {
    it(`refuses the unknown key ${place} by name`, async () => {
      const failure: unknown = await parseRuntimeConfig(text).catch((error: unknown) => error);
      expect(failure).to.have.property("code", "INVALID");
      expect(String(failure)).to.match(/it is unknown here: take it out/);
      expect(String(failure)).to.include(place.startsWith("config_provider") ? "key" : `"${place}"`);
    });
  }

  for (const [text, message] of [
    ['[key_value_store.a]\ntype = "redis"\nurl = "http://:s3cr3t@x"', "it is no URL of redis: or rediss:"],
    ['[key_value_store.a]\ntype = "redis"\nurl = ["redis://:s3cr3t@x"]', "it is a list, and no text"],
    ['[key_value_store]\na = "redis://:s3cr3t@x"', "it is a text, and no table"],
    ['[[variables_provider]]\ntype = "static"\nvalues = { a = ["s3cr3t"] }', "it is a list, and no text"],
    ['[[variables_provider]]\ntype = "static"\nvalues = "s3cr3t"', "it is a text, and no table"],
    ['[sqlite_database.a]\ntype = "libsql"\nurl = "http://a"\ntoken = { a = "s3cr3t" }', "it is a table, and no text"],
    ['[[variables_provider]]\ntype = "vault"\nurl = "http://a"\ntoken = 5533', "it is a number, and no text"],
    ['client_tls = "s3cr3t"', "it is a text, and no list"],
    ['[[variables_provider]]\ntype = "vault"\ntoken = s3cr3t', "it is no TOML, line 3"],
  ] as const) {
    it(`does not show what may be secret in ${text
      .split("\n")
      .at(-1)
      ?.replaceAll(/s3cr3t|5533/g, "…")}`, async () => {
      const failure: unknown = await parseRuntimeConfig(text).catch((error: unknown) => error);
      expect(String(failure))
        .to.include(message)
        .and.not.match(/s3cr3t|5533/);
    });
  }
});

describe("unsupportedBackend()", () => {
  it("says who needs it, and what there is instead", () => {
    const config = { kind: "unsupported", type: "aws_dynamo", section: "key_value_store.a" } as const;
    const error = unsupportedBackend(config, 'component "hello"', "spin or redis");
    expect(error).to.have.property("code", "UNSUPPORTED");
    expect(error.message).to.equal(
      'Cannot use "key_value_store.a" of the runtime configuration, which component "hello" needs: this executor has no "aws_dynamo": use spin or redis',
    );
  });
});

function llmWith(token: string): string {
  return `[llm_compute]\ntype = "remote_http"\nurl = "http://x"\n${token} = "t"`;
}
