import { expect } from "chai";
import { afterEach, before, describe, it } from "mocha";
import type { NodeHost } from "../support/node-host.ts";
import { BACKUP, FOLDER, FOREIGN_RUNTIME, NODES, SHIM } from "../support/node-host.ts";
import { CONFIG, cleanNode, gone, unwrapContainerd, wrapContainerd } from "./node-tools.ts";

for (const { name, version } of NODES) {
  describe(`node-installer and what others do on containerd ${version}`, () => {
    let host: NodeHost;
    let clean = "";
    before(async () => {
      ({ host, clean } = await cleanNode(name));
    });
    afterEach(async () => {
      if (await host.isAsBefore(clean)) return;
      await host.repair(); // A test that failed must not fail the next ones.
    });

    async function expectUntouched(): Promise<void> {
      expect(await host.ordinaryPod()).to.equal("");
      expect(await host.listing()).to.equal(clean);
    }

    it("has nothing to remove where somebody else's handler has the name", async () => {
      await host.out(`printf '${FOREIGN_RUNTIME}' >> ${CONFIG}; systemctl restart containerd`);
      try {
        const start = await host.containerdStart();
        const planted = await host.listing();
        expect(await host.install()).to.include({ ok: false, reason: "HandlerConflict" });
        const report = await host.uninstall();
        expect(report, report.message).to.include({ ok: true, restarts: 0 });
        expect(await host.containerdStart()).to.equal(start);
        await gone(host);
        expect(await host.listing()).to.equal(planted);
        expect(await host.podOf(SHIM)).to.equal("");
      } finally {
        await host.out(`cp -p ${BACKUP} ${CONFIG}; systemctl restart containerd`);
      }
      await expectUntouched();
    });

    it("leaves a file of upstream's installer where the link would be", async () => {
      await host.out(`mkdir -p /opt/rcm/bin && cp /bin/busybox /opt/rcm/bin/containerd-shim-${SHIM}`);
      const planted = await host.listing();
      const report = await host.install();
      expect(report, report.message).to.include({ ok: false, reason: "HandlerConflict", restarts: 0 });
      expect(await host.uninstall()).to.include({ ok: true, restarts: 0 });
      expect(await host.listing()).to.equal(planted);
      await host.out("rm -r /opt/rcm");
      await expectUntouched();
    });

    it("does not write over what somebody else changed while it looked at the node", async () => {
      await wrapContainerd(host, `case "$*" in *candidate*) echo '# by others' >> ${CONFIG};; esac\nexec REAL "$@"`);
      try {
        const report = await host.install();
        expect(report, report.message).to.include({ ok: false, reason: "ConfigDrift", restarts: 0 });
        expect(await host.out(`grep -c '# by others' ${CONFIG}`)).to.equal("1");
      } finally {
        await unwrapContainerd(host);
      }
      await host.uninstall();
      await host.out(`sed -i '/# by others/d' ${CONFIG}`);
      await gone(host);
      await expectUntouched();
    });

    it("leaves a handler to the shim that has it", async () => {
      await host.install();
      const planted = await host.listing();
      const archive = `${FOLDER}/shim1.tar.gz`;
      const taking = await host.installer(`install --shim ${archive} --name another --handler ${SHIM}`);
      expect(taking, taking.message).to.include({ ok: false, reason: "HandlerConflict", restarts: 0 });
      const removal = await host.installer(`uninstall --name another --handler ${SHIM}`);
      expect(removal, removal.message).to.include({ ok: true, restarts: 0 });
      expect(await host.install(1, "--handler second")).to.include({ ok: false, reason: "HandlerConflict" });
      expect(await host.listing()).to.equal(planted);
      expect(await host.podOf(SHIM)).to.equal("");
      expect(await host.uninstall()).to.include({ ok: true });
      await gone(host);
      await expectUntouched();
    });

    it("keeps an executable that a link names, whatever the record says", async () => {
      await host.install();
      await host.out("mv /opt/rcm/record.json /srv/rcm-test/record.json");
      expect(await host.installer("uninstall --name another")).to.include({ ok: true, restarts: 0 });
      expect(await host.podOf(SHIM)).to.equal("");
      await host.out("mv /srv/rcm-test/record.json /opt/rcm/record.json");
      expect(await host.uninstall()).to.include({ ok: true });
      await gone(host);
      await expectUntouched();
    });
  });
}
