import { expect } from "chai";
import { afterEach, before, describe, it } from "mocha";
import type { NodeHost } from "../support/node-host.ts";
import { BACKUP, FOREIGN_RUNTIME, NODES, SHIM, unpackBeside } from "../support/node-host.ts";
import { CONFIG, cleanNode, gone, HOLD, killInstaller, unwrapContainerd, wrapContainerd } from "./node-tools.ts";

for (const { name, version } of NODES) {
  describe(`node-installer on containerd ${version}`, () => {
    let host: NodeHost;
    let clean = "";
    before(async () => {
      ({ host, clean } = await cleanNode(name));
    });

    /** What is required after every failure: the node is as before, and ordinary pods start. */
    async function expectUntouched(): Promise<void> {
      expect(await host.ordinaryPod()).to.equal("");
      expect(await host.listing()).to.equal(clean);
    }

    describe("a shim's life", () => {
      it("installs with one restart, serves the handler, and leaves running pods alone", async () => {
        const containers = await host.out("ctr -n k8s.io task ls -q | sort");
        const report = await host.install();
        expect(report).to.include({ ok: true, restarts: 1, level: "Proven" });
        expect(await host.podOf(SHIM)).to.equal("");
        expect(await host.ordinaryPod()).to.equal("");
        expect(await host.out("ctr -n k8s.io task ls -q | sort")).to.equal(containers);
      });

      it("changes nothing and restarts nothing when it is run again", async () => {
        const start = await host.containerdStart();
        const listing = await host.listing();
        expect(await host.install()).to.include({ ok: true, restarts: 0 });
        expect(await host.containerdStart()).to.equal(start);
        expect(withoutRecord(await host.listing())).to.equal(withoutRecord(listing));
      });

      it("swaps a new executable in without a restart", async () => {
        const start = await host.containerdStart();
        const first = await host.out("readlink /opt/rcm/bin/containerd-shim-demo-v1");
        await host.out(unpackBeside(first));
        expect(await host.install(2)).to.include({ ok: true, restarts: 0 });
        expect(await host.containerdStart()).to.equal(start);
        const second = await host.out("readlink /opt/rcm/bin/containerd-shim-demo-v1");
        expect(second).not.to.equal(first);
        expect(await host.out("ls /opt/rcm/store")).to.equal(second.split("/").at(-2));
      });

      it("proves an installed shim and changes nothing", async () => {
        const listing = await host.listing();
        expect(await host.installer(`verify --name ${SHIM}`)).to.include({ ok: true, level: "Proven" });
        expect(await host.listing()).to.equal(listing);
      });

      it("leaves the host byte-identical after uninstall, and does it twice without harm", async () => {
        await host.out(unpackBeside("$(readlink /opt/rcm/bin/containerd-shim-demo-v1)"));
        expect(await host.uninstall()).to.include({ ok: true, restarts: 1 });
        await gone(host);
        expect(await host.listing()).to.equal(clean);
        expect(await host.uninstall()).to.include({ ok: true, restarts: 0 });
        await gone(host);
      });
    });

    describe("by itself", () => {
      afterEach(async () => {
        if (await host.isAsBefore(clean)) return;
        await host.repair(); // A test that failed must not fail the next ones.
      });

      it("plans without changing anything", async () => {
        const report = await host.installer(`plan --shim /srv/rcm-test/shim1.tar.gz --name ${SHIM}`);
        expect(report.message).to.include("containerd would be restarted once").and.include("+++");
        expect((await host.sh("ls -d /run/rcm-plan")).stdout).to.equal("");
        await expectUntouched();
      });

      const REFUSED = [
        {
          what: "a syntax error in the configuration",
          plant: `echo '[plugins."x' >> ${CONFIG}`,
          reason: "ConfigInvalid",
        },
        {
          what: "a runtime of somebody else under the handler's name",
          plant: `printf '${FOREIGN_RUNTIME}' >> ${CONFIG}`,
          reason: "HandlerConflict",
        },
        {
          what: "a switched-off CRI plug-in",
          plant: `sed -i '1i disabled_plugins = ["io.containerd.grpc.v1.cri"]' ${CONFIG}`,
          reason: "ConfigUnsupported",
        },
        {
          what: "a change that somebody has not put in force yet",
          plant: `sed -i 's/restrict_oom_score_adj = true/restrict_oom_score_adj = false/' ${CONFIG}`,
          reason: "ConfigDrift",
        },
        {
          what: "a missing configuration",
          plant: `rm ${CONFIG}`,
          reason: version.startsWith("2") ? "ConfigDrift" : "ConfigMissing",
        },
      ];
      for (const { what, plant, reason } of REFUSED) {
        it(`refuses ${what}, says so, and leaves the node as it is`, async () => {
          const start = await host.containerdStart();
          await host.out(plant);
          const planted = await host.listing();
          const report = await host.install();
          expect(report, report.message).to.include({ ok: false, reason, restarts: 0 });
          expect(await host.listing()).to.equal(planted);
          expect(await host.ordinaryPod()).to.equal("");
          expect(await host.containerdStart()).to.equal(start);
          await host.out(`cp -p ${BACKUP} ${CONFIG}`);
          await expectUntouched();
        });
      }

      const BROKEN = [
        {
          what: "does not come back with the new configuration",
          wrapper: `if [ $# = 0 ] && grep -qr ${SHIM} /etc/containerd; then exit 1; fi\nexec REAL "$@"`,
          reason: "RestartFailed",
        },
        {
          what: "comes back without the handler",
          wrapper: `if [ $# = 0 ]; then exec REAL --config ${BACKUP}; fi\nexec REAL "$@"`,
          reason: "HandlerNotServed",
        },
      ];
      for (const { what, wrapper, reason } of BROKEN) {
        it(`takes everything back when containerd ${what}`, async () => {
          await wrapContainerd(host, wrapper);
          try {
            const planted = await host.listing();
            const report = await host.install();
            expect(report, report.message).to.include({ ok: false, reason, rolledBack: true });
            expect(await host.ordinaryPod()).to.equal("");
            expect(await host.listing()).to.equal(planted);
          } finally {
            await unwrapContainerd(host);
          }
          await expectUntouched();
        });
      }

      it("prepares a host on which containerd does not run, as for a node image", async () => {
        await host.out("systemctl stop containerd");
        try {
          expect(await host.install(1, "--no-restart")).to.include({ ok: true, restarts: 0, level: "Configured" });
        } finally {
          await host.out("systemctl start containerd");
        }
        expect(await host.podOf(SHIM)).to.equal("");
        expect(await host.installer(`verify --name ${SHIM}`)).to.include({ ok: true, level: "Proven" });
        expect(await host.uninstall()).to.include({ ok: true, restarts: 1 });
        await gone(host);
        await expectUntouched();
      });

      it("takes a shim back that cannot start a pod", async () => {
        await host.out(
          "cd /srv/rcm-test && mkdir -p t && cp /bin/busybox t/containerd-shim-demo-v1 && tar -C t -czf broken.tar.gz .",
        );
        const report = await host.installer(`install --shim /srv/rcm-test/broken.tar.gz --name ${SHIM}`);
        expect(report, report.message).to.include({ ok: false, reason: "ShimBroken", rolledBack: true });
        await gone(host);
        await expectUntouched();
      });

      it("says that the disk is full, and leaves nothing", async () => {
        await host.out("mkdir /opt/rcm && mount -t tmpfs -o size=4m tmpfs /opt/rcm");
        const report = await host.install();
        expect(report, report.message).to.include({ ok: false, reason: "DiskFull", restarts: 0 });
        await host.out("umount /opt/rcm; rmdir /opt/rcm 2>/dev/null; true");
        await expectUntouched();
      });

      it("says that /opt is read-only, and leaves nothing", async () => {
        await host.out("mount --bind /opt /opt && mount -o remount,bind,ro /opt");
        const report = await host.install();
        expect(report, report.message).to.include({ ok: false, reason: "ReadOnlyFileSystem", restarts: 0 });
        await host.out("umount /opt");
        await expectUntouched();
      });

      it("lets one of two installers that come at once wait for the other", async () => {
        const [one, two] = await Promise.all([host.install(), host.install()]);
        expect([one.ok, two.ok]).to.deep.equal([true, true]);
        expect(one.restarts + two.restarts).to.equal(1);
        await host.uninstall();
        await gone(host);
        await expectUntouched();
      });

      it("refuses to remove a shim that a pod uses, and says which", async () => {
        await host.install();
        await host.out(
          `ctr -n k8s.io run -d --runtime /opt/rcm/bin/containerd-shim-${SHIM} localhost/busybox:1 held sleep 1000`,
        );
        const report = await host.uninstall();
        expect(report, report.message).to.include({ ok: false, reason: "InUse", restarts: 0 });
        expect(await host.install(2)).to.include({ ok: true, restarts: 0 });
        expect(await host.out("ls /opt/rcm/store | wc -l")).to.equal("2");
        await host.out(
          "ctr -n k8s.io task kill -s KILL held; for i in $(seq 50); do ctr -n k8s.io task rm held 2>/dev/null && break; sleep 0.1; done; ctr -n k8s.io container rm held",
        );
        await host.out(
          "for i in $(seq 300); do [ $(ls /opt/rcm/store | wc -l) = 1 ] && exit 0; sleep 0.1; done; exit 1",
        );
        expect(await host.uninstall()).to.include({ ok: true });
        await gone(host);
        await expectUntouched();
      });

      it("lets the host itself take a change back when its installer is gone", async () => {
        await killAfterRestart(host);
        const planned = await host.installer(`plan --shim /srv/rcm-test/shim1.tar.gz --name ${SHIM}`);
        expect(planned, planned.message).to.include({ ok: false, reason: "Interrupted" });
        expect(await host.podOf(SHIM)).to.equal("");
        expect(await host.out("systemctl is-active rcm-dead-man.timer")).to.equal("active");
        await host.out("systemctl start rcm-dead-man.service"); // As the timer does when its time has come.
        expect(await host.podOf(SHIM)).to.include(SHIM);
        expect(await host.ordinaryPod()).to.equal("");
        expect(await host.out(`cmp ${CONFIG} ${BACKUP} && echo same`)).to.equal("same");
        expect(await host.install()).to.include({ ok: true, level: "Proven" });
        await unwrapContainerd(host);
        expect(await host.uninstall()).to.include({ ok: true });
        await gone(host);
        await expectUntouched();
      });

      it("keeps a change that was whole when its installer was killed", async () => {
        await killAfterRestart(host);
        const start = await host.containerdStart();
        expect(await host.install()).to.include({ ok: true, restarts: 0, level: "Proven" });
        expect(await host.containerdStart()).to.equal(start);
        expect((await host.sh("systemctl is-active rcm-dead-man.timer")).stdout.trim()).to.equal("inactive");
        await unwrapContainerd(host);
        await host.uninstall();
        await gone(host);
        await expectUntouched();
      });
    });
  });
}

function withoutRecord(listing: string): string {
  return listing
    .split("\n")
    .filter((line) => !line.includes("record.json"))
    .join("\n");
}

/** Kills the installer as soon as systemd starts containerd anew: the switch is armed, nothing is proven yet. */
async function killAfterRestart(host: NodeHost): Promise<void> {
  await wrapContainerd(host, `${HOLD}\nexec REAL "$@"`);
  await killInstaller(host, '[ "$(systemctl show containerd -P SubState)" = start ]');
}
