import { expect } from "chai";
import { describe, it } from "mocha";
import { appObjects } from "./app-objects.ts";
import type { AppOptions } from "./app-options.ts";

const OPTIONS: AppOptions = {
  name: "hello",
  image: "a/hello",
  replicas: 1,
  autoscaler: undefined,
  resources: { limits: {}, requests: {} },
  executor: undefined,
  runtimeConfigFile: undefined,
  imagePullSecrets: [],
  variables: [],
  components: [],
  serviceAccountName: undefined,
  hasAzureIdentity: false,
};

/** The spec of the SpinApp. */
function specOf(content: string | undefined, hasConfigMark: boolean): unknown {
  const runtimeConfig = content === undefined ? undefined : Buffer.from(content);
  return appObjects(OPTIONS, { namespace: undefined, runtimeConfig, hasConfigMark })[0]?.["spec"];
}

describe("appObjects()", () => {
  const runtimeConfig = { loadFromSecret: "hello-runtime-config" };

  it("marks the pods with a digest of the runtime configuration, where it is told to", () => {
    const podAnnotations = { "core.spinkube.dev/runtime-config": "2cf24dba5fb0a30e" };
    expect(specOf("hello", true)).to.deep.equal({ image: "a/hello", replicas: 1, podAnnotations, runtimeConfig });
    expect(specOf("hello", false)).to.deep.equal({ image: "a/hello", replicas: 1, runtimeConfig });
  });

  it("marks no pods without a runtime configuration", () => {
    expect(specOf(undefined, true)).to.deep.equal({ image: "a/hello", replicas: 1 });
  });
});
