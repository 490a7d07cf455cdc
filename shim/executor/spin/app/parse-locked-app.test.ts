import { expect } from "chai";
import { describe, it } from "mocha";
import { parseLockedApp } from "./parse-locked-app.ts";

const DIGEST = `sha256:${"a".repeat(64)}`;
const COMPONENT = { id: "hello", source: { content_type: "application/wasm", digest: DIGEST } };
const TRIGGER = { id: "t", trigger_type: "http", trigger_config: { component: "hello", route: "/..." } };
const APP = { spin_lock_version: 0, metadata: { name: "app" }, triggers: [TRIGGER], components: [COMPONENT] };

describe("parseLockedApp()", () => {
  it("reads a small application", () => {
    const app = parseLockedApp(JSON.stringify(APP));
    expect(app).to.deep.equal({
      name: "app",
      version: undefined,
      description: undefined,
      variables: new Map(),
      triggers: [{ id: "t", type: "http", config: { component: "hello", route: "/..." } }],
      components: [
        {
          id: "hello",
          description: undefined,
          source: { kind: "digest", digest: DIGEST },
          environment: {},
          files: [],
          variables: {},
          allowedOutboundHosts: [],
          keyValueStores: [],
          sqliteDatabases: [],
          aiModels: [],
        },
      ],
      triggerSettings: {},
    });
  });

  it("reads everything that an application can have", () => {
    const app = parseLockedApp(
      JSON.stringify({
        spin_lock_version: 1,
        must_understand: ["host_requirements"],
        metadata: { name: "app", version: "1.0", triggers: { redis: { address: "redis://r" } }, origin: "x" },
        host_requirements: { local_service_chaining: "required", other: "optional" },
        variables: { token: { secret: true, description: "d" }, name: { default: "" } },
        triggers: [{ id: "static", trigger_type: "http", trigger_config: { static_response: {} } }],
        components: [
          {
            ...COMPONENT,
            metadata: {
              description: "d",
              allowed_outbound_hosts: ["http://a"],
              key_value_stores: ["default"],
              databases: ["db"],
              ai_models: ["m"],
              build: { command: "c" },
            },
            env: { A: "1" },
            files: [
              { inline: "aGk=", path: "a/./b.txt" },
              { digest: DIGEST, path: "c.txt" },
              { source: "file:///data%20of", path: "data/" },
            ],
            config: { greeting: "{{ name }}" },
            dependencies: {},
          },
        ],
      }),
    );
    expect([...app.variables]).to.deep.equal([
      ["token", { default: undefined, isSecret: true, description: "d" }],
      ["name", { default: "", isSecret: false, description: undefined }],
    ]);
    expect(app.triggerSettings).to.deep.equal({ redis: { address: "redis://r" } });
    expect(app.components[0]).to.deep.include({
      description: "d",
      environment: { A: "1" },
      variables: { greeting: "{{ name }}" },
      allowedOutboundHosts: ["http://a"],
      keyValueStores: ["default"],
      sqliteDatabases: ["db"],
      aiModels: ["m"],
      files: [
        { content: { kind: "inline", bytes: Buffer.from("hi") }, path: "a/b.txt" },
        { content: { kind: "digest", digest: DIGEST }, path: "c.txt" },
        { content: { kind: "file", path: "/data of" }, path: "/data" },
      ],
    });
  });

  it("takes the settings of Spin 1's only trigger", () => {
    const metadata = { name: "app", trigger: { type: "redis", address: "redis://r" } };
    const app = parseLockedApp(JSON.stringify({ ...APP, metadata }));
    expect(app.triggerSettings).to.deep.equal({ redis: { address: "redis://r" } });
  });

  it("prefers what is in it to where it is", () => {
    const source = { inline: "", digest: DIGEST, source: "file:///x" };
    const app = parseLockedApp(JSON.stringify({ ...APP, components: [{ ...COMPONENT, source }] }));
    expect(app.components[0]?.source).to.deep.equal({ kind: "inline", bytes: Buffer.alloc(0) });
  });

  for (const [title, document, code, message] of [
    ["text that is no JSON", "{", "INVALID", "spin.json): it is no JSON"],
    ["a list", [], "INVALID", "it is no object"],
    ["too many bytes", " ".repeat(16 * 1024 * 1024 + 1), "INVALID", "the limit is 16777216"],
    ["too many levels", `${"[".repeat(50_000)}${"]".repeat(50_000)}`, "INVALID", "32 levels"],
    ["a later format", { ...APP, spin_lock_version: 2 }, "UNSUPPORTED", '"spin_lock_version"'],
    ["what must be understood", { ...APP, must_understand: ["x"] }, "UNSUPPORTED", '"x"'],
    [
      "a requirement",
      { ...APP, host_requirements: { gpu: "required" } },
      "UNSUPPORTED",
      'Cannot use "host_requirements.gpu" in the locked application (spin.json): this executor does not have "gpu"',
    ],
    ["two components of one id", { ...APP, components: [COMPONENT, COMPONENT] }, "INVALID", "two have this id"],
    ["a trigger without its component", { ...APP, components: [] }, "INVALID", '"hello" is none of the application'],
    ["a trigger without a type", { ...APP, triggers: [{ id: "t" }] }, "INVALID", '"triggers[0].trigger_type"'],
    ["components that are no list", { ...APP, components: {} }, "INVALID", '"components" in'],
    ["a variable that is no table", { ...APP, variables: { a: "x" } }, "INVALID", '"variables.a"'],
  ] as const) {
    it(`refuses ${title}`, () => {
      expectRefusal(document, code, message);
    });
  }

  for (const [title, part, code, message] of [
    ["an id that is a path", { id: "../x" }, "INVALID", '"components[0].id"'],
    ["no source", { source: undefined }, "INVALID", '"components[0].source" in'],
    ["an empty source", { source: {} }, "INVALID", "neither digest, nor inline, nor source"],
    ["a short digest", { source: { digest: "sha256:aa" } }, "INVALID", '"sha256:aa" is not'],
    ["a URL that is no file's", { source: { source: "http://x" } }, "INVALID", '"http://x" is no file://'],
    ["bytes that are no base64", { source: { inline: "a*==" } }, "INVALID", '"a*==" is no base64'],
    ["dependencies", { dependencies: { "a:b": {} } }, "UNSUPPORTED", '"a:b" is a component of its own'],
    ["a requirement", { host_requirements: { gpu: "required" } }, "UNSUPPORTED", '"gpu"'],
    [
      "a file above the root",
      { files: [{ digest: DIGEST, path: "a/../../b" }] },
      "INVALID",
      '"components[0].files[0].path"',
    ],
    ["a file without a name", { files: [{ digest: DIGEST, path: "/" }] }, "INVALID", "names no file"],
    ["a long name of a file", { files: [{ digest: DIGEST, path: "x".repeat(256) }] }, "INVALID", "too long for a path"],
    ["a number in the environment", { env: { A: 1 } }, "INVALID", '"components[0].env.A"'],
    ["a NUL in the environment", { env: { A: "\0" } }, "INVALID", "NUL"],
  ] as const) {
    it(`refuses a component with ${title}`, () => {
      expectRefusal({ ...APP, components: [{ ...COMPONENT, ...part }] }, code, message);
    });
  }
});

function expectRefusal(document: unknown, code: string, message: string): void {
  const text = typeof document === "string" ? document : JSON.stringify(document);
  let failure: unknown;
  try {
    parseLockedApp(text);
  } catch (error) {
    failure = error;
  }
  expect(failure).to.have.property("code", code);
  expect(String(failure)).to.include(message);
}
