import { expect } from "chai";
import { describe, it } from "mocha";
import { executor, externalExecutor, spinApp } from "./build-examples.ts";
import { referencesOf } from "./references.ts";

const SECRET = { secretKeyRef: { name: "s", key: "k", optional: true } };
const MAP = { configMapKeyRef: { name: "m", key: "k" } };

describe("referencesOf()", () => {
  it("finds every key that a SpinApp needs, and where it says so", () => {
    const app = spinApp({
      runtimeConfig: {
        sqliteDatabases: [{ name: "a", type: "t", options: [{ name: "o", valueFrom: SECRET }] }],
        keyValueStores: [
          { name: "a", type: "t" },
          {
            name: "b",
            type: "t",
            options: [
              { name: "o", value: "v" },
              { name: "p", valueFrom: MAP },
            ],
          },
        ],
        llmCompute: { type: "t", options: [{ name: "o", valueFrom: MAP }] },
      },
      variables: [{ name: "v", valueFrom: SECRET }],
      env: [
        { name: "e", valueFrom: MAP },
        { name: "f", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } },
      ],
    });
    const found = referencesOf(app, executor({ runtimeClassName: "c", caCertSecret: "ca" }));
    expect(found.map(({ kind, name, use, field }) => [kind, name, use, field])).to.deep.equal([
      ["Secret", "s", "config", "spec.runtimeConfig.sqliteDatabases[0].options[0].valueFrom.secretKeyRef"],
      ["ConfigMap", "m", "config", "spec.runtimeConfig.keyValueStores[1].options[1].valueFrom.configMapKeyRef"],
      ["ConfigMap", "m", "config", "spec.runtimeConfig.llmCompute.options[0].valueFrom.configMapKeyRef"],
      ["Secret", "s", "restart", "spec.variables[0].valueFrom.secretKeyRef"],
      ["ConfigMap", "m", "restart", "spec.env[0].valueFrom.configMapKeyRef"],
      ["Secret", "ca", "restart", 'spec.deploymentConfig.caCertSecret of the SpinAppExecutor "shim"'],
    ]);
    expect(found.map(({ optional }) => optional)).to.deep.equal([true, false, false, true, false, false]);
  });

  it("takes a whole configuration from a Secret, and then nothing else of it", () => {
    const options = [{ name: "o", valueFrom: SECRET }];
    const runtimeConfig = { loadFromSecret: "mine", llmCompute: { type: "t", options } };
    const found = referencesOf(spinApp({ runtimeConfig }), executor());
    expect(found.map(({ name, key }) => [name, key])).to.deep.equal([["mine", "runtime-config.toml"]]);
  });

  it("finds what pods read once by themselves", () => {
    const sidecar = {
      name: "side",
      env: [{ name: "A", valueFrom: SECRET }, { name: "B", valueFrom: MAP }, { name: "C" }],
      envFrom: [{ secretRef: { name: "all" } }, { configMapRef: { name: "all-of-map" } }],
      volumeMounts: [
        { name: "projected", mountPath: "/p", subPath: "dir" },
        { name: "whole", mountPath: "/w", subPathExpr: "$(A)" },
      ],
    };
    const app = spinApp({
      sidecars: [sidecar],
      volumes: [
        { name: "plain", secret: { secretName: "one" } },
        { name: "renewed", secret: { secretName: "kubelet-renews-it" } },
        {
          name: "items",
          configMap: {
            name: "two",
            items: [
              { key: "k", path: "f" },
              { key: "other", path: "g" },
            ],
          },
        },
        {
          name: "projected",
          projected: {
            sources: [
              { secret: { name: "three", items: [{ key: "k", path: "dir/f" }] } },
              { configMap: { name: "four" } },
            ],
          },
        },
        { name: "whole", secret: { secretName: "five" } },
        { name: "scratch", emptyDir: {} },
      ],
      volumeMounts: [
        { name: "plain", mountPath: "/one", subPath: "file" },
        { name: "renewed", mountPath: "/renewed" },
        { name: "items", mountPath: "/two", subPath: "f" },
        { name: "scratch", mountPath: "/s", subPath: "x" },
      ],
    });
    const found = referencesOf(app, executor());
    expect(found.map(({ kind, name, key, field }) => [kind, name, key, field])).to.deep.equal([
      ["Secret", "s", "k", "spec.sidecars[0]"],
      ["ConfigMap", "m", "k", "spec.sidecars[0]"],
      ["Secret", "all", undefined, "spec.sidecars[0]"],
      ["ConfigMap", "all-of-map", undefined, "spec.sidecars[0]"],
      ["Secret", "one", "file", "spec.volumes[0]"],
      ["ConfigMap", "two", "k", "spec.volumes[2]"],
      ["Secret", "three", "k", "spec.volumes[3]"],
      ["ConfigMap", "four", "dir", "spec.volumes[3]"],
      ["Secret", "five", undefined, "spec.volumes[4]"],
    ]);
    expect(found.every(({ optional, use }) => optional && use === "restart")).to.equal(true);
  });

  it("needs no certificates that the operator brings", () => {
    const installed = executor({ runtimeClassName: "c", caCertSecret: "ca", installDefaultCACerts: true });
    expect(referencesOf(spinApp(), installed)).to.deep.equal([]);
  });

  it("needs nothing for pods that others make", () => {
    expect(referencesOf(spinApp({ variables: [{ name: "v", valueFrom: SECRET }] }), externalExecutor())).to.deep.equal(
      [],
    );
  });
});
