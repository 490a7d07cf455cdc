import { rm } from "node:fs/promises";
import { CriConnection } from "@rcm/node-installer/cri/cri-connection";
import { listContainers, listSandboxes } from "@rcm/node-installer/cri/cri-lists";
import { criStatus } from "@rcm/node-installer/cri/cri-status";
import {
  probeSandbox,
  PROBE_LABEL,
  PROBE_NAMESPACE,
  removeProbes,
  type Probe,
} from "@rcm/node-installer/cri/probe-sandbox";
import { cgroupParentFor, parseRunningConfig } from "@rcm/node-installer/cri/running-config";
import { waitForCri } from "@rcm/node-installer/cri/wait-for-cri";
import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import { openCluster } from "../cluster/index.ts";
import { pollUntil } from "../cluster/poll-until.ts";
import { CONTAINERD_VERSIONS, packImages, PrivateContainerd } from "./private-containerd.ts";
import { startContainer } from "./start-container.ts";

const DEADLINE_MS = 60_000;

describe("CRI", () => {
  let images = "";
  before(async () => {
    images = await packImages(limit());
  });
  after(async () => {
    await rm(images, { recursive: true });
  });

  for (const version of CONTAINERD_VERSIONS) {
    describe(`of containerd ${version}`, () => {
      let containerd: PrivateContainerd;
      let cri: CriConnection;

      before(async () => {
        containerd = await PrivateContainerd.create(version, limit());
        await restart();
        await containerd.importImages(images, limit());
      });
      after(async () => {
        cri.close();
        await containerd.remove(limit());
      });

      async function restart(defaultRuntime = "runc"): Promise<void> {
        await containerd.kill(limit());
        await containerd.start(defaultRuntime);
        await waitForCri({ socket: containerd.socket, deadlineMs: DEADLINE_MS }, limit());
        cri = new CriConnection(containerd.socket);
      }

      it("says its version, readiness and handlers", async () => {
        const status = await criStatus(cri, limit());
        expect(status.containerdVersion).to.match(new RegExp(`^v?${version.replace(".", "\\.")}\\.`));
        expect(status).to.include({
          runtimeReady: true,
          networkReady: false,
          handlersFrom: version === "2.1" ? "status" : "config",
        });
        expect(status.handlers).to.deep.equal(HANDLERS);
        expect(cgroupParentFor(parseRunningConfig(status.configJson))).to.equal("/");
      });

      const probes: readonly (readonly [name: string, probe: Partial<Probe>, step: string, message: RegExp])[] = [
        ["a handler that is not configured", { handler: "nosuch" }, "run", /no runtime for "nosuch" is configured/],
        ["a handler whose runc does not work", { handler: "broken" }, "run", /OCI runtime create failed/],
        ["a handler without a shim", { handler: "missing" }, "run", /containerd-shim-missing-v9/],
      ];
      for (const [name, probe, step, message] of probes) {
        it(`fails a probe through ${name}, and leaves nothing`, async () => {
          const result = await probeSandbox(cri, { name: "probe", cgroupParent: "/", ...probe }, limit());
          expect(result).to.include({ kind: "failed", step });
          expect(result).to.have.property("message").that.matches(message);
          expect(await probesLeft(cri)).to.deep.equal([]);
        });
      }

      it("passes a probe through the default handler and a named one, and leaves nothing", async () => {
        for (const handler of [{}, { handler: "runc" }]) {
          const result = await probeSandbox(cri, { name: "probe", cgroupParent: "/", ...handler }, limit());
          expect(result).to.deep.equal({ kind: "ok" });
        }
        expect(await probesLeft(cri)).to.deep.equal([]);
      });

      it("fails a probe that takes too long, and leaves nothing of it", async () => {
        const result = await probeSandbox(cri, { name: "probe", cgroupParent: "/", timeoutMs: 20 }, limit());
        expect(result).to.deep.equal({ kind: "failed", step: "run", message: "no answer within 20 ms" });
        expect(await probesLeft(cri)).to.deep.equal([]);
      });

      it("leaves nothing of a probe that is called off", async () => {
        const reason = new Error("enough");
        const controller = new AbortController();
        const probing = probeSandbox(cri, { name: "probe", cgroupParent: "/" }, controller.signal);
        controller.abort(reason);
        expect(await probing.catch((error: unknown) => error)).to.equal(reason);
        expect(await probesLeft(cri)).to.deep.equal([]);
      });

      it("removes what a killed probe has left, and no other pod of its namespace", async () => {
        const linux = { cgroupParent: "/", securityContext: { namespaceOptions: { network: 2 } } };
        const ids: string[] = [];
        for (const labels of [{ [PROBE_LABEL]: "killed" }, { app: "manager" }]) {
          const metadata = { name: "left", uid: `${version}-${ids.length}`, namespace: PROBE_NAMESPACE };
          const request = { config: { metadata, labels, linux }, runtimeHandler: "runc" };
          const made = await cri.call("RunPodSandbox", request, limit(), DEADLINE_MS);
          ids.push((made as { readonly podSandboxId: string }).podSandboxId);
        }
        await removeProbes(cri, limit());
        expect((await listSandboxes(cri, {}, limit())).map(({ id }) => id)).to.deep.equal(ids.slice(1));
        for (const method of ["StopPodSandbox", "RemovePodSandbox"] as const) {
          await cri.call(method, { podSandboxId: ids[1] }, limit(), DEADLINE_MS);
        }
      });

      it("lists sandboxes and containers, which outlive a restart of the daemon", async () => {
        const metadata = { name: "web", uid: `uid-${version}`, namespace: "shop" };
        const labels = { app: "web" };
        const linux = { cgroupParent: "/", securityContext: { namespaceOptions: { network: 2 } } };
        const config = { metadata, labels, linux };
        const from = Date.now();
        const made = await cri.call("RunPodSandbox", { config, runtimeHandler: "runc" }, limit(), DEADLINE_MS);
        const { podSandboxId: id } = made as { readonly podSandboxId: string };
        try {
          const container = await startContainer(containerd.socket, { id, metadata }, labels);
          for (const isRestarted of [false, true]) {
            if (isRestarted) await restart();
            const [sandbox, ...others] = await listSandboxes(cri, { handler: "runc", state: "ready", labels }, limit());
            expect(others).to.deep.equal([]);
            expect(sandbox).to.deep.include({ id, pod: metadata, handler: "runc", state: "ready" });
            expect(sandbox?.createdAtMs).to.be.within(from - 1, Date.now());
            const [running] = await listContainers(cri, { sandboxId: id, state: "running" }, limit());
            expect(running).to.deep.include({ id: container, sandboxId: id, name: "sleeper", attempt: 0, labels });
          }
          expect(await listSandboxes(cri, { handler: "" }, limit())).to.deep.equal([]);
          expect(await listSandboxes(cri, { labels: { app: "other" } }, limit())).to.deep.equal([]);
          expect(await listContainers(cri, { state: "exited" }, limit())).to.deep.equal([]);
          await cri.call("StopPodSandbox", { podSandboxId: id }, limit(), DEADLINE_MS);
          expect(await listSandboxes(cri, { state: "ready" }, limit())).to.deep.equal([]);
          const [stopped] = await listSandboxes(cri, { state: "notReady" }, limit());
          expect(stopped).to.include({ id, state: "notReady" });
        } finally {
          await cri.call("StopPodSandbox", { podSandboxId: id }, limit(), DEADLINE_MS);
          await cri.call("RemovePodSandbox", { podSandboxId: id }, limit(), DEADLINE_MS);
        }
      });

      it("fails with UNAVAILABLE while the daemon is away", async () => {
        await containerd.kill(limit());
        const error = await criStatus(cri, limit()).catch((reason: unknown) => reason);
        expect(error).to.have.property("code", "UNAVAILABLE");
        await restart();
        expect(await criStatus(cri, limit())).to.include({ runtimeReady: true });
      });

      it("fails with NOT_SERVED where the configuration has broken CRI but not the daemon", async () => {
        await containerd.kill(limit());
        await containerd.start("nosuch");
        const wait = { socket: containerd.socket, deadlineMs: 500 };
        const what = { what: "NOT_SERVED", timeoutMs: DEADLINE_MS, see: containerd.folder };
        await pollUntil(
          what,
          async () => {
            const error = await waitForCri(wait, limit()).catch((reason: unknown) => reason);
            if ((error as { readonly code?: string }).code === "NOT_SERVED") return error;
            throw error; // The daemon may not listen yet.
          },
          limit(),
        );
        await restart();
      });
    });
  }

  for (const node of ["node1", "node2", "node3"]) {
    it(`passes a probe where runc's cgroups are systemd's: ${node}`, async () => {
      const cri = new CriConnection(`${await openCluster().nodeRoot(node)}/run/containerd/containerd.sock`);
      try {
        const cgroupParent = cgroupParentFor(parseRunningConfig((await criStatus(cri, limit())).configJson));
        expect(cgroupParent).to.equal("system.slice");
        expect(await probeSandbox(cri, { name: "probe", cgroupParent }, limit())).to.deep.equal({ kind: "ok" });
        expect(await probesLeft(cri)).to.deep.equal([]);
      } finally {
        cri.close();
      }
    });
  }
});

const HANDLERS = ["broken", "missing", "runc"];

async function probesLeft(cri: CriConnection): Promise<readonly string[]> {
  const sandboxes = await listSandboxes(cri, {}, limit());
  return sandboxes.filter(({ labels }) => labels[PROBE_LABEL] !== undefined).map(({ id }) => id);
}

/** For what must not hang. Each has its own: a whole suite takes longer than any of them. */
function limit(): AbortSignal {
  return AbortSignal.timeout(20 * DEADLINE_MS);
}
