import { expect } from "chai";
import { describe, it } from "mocha";
import { parseSpinManifest } from "./parse-spin-manifest.ts";

const HEAD = 'spin_manifest_version = 2\n[application]\nname = "app"\n';
const COMPONENT = '[component.hello]\nsource = "app.wasm"\n';
const V1 = 'spin_manifest_version = "1"\nname = "app"\ntrigger = { type = "http", base = "/" }\n';

describe("parseSpinManifest()", () => {
  it("reads a manifest that has everything", async () => {
    const manifest = await parseSpinManifest(`
      spin_manifest_version = 2
      [application]
      name = "app"
      version = "1.2.3"
      description = "d"
      authors = ["a"]
      targets = ["spin-up:3.2"]
      [application.trigger.redis]
      address = "redis://r"
      [application.tool.lint]
      level = 1
      [variables]
      token = { required = true, secret = true, description = "t" }
      name = { default = "you" }
      [[trigger.http]]
      id = "web"
      component = "hello"
      route = "/..."
      executor = { type = "http" }
      [component.hello]
      description = "d"
      source = "target/app.wasm"
      files = ["a/*.txt", { source = "assets", destination = "/static" }]
      exclude_files = ["a/secret.txt"]
      allowed_outbound_hosts = ["https://{{ name }}.test"]
      allowed_http_hosts = ["b.test"]
      key_value_stores = ["default", "my_store"]
      sqlite_databases = ["my-db"]
      ai_models = ["llama2-chat"]
      dependencies_inherit_configuration = true
      [component.hello.variables]
      greeting = "Hello {{ name }}"
      [component.hello.environment]
      KEY = "v"
      [component.hello.build]
      command = ["make"]
      [component.hello.tool.x]
      y = 1
      [component.hello.dependencies]
      "a:b" = ">= 1.0"
    `);
    expect(manifest).to.deep.equal({
      name: "app",
      version: "1.2.3",
      description: "d",
      triggerSettings: { redis: { address: "redis://r" } },
      variables: new Map([
        ["token", { default: undefined, isSecret: true, description: "t" }],
        ["name", { default: "you", isSecret: false, description: undefined }],
      ]),
      triggers: [
        { id: "web", type: "http", config: { route: "/...", executor: { type: "http" }, component: "hello" } },
      ],
      components: [
        {
          id: "hello",
          description: "d",
          source: { kind: "path", path: "target/app.wasm" },
          environment: { KEY: "v" },
          files: [
            { kind: "pattern", pattern: "a/*.txt" },
            { kind: "placement", source: "assets", destination: "/static" },
          ],
          excludeFiles: ["a/secret.txt"],
          keyValueStores: ["default", "my_store"],
          sqliteDatabases: ["my-db"],
          aiModels: ["llama2-chat"],
          variables: { greeting: "Hello {{ name }}" },
          allowedOutboundHosts: ["https://{{ name }}.test", "http://b.test", "https://b.test"],
          dependencies: ["a:b"],
        },
      ],
    });
  });

  it("makes up ids", async () => {
    const { triggers, components } = await parseSpinManifest(`${HEAD}
      [[trigger.http]]
      component = "hello"
      [[trigger.http]]
      component = "hello"
      [[trigger.http]]
      component = { source = "inline.wasm" }
      [[trigger.http]]
      id = "My own"
      component = { source = "other.wasm" }
      [[trigger.http]]
      static_response = { body = "x" }
      [[trigger.redis]]
      component = "hello"
      ${COMPONENT}`);
    expect(triggers.map(({ id, config }) => [id, config["component"]])).to.deep.equal([
      ["hello-http-trigger", "hello"],
      ["http-trigger1", "hello"],
      ["http-trigger2", "http-trigger2-component"],
      ["My own", "inline-component1"],
      ["http-trigger3", undefined],
      ["hello-redis-trigger", "hello"],
    ]);
    expect(components.map(({ id, source }) => [id, source])).to.deep.equal([
      ["hello", { kind: "path", path: "app.wasm" }],
      ["http-trigger2-component", { kind: "path", path: "inline.wasm" }],
      ["inline-component1", { kind: "path", path: "other.wasm" }],
    ]);
  });

  for (const [source, expected] of [
    ['{ url = "https://x.test/a.wasm", digest = "sha256:00" }', { kind: "url", url: "https://x.test/a.wasm" }],
    ['{ registry = "r", package = "a:b", version = "1.0.0" }', { kind: "registry", package: "a:b" }],
  ] as const) {
    it(`reads the source ${source}`, async () => {
      const { components } = await parseSpinManifest(`${HEAD}[component.a]\nsource = ${source}`);
      expect(components[0]?.source).to.deep.equal(expected);
    });
  }

  for (const [hosts, expected] of [
    [
      '["a.test", "https://b.test:444/", "c.test:80"]',
      [
        "http://a.test",
        "https://a.test",
        "http://b.test:444",
        "https://b.test:444",
        "http://c.test:80",
        "https://c.test:80",
      ],
    ],
    ['["self", "[::1]:8"]', ["http://self", "http://[::1]:8", "https://[::1]:8"]],
    ['["a.test", "insecure:allow-all"]', ["http://*:*", "https://*:*", "http://self"]],
    ["[]", []],
  ] as const) {
    it(`turns allowed_http_hosts = ${hosts} into allowed_outbound_hosts`, async () => {
      const { components } = await parseSpinManifest(`${HEAD}${COMPONENT}allowed_http_hosts = ${hosts}`);
      expect(components[0]?.allowedOutboundHosts).to.deep.equal(expected);
    });
  }

  it("reads version 1", async () => {
    const manifest = await parseSpinManifest(`
      spin_version = "1"
      authors = "a"
      description = ""
      name = "app"
      version = "1.0"
      trigger = { type = "redis", address = "redis://r" }
      [variables]
      name = { default = "you" }
      [[component]]
      id = "my_Hello"
      source = "a.wasm"
      allowed_http_hosts = ["a.test"]
      files = [{ source = "s", destination = "/d" }]
      [component.trigger]
      channel = "c"
      [component.config]
      who = "{{ name }}"
      [component.build]
      command = "make"
      [[component]]
      id = "other"
      source = "b.wasm"
      allowed_outbound_hosts = ["redis://r"]
      [component.trigger]
    `);
    expect(manifest.triggers).to.deep.equal([
      { id: "trigger-my-hello", type: "redis", config: { channel: "c", component: "my-hello" } },
      { id: "trigger-other", type: "redis", config: { component: "other" } },
    ]);
    expect(manifest.triggerSettings).to.deep.equal({ redis: { address: "redis://r" } });
    expect(manifest).to.include({ name: "app", version: "1.0", description: undefined });
    expect(manifest.components[0]).to.deep.include({
      id: "my-hello",
      variables: { who: "{{ name }}" },
      files: [{ kind: "placement", source: "s", destination: "/d" }],
      allowedOutboundHosts: ["redis://*:*", "mysql://*:*", "postgres://*:*", "http://a.test", "https://a.test"],
    });
    expect(manifest.components[1]?.allowedOutboundHosts).to.deep.equal(["redis://r"]);
  });

  for (const [title, text, message, code] of [
    ["no TOML", "a =", "Cannot read spin.toml: it is no TOML, line 1"],
    [
      "no version",
      '[application]\nname = "a"',
      "the version is nothing: write spin_manifest_version = 2",
      "UNSUPPORTED",
    ],
    ["a later version", "spin_manifest_version = 3", "the version is 3", "UNSUPPORTED"],
    ["no name", "spin_manifest_version = 2\n[application]", '"application.name" in spin.toml: it is missing'],
    ["an unknown table", `${HEAD}[components.a]\nsource = "a"`, '"components" in spin.toml: it is unknown here'],
    ["an unknown field", `${HEAD}${COMPONENT}sources = 1`, '"component.hello.sources"'],
    ["an id that is none", `${HEAD}[component.my_app]\nsource = "a"`, '"my_app" is no id of a component'],
    ["no source", `${HEAD}[component.a]`, '"component.a.source" in spin.toml: it is missing: write the path'],
    ["a source that is a list", `${HEAD}[component.a]\nsource = ["a"]`, '["a"] is no path'],
    ["a URL without a digest", `${HEAD}[component.a]\nsource = { url = "x" }`, '"component.a.source.digest"'],
    ["a package without a version", `${HEAD}[component.a]\nsource = { package = "x" }`, '"component.a.source.version"'],
    [
      "files that are numbers",
      `${HEAD}${COMPONENT}files = [1]`,
      '"component.hello.files[0]" in spin.toml: 1 is no table',
    ],
    ["a half placement", `${HEAD}${COMPONENT}files = [{ source = "a" }]`, '"component.hello.files[0].destination"'],
    ["a label that is none", `${HEAD}${COMPONENT}key_value_stores = ["a b"]`, '"a b" is no label'],
    ["a template of no name", `${HEAD}${COMPONENT}variables = { A-b = "x" }`, '"A-b" is no name of a variable'],
    ["a host that is none", `${HEAD}${COMPONENT}allowed_http_hosts = ["*.a"]`, '"*.a" is no host'],
    ["a host with a path", `${HEAD}${COMPONENT}allowed_http_hosts = ["a/b"]`, '"a/b" is more than a host'],
    ["a variable of no name", `${HEAD}[variables]\nA = { default = "" }`, '"variables.A"'],
    ["a variable without anything", `${HEAD}[variables]\na = { }`, "not required, and has no default"],
    [
      "a variable with both",
      `${HEAD}[variables]\na = { required = true, default = "" }`,
      "required, and has a default",
    ],
    ["a trigger to nowhere", `${HEAD}[[trigger.http]]\ncomponent = "x"`, '"x" is none of the application'],
    ["a trigger of a number", `${HEAD}[[trigger.http]]\ncomponent = 1`, '"trigger.http[0].component"'],
    ["a trigger of several", `${HEAD}[[trigger.http]]\ncomponents = {}`, '"trigger.http[0].components"', "UNSUPPORTED"],
    ["a trigger that is no list", `${HEAD}[trigger.http]\ncomponent = "x"`, '"trigger.http" in spin.toml'],
    ["version 1 without a type", 'spin_version = "1"\nname = "a"', '"trigger.type"'],
    ["version 1 with an id that is none", `${V1}[[component]]\nid = "a b"\nsource = "x"`, '"component[0].id"'],
    ["version 1 with fields of version 2", `${V1}[[component]]\nid = "a"\nsource = "x"\nvariables = {}`, "variables"],
    ["version 1 with one id twice", V1 + '[[component]]\nid = "a"\nsource = "x"\n'.repeat(2), "two have this id"],
    ["too many triggers", HEAD + "[[trigger.http]]\n".repeat(4097), "0 components and 4097 triggers: the limits are"],
    ["too many components", `${V1}${'[[component]]\nid = "a"\nsource = "x"\n'.repeat(1025)}`, "1025 components and"],
    ["too much", `${HEAD}#${"x".repeat(1024 * 1024)}`, "the limit is 1048576"],
  ] as const) {
    it(`refuses ${title}`, async () => {
      const failure: unknown = await parseSpinManifest(text).catch((error: unknown) => error);
      expect(String(failure)).to.include(message);
      expect(failure).to.have.property("code", code ?? "INVALID");
    });
  }
});
