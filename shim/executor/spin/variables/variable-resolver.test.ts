import { expect } from "chai";
import { describe, it } from "mocha";
import type { AppVariable } from "../app/locked-app.ts";
import { EnvProvider, withPlainVariables } from "./env-provider.ts";
import { StaticProvider } from "./static-provider.ts";
import type { VariableProvider } from "./variable-provider.ts";
import { VariableResolver } from "./variable-resolver.ts";

const REQUIRED: AppVariable = { default: undefined, isSecret: false, description: undefined };
const VARIABLES = new Map<string, AppVariable>([
  ["required", REQUIRED],
  ["with_default", { ...REQUIRED, default: "default-value" }],
]);
const SIGNAL = new AbortController().signal;

describe("VariableResolver", () => {
  for (const [text, values, expected] of [
    ["static", {}, "static"],
    ["a-{{ with_default }}-b", {}, "a-default-value-b"],
    ["a-{{ with_default }}-b", { with_default: "given" }, "a-given-b"],
    ["{{ required }}{{required}}", { required: "x" }, "xx"],
    ["{{ required }}", { required: "" }, ""],
    // What comes out is not taken for a template again.
    ["{{ required }}", { required: "{{ with_default }}" }, "{{ with_default }}"],
  ] as const) {
    it(`resolves "${text}" with ${JSON.stringify(values)}`, async () => {
      const resolver = resolverWith(new StaticProvider(new Map(Object.entries(values))));
      const source = resolver.forComponent({ id: "c", variables: { key: text } });
      expect(await source.get("key", SIGNAL)).to.equal(expected);
      expect(await source.all(SIGNAL)).to.deep.equal([["key", expected]]);
      expect(await resolver.resolveText(text, "x")).to.equal(expected);
    });
  }

  it("asks its providers in order, and no further than needed", async () => {
    const asked: string[] = [];
    const resolver = resolverWith(
      { kind: "none", get: async (name) => Promise.resolve(void asked.push(name)).then(() => undefined) },
      new StaticProvider(new Map([["required", "first"]])),
      { kind: "late", get: async () => Promise.reject(new Error("asked")) },
    );
    expect(await resolver.resolveText("{{ required }}", "x")).to.equal("first");
    expect(asked).to.deep.equal(["required"]);
  });

  for (const [name, code, message] of [
    ["other", "undefined", 'component "c" has no variable "other"'],
    ["constructor", "undefined", "has no variable"],
    ["invalid-name", "invalid-name", '"invalid-name" is no name of a variable'],
    ["invalid!name", "invalid-name", ""],
    ["4invalidname", "invalid-name", ""],
    ["a__b", "invalid-name", ""],
    ["a_", "invalid-name", ""],
    ["_a", "invalid-name", ""],
    ["A", "invalid-name", ""],
    ["", "invalid-name", ""],
    ["key", "provider", 'no provider resolved required variable "required"'],
  ] as const) {
    it(`says that "${name}" is ${code}`, async () => {
      const source = resolverWith().forComponent({ id: "c", variables: { key: "{{ required }}" } });
      const failure: unknown = await source.get(name, SIGNAL).catch((error: unknown) => error);
      expect(failure).to.have.property("code", code);
      expect(String(failure)).to.include(message);
    });
  }

  it("tells that a provider fails", async () => {
    const resolver = resolverWith({ kind: "vault", get: async () => Promise.reject(new Error("sealed")) });
    const source = resolver.forComponent({ id: "c", variables: { key: "{{ with_default }}" } });
    for (const failing of [source.get("key", SIGNAL), source.all(SIGNAL), resolver.checkRequired()]) {
      const failure: unknown = await failing.catch((error: unknown) => error);
      expect(failure).to.have.property("code", "provider");
      expect(failure).to.have.nested.property("cause.message", "sealed");
    }
  });

  it("does not wait longer than it may, nor for a program that stops", async () => {
    const silent: VariableProvider = {
      kind: "silent",
      get: async (_name, signal) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener("abort", () => {
            reject(new Error("aborted"));
          });
        }),
    };
    const options = { variables: VARIABLES, providers: [silent] };
    for (const resolver of [
      new VariableResolver({ ...options, signal: SIGNAL, timeoutMs: 1 }),
      new VariableResolver({ ...options, signal: AbortSignal.timeout(1) }),
      new VariableResolver({ ...options, signal: AbortSignal.abort() }),
    ]) {
      const failure: unknown = await resolver.resolveText("{{ required }}", "x").catch((error: unknown) => error);
      expect(failure).to.have.property("code", "provider");
    }
  });

  it("names all required variables that have no value", async () => {
    const variables = new Map([...VARIABLES, ["api_key", REQUIRED] as const]);
    const failure: unknown = await new VariableResolver({ variables, providers: [], signal: SIGNAL })
      .checkRequired()
      .catch((error: unknown) => error);
    expect(failure).to.have.property("code", "MISSING");
    expect(String(failure)).to.include('"required", "api_key"').and.include("set SPIN_VARIABLE_REQUIRED");
    await resolverWith(new StaticProvider(new Map([["required", ""]]))).checkRequired();
  });

  for (const [title, variables, message] of [
    ["a name that is none", { "a-b": "x" }, 'variable "a-b" of component "c"'],
    ["a template that is none", { a: "{{" }, 'Cannot use the template "{{", variable "a" of component "c"'],
    ["an unknown variable", { a: "{{ b }}" }, 'has no variable "b": name one of "required", "with_default"'],
  ] as const) {
    it(`refuses ${title}`, () => {
      expect(() => resolverWith().forComponent({ id: "c", variables }))
        .to.throw(message)
        .with.property("code", "INVALID");
    });
  }

  it("refuses an application's variable whose name is none", () => {
    const variables = new Map([["Api-Key", REQUIRED]]);
    expect(() => new VariableResolver({ variables, providers: [], signal: SIGNAL })).to.throw('the variable "Api-Key"');
  });

  it("does not grow a text without end", async () => {
    const resolver = resolverWith(new StaticProvider(new Map([["required", "x".repeat(1024 * 1024)]])));
    const failure: unknown = await resolver.resolveText("{{ required }}".repeat(5), "x").catch((e: unknown) => e);
    expect(failure).to.have.property("code", "other");
  });
});

