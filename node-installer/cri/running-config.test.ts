import { expect } from "chai";
import { describe, it } from "mocha";
import { statusFrom } from "./cri-status.ts";
import { cgroupParentFor, configuredHandlers, parseRunningConfig } from "./running-config.ts";

const CONFIG = JSON.stringify({
  containerd: {
    defaultRuntimeName: "runc",
    runtimes: {
      spin: { runtimeType: "/opt/spin", options: null },
      runc: { runtimeType: "io.containerd.runc.v2", options: { SystemdCgroup: true } },
    },
  },
});

describe("cgroupParentFor()", () => {
  const table: readonly (readonly [name: string, config: unknown, parent: string])[] = [
    ["the default runtime has SystemdCgroup", JSON.parse(CONFIG), "system.slice"],
    ["it says false", withOptions({ SystemdCgroup: false }), "/"],
    ["it says so as text, which containerd ignores", withOptions({ SystemdCgroup: "true" }), "/"],
    ["it has no options", withOptions(null), "/"],
    [
      "only another runtime has it",
      { containerd: { defaultRuntimeName: "runc", runtimes: { x: { options: { SystemdCgroup: true } }, runc: {} } } },
      "/",
    ],
    ["there is no such runtime", { containerd: { defaultRuntimeName: "runc", runtimes: {} } }, "/"],
    ["there is nothing", {}, "/"],
    ["it is no object", [], "/"],
  ];
  for (const [name, config, parent] of table) {
    it(`is ${parent} where ${name}`, () => {
      expect(cgroupParentFor(parseRunningConfig(JSON.stringify(config)))).to.equal(parent);
    });
  }
});

describe("parseRunningConfig()", () => {
  for (const json of ["", "{", "null", "1", '"text"']) {
    it(`finds no runtimes in ${JSON.stringify(json)}`, () => {
      expect(configuredHandlers(parseRunningConfig(json))).to.deep.equal([]);
    });
  }
});

describe("statusFrom()", () => {
  const ready = { type: "RuntimeReady", status: true };
  const offline = { type: "NetworkReady", status: false, reason: "NetworkPluginNotReady" };

  it("takes the handlers that CRI reports, without the default's entry", () => {
    const runtimeHandlers = [{ name: "spin" }, { name: "" }, { name: "runc" }];
    const reply = { status: { conditions: [ready, offline] }, info: { config: "{}" }, runtimeHandlers };
    expect(statusFrom(reply)).to.deep.equal({
      runtimeReady: true,
      networkReady: false,
      handlers: ["runc", "spin"],
      handlersFrom: "status",
      configJson: "{}",
    });
  });

  it("takes those in the configuration where CRI reports none, as before containerd 2.0", () => {
    const reply = { status: { conditions: [ready] }, info: { config: CONFIG }, runtimeHandlers: [] };
    expect(statusFrom(reply)).to.include({ handlersFrom: "config" });
    expect(statusFrom(reply).handlers).to.deep.equal(["runc", "spin"]);
  });

  it("reads an empty answer as not ready", () => {
    const nothing = { runtimeReady: false, networkReady: false, handlers: [], handlersFrom: "config", configJson: "" };
    expect(statusFrom({})).to.deep.equal(nothing);
  });
});

function withOptions(options: unknown): object {
  return { containerd: { defaultRuntimeName: "runc", runtimes: { runc: { options } } } };
}
