import { mkdir, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { ServiceError } from "@grpc/grpc-js";
import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import { clearLeft, expectNothingLeft } from "./support/leaks.ts";
import { Pod, removeAllPods } from "./support/pods.ts";
import { readProcess } from "./support/processes.ts";
import { TEST_TIMEOUT_MS } from "./support/shared.ts";
import { sandboxPidOf } from "./support/status.ts";
import { subjectIsRunc } from "./support/subject.ts";
import { TestContainerd, VERSIONS } from "./support/test-containerd.ts";

// runc's shim knows no options under another name than its own.
for (const version of subjectIsRunc() ? [] : VERSIONS) {
  describe(`the options of a handler, containerd ${version}`, function onVersion() {
    this.timeout(TEST_TIMEOUT_MS);
    let containerd: TestContainerd;

    before("containerd is started", async function start() {
      this.timeout(15 * 60_000);
      containerd = await TestContainerd.create(version, limit(), [
        { name: "odd", options: ['Colour = "blue"'] },
        { name: "wrong", options: ['Grouping = "town"'] },
        { name: "missing", options: ['ConfigPath = "/no/such.toml"'] },
        { name: "dense", options: ['ConfigPath = "FOLDER/dense.toml"'] },
      ]);
      await writeFile(join(containerd.folder, "dense.toml"), 'Grouping = "node"\n');
    });
    after("containerd is removed", async () => {
      await removeAllPods(containerd);
      await clearLeft(containerd);
      await containerd.remove(limit());
    });

    // containerd 1.6 hands on nothing of the table but ConfigPath.
    const refused = [
      ["missing", /such\.toml/],
      ...(version === "1.6"
        ? []
        : ([
            ["odd", /Colour/],
            ["wrong", /Grouping/],
          ] as const)),
    ] as const;
    for (const [handler, pattern] of refused) {
      it(`are refused by name where they cannot be used: ${handler}`, async () => {
        const error = await Pod.run(containerd, handler, handler).then(
          () => undefined,
          (reason: unknown) => reason as ServiceError,
        );
        expect(error?.details).to.match(pattern);
        await removeAllPods(containerd);
        await expectNothingLeft(containerd, limit());
      });
    }

    it("let all pods share a shim", async () => {
      const pods = await Promise.all(["a", "b", "c"].map(async (name) => Pod.run(containerd, name, "dense")));
      const shims = await Promise.all(
        pods.map(async ({ id }) => (await readProcess(await sandboxPidOf(containerd, id)))?.parent),
      );
      expect(new Set(shims)).to.have.property("size", 1);
      const [first, ...others] = pods;
      await first?.remove();
      for (const [index, pod] of others.entries()) {
        const id = await pod.start("main", ["sh", "-c", "sleep 1000"]);
        const cmd = ["sh", "-c", `exit ${String(index + 3)}`];
        const reply = await containerd.cri.call("ExecSync", { containerId: id, cmd, timeout: 10 });
        expect(reply["exitCode"]).to.equal(index + 3);
      }
      await Promise.all(others.map(async (pod) => pod.remove()));
      await expectNothingLeft(containerd, limit());
    });

    it("may be those of runc's shim, which it then stands in for", async () => {
      const folder = join(containerd.folder, "opt/bin");
      await mkdir(folder, { recursive: true });
      await symlink(containerd.shim, join(folder, "containerd-shim-runc-v2"));
      await containerd.restart("SIGTERM", limit());
      const pod = await Pod.run(containerd, "runc", "runc");
      const id = await pod.start("main", ["sleep", "1000"]);
      const reply = await containerd.cri.call("ExecSync", {
        containerId: id,
        cmd: ["sh", "-c", "exit 9"],
        timeout: 10,
      });
      expect(reply["exitCode"]).to.equal(9);
      const shim = (await readProcess(await sandboxPidOf(containerd, pod.id)))?.parent ?? 0;
      expect((await readProcess(shim))?.command).to.match(/containerd-shim-spin-v2|shim-runc-v2/);
      await pod.remove();
      await expectNothingLeft(containerd, limit());
      await rm(folder, { recursive: true });
    });
  });
}

/** For what must not hang. Each has its own: a whole suite takes longer than any of them. */
function limit(): AbortSignal {
  return AbortSignal.timeout(1_200_000);
}