describe("EnvProvider", () => {
  const environment = { SPIN_VARIABLE_API_KEY: "a", APP_API_KEY: "b", SPIN_VARIABLE_EMPTY: "" };
  const dotenv = { SPIN_VARIABLE_API_KEY: "c", SPIN_VARIABLE_OTHER: "d" };
  for (const [options, name, expected] of [
    [{ environment }, "api_key", "a"],
    [{ environment }, "other", undefined],
    [{ environment }, "empty", ""],
    [{ environment, prefix: "APP" }, "api_key", "b"],
    [{ environment, prefix: "SPIN_VARIABLE_" }, "api_key", undefined],
    [{ environment, dotenv }, "api_key", "a"],
    [{ environment, dotenv }, "other", "d"],
  ] as const) {
    it(`answers ${String(expected)} for ${name} with ${Object.keys(options).join(", ")}`, async () => {
      expect(await new EnvProvider(options).get(name)).to.equal(expected);
    });
  }
});

describe("withPlainVariables()", () => {
  it("copies what is set under its plain name only", () => {
    const environment = { FOO_BAR: "plain", BOTH: "plain", SPIN_VARIABLE_BOTH: "full", PATH: "/bin" };
    expect(withPlainVariables(environment, ["foo_bar", "both", "none"])).to.deep.equal({
      ...environment,
      SPIN_VARIABLE_FOO_BAR: "plain",
    });
  });
});

function resolverWith(...providers: readonly VariableProvider[]): VariableResolver {
  return new VariableResolver({ variables: VARIABLES, providers, signal: SIGNAL });
}
