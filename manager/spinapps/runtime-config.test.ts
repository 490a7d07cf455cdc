import { expect } from "chai";
import { describe, it } from "mocha";
import { configSecretName, runtimeConfigToml } from "./runtime-config.ts";

const SECRET = { secretKeyRef: { name: "s", key: "k" } };
const MAP = { configMapKeyRef: { name: "m", key: "k" } };

describe("runtimeConfigToml()", () => {
  it("has the tables of stores, then databases, then inference, each with its options in order", () => {
    const options = [
      { name: "url", value: "https://example.org" },
      { name: "token", valueFrom: SECRET },
    ];
    const config = {
      sqliteDatabases: [{ name: "default", type: "libsql", options }],
      keyValueStores: [{ name: "default", type: "spin" }],
      llmCompute: { type: "remote_http", options: [{ name: "auth_token", valueFrom: MAP }] },
    };
    const values = new Map([
      ["Secret/s/k", "t0k3n"],
      ["ConfigMap/m/k", "a"],
    ]);
    expect(runtimeConfigToml(config, values)).to.equal(
      [
        '[key_value_store.default]\ntype = "spin"\n',
        '[sqlite_database.default]\ntoken = "t0k3n"\ntype = "libsql"\nurl = "https://example.org"\n',
        '[llm_compute]\nauth_token = "a"\ntype = "remote_http"\n',
      ].join("\n"),
    );
  });

  it("is nothing when there is nothing to say", () => {
    expect(runtimeConfigToml(undefined, new Map())).to.equal(undefined);
    expect(runtimeConfigToml({ keyValueStores: [] }, new Map())).to.equal(undefined);
  });

  const cases: readonly [says: string, option: object, line: string][] = [
    ["quotes quotes, line breaks and DEL", { name: "a", value: 'x"\n\\\u007F' }, String.raw`a = "x\"\n\\\u007F"`],
    ["quotes a name that is not bare", { name: "a b", value: "1" }, '"a b" = "1"'],
    ["knows what Spin wants as a boolean", { name: "consistent_read", value: "true" }, "consistent_read = true"],
    ["leaves other words as they are", { name: "consistent_read", value: "yes" }, 'consistent_read = "yes"'],
    ["does not make a boolean of any option", { name: "url", value: "true" }, 'url = "true"'],
    ["takes the value where there is a source too", { name: "a", value: "v", valueFrom: SECRET }, 'a = "v"'],
    ["has an empty value", { name: "a" }, 'a = ""'],
    ["lets an option named type go over the type", { name: "type", value: "mine" }, 'type = "mine"'],
  ];
  for (const [says, option, line] of cases) {
    it(says, () => {
      const options = [option as { name: string }];
      const toml = runtimeConfigToml({ keyValueStores: [{ name: "n", type: "t", options }] }, new Map());
      expect(toml?.split("\n")).to.include(line);
    });
  }

  it("leaves out an option whose optional source is missing", () => {
    const options = [
      { name: "a", valueFrom: SECRET },
      { name: "b", valueFrom: MAP },
    ];
    const toml = runtimeConfigToml({ keyValueStores: [{ name: "a.b", type: "t", options }] }, new Map());
    expect(toml).to.equal('[key_value_store."a.b"]\ntype = "t"\n');
  });
});

describe("configSecretName()", () => {
  it("changes with the content and with nothing else", () => {
    expect(configSecretName("app", "a")).to.match(/^app-[0-9a-f]{10}$/);
    expect(configSecretName("app", "a")).to.equal(configSecretName("app", "a"));
    expect(configSecretName("app", "a")).not.to.equal(configSecretName("app", "b"));
  });
});
