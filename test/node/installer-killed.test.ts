import { expect } from "chai";
import { it } from "mocha";
import type { NodeHost } from "../support/node-host.ts";
import { commandLine, describeNodes, gone } from "./node-tools.ts";

/** For some thirty installs and removals, one after another. */
const KILLS_MS = 10 * 60_000;

describeNodes("node-installer that is killed", (node, version) => {
  it("in an install, at every step: the next installer ends what it began", async () => {
    const { host, clean } = node;
    for (let step = 1; ; step += 1) {
      const killed = await killAt(host, "install", { calls: "rename", step });
      expect(await host.ordinaryPod(), `after kill at step ${step}`).to.equal("");
      const report = await host.install();
      expect(report, `after kill at step ${step}: ${report.message}`).to.include({ ok: true, level: "Proven" });
      await host.uninstall();
      await gone(host);
      expect(await host.listing(), `after kill at step ${step}`).to.equal(clean);
      if (!killed) {
        expect(step).to.be.greaterThan(6);
        break;
      }
    }
  }).timeout(KILLS_MS);

  // 1.6 has its handlers in the main file, as 1.7; only with 2.1 files and folders are made which must go.
  const kinds = { "1.6": [], "1.7": ["rename"], "2.1": ["rename", "unlink,rmdir"] }[version];
  for (const calls of kinds) {
    it(`in an uninstall, at every ${calls}: the next one leaves the host as it was`, async () => {
      const { host, clean } = node;
      for (let step = 1; ; step += 1) {
        await host.install();
        const killed = await killAt(host, "uninstall", { calls, step });
        const report = await host.uninstall();
        expect(report, `after kill at step ${step}: ${report.message}`).to.include({ ok: true });
        await gone(host);
        expect(await host.listing(), `after kill at step ${step}`).to.equal(clean);
        if (!killed) {
          expect(step).to.be.greaterThan(5);
          break;
        }
      }
    }).timeout(KILLS_MS);
  }
});

/**
 * Kills the installer at its n-th call of a kind: each step of a transaction ends with a rename, a removal is an unlink.
 * strace counts for each thread by itself, so there is only one that works on files.
 *
 * @returns whether it came so far.
 */
async function killAt(
  host: NodeHost,
  command: "install" | "uninstall",
  { calls, step }: { readonly calls: string; readonly step: number },
): Promise<boolean> {
  const inject = `-e trace=${calls} -e inject=${calls}:signal=KILL:when=${step}`;
  const { code } = await host.sh(
    `env UV_THREADPOOL_SIZE=1 strace -f -qq -o /dev/null ${inject} ${commandLine(command)}`,
    120_000,
  );
  return code !== 0;
}
