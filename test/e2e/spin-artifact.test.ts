import { randomUUID } from "node:crypto";
import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import { buildSpinApp } from "../guests/spin-app.ts";
import { cleanUp, openStage } from "../support/e2e.ts";
import type { Stage } from "../support/e2e.ts";
import { eventually } from "../support/kubectl.ts";
import { NODES } from "../support/node-host.ts";
import { installOwnShim } from "../support/own-shim.ts";
import { getPod, isReady } from "../support/pod-status.ts";
import { pushToCluster } from "../support/registry-push.ts";
import { lockedAppIn, spinArtifact } from "../support/spin-artifact.ts";
import { list, podOn, WASM_CLASS } from "../support/wasm-apps.ts";

const PORT = 8080;
/** Containerd 1.6.20 does not unpack artifacts, but keeps them: the kubelet's second attempt finds it there. */
const READY_MS = 90_000;

describe("Spin artifacts on a cluster", () => {
  let stage: Stage;
  before(async () => {
    stage = await openStage();
    await installOwnShim(stage, WASM_CLASS);
  });
  after(async () => {
    await cleanUp(stage);
    await stage.close();
  });

  it("answer on every node that pulls them from a registry", async () => {
    const locked = await lockedAppIn(await buildSpinApp("rust-spin"));
    const image = await pushToCluster(await spinArtifact({ ...locked, description: randomUUID() }), "spin"); // New to all.
    const env = [{ name: "SPIN_HTTP_LISTEN_ADDR", value: `0.0.0.0:${String(PORT)}` }];
    const readinessProbe = { httpGet: { path: "/hello", port: PORT }, periodSeconds: 1, timeoutSeconds: 5 };
    const app = { name: "spin", image, container: { command: ["/"], env, readinessProbe } };
    await stage.kubectl(["apply", "-f", "-"], JSON.stringify(list(NODES.map(({ name }) => podOn(name, app)))));
    for (const { name } of NODES) {
      const pod = `spin-${name}`;
      await eventually(`pod ${pod} to be ready`, READY_MS, async () => isReady(await getPod(stage.kubectl, pod)));
      const path = `/api/v1/namespaces/default/pods/${pod}:${String(PORT)}/proxy/chained/`;
      expect(await stage.kubectl(["get", "--raw", path])).to.match(/^hello from c/);
    }
  });
});
