import { expect } from "chai";
import { afterEach, before, describe, it } from "mocha";
import type { NodeHost } from "../support/node-host.ts";
import { BACKUP, NODES, SHIM } from "../support/node-host.ts";
import { CONFIG, cleanNode, gone, HOLD, killInstaller } from "./node-tools.ts";

const WRAPPER = "/srv/rcm-test/containerd-of-a-boot";
const DROP_IN = "/etc/systemd/system/containerd.service.d/99-test.conf";
const UNIT = "/etc/systemd/system/rcm-restore.service";

for (const { name, version } of NODES) {
  describe(`node-installer and a power failure on containerd ${version}`, () => {
    let host: NodeHost;
    let clean = "";
    before(async () => {
      ({ host, clean } = await cleanNode(name));
    });
    afterEach(async () => {
      await unwrap(host);
      if (await host.isAsBefore(clean)) return;
      await host.repair(); // A test that failed must not fail the next ones.
      await host.out("systemctl start kubelet kube-proxy");
    });

    async function expectUntouched(): Promise<void> {
      expect(await host.ordinaryPod()).to.equal("");
      expect(await host.listing()).to.equal(clean);
      expect(await left(host)).to.equal("");
    }

    it("restores before containerd starts, which would not start with the new configuration", async () => {
      await wrap(host, "exit 1");
      const planted = await configuration(host);
      await killAtNewConfiguration(host);
      expect(await configuration(host)).not.to.equal(planted);
      await host.cluster.powerOff(name, AbortSignal.timeout(60_000));
      await host.cluster.powerOn(name, AbortSignal.timeout(120_000));
      expect(await configuration(host)).to.equal(planted);
      expect(await host.out(`cmp ${CONFIG} ${BACKUP} && echo same`)).to.equal("same");
      expect(await host.ordinaryPod()).to.equal("");
      expect(await host.out("systemctl show containerd --value -p NRestarts")).to.equal("0");
      await unwrap(host);
      expect(await host.install()).to.include({ ok: true, restarts: 1, level: "Proven" });
      expect(await left(host)).to.equal("");
      expect(await host.uninstall()).to.include({ ok: true, restarts: 1 });
      await gone(host);
      await expectUntouched();
    });

    it("does nothing in the boot of the change, though systemd got to know its unit", async () => {
      await wrap(host, ":");
      await killAtNewConfiguration(host);
      const changed = await configuration(host);
      expect(changed).to.include(UNIT);
      await host.out("systemctl daemon-reload; systemctl restart containerd");
      expect(await host.ordinaryPod()).to.equal("");
      expect(await configuration(host)).to.equal(changed);
      await unwrap(host);
      expect(await host.install()).to.include({ ok: true, level: "Proven" });
      expect(await left(host)).to.equal("");
      expect(await host.uninstall()).to.include({ ok: true });
      await gone(host);
      await expectUntouched();
    });

    it("leaves nothing of its unit after install, rollback and uninstall", async () => {
      expect(await host.install()).to.include({ ok: true, restarts: 1 });
      expect(await left(host)).to.equal("");
      expect(await host.uninstall()).to.include({ ok: true, restarts: 1 });
      await gone(host);
      await expectUntouched();
      await wrap(host, "exit 1");
      expect(await host.install()).to.include({ ok: false, reason: "RestartFailed", rolledBack: true });
      expect(await left(host)).to.equal("");
      await unwrap(host);
      await gone(host);
      await expectUntouched();
    });

    it("goes on without it where /etc cannot be written by the host", async () => {
      const units = "/etc/systemd/system";
      await host.out(`mount --bind ${units} ${units} && mount -o remount,bind,ro ${units}`);
      try {
        const report = await host.install();
        expect(report, report.message).to.include({ ok: true, restarts: 1, level: "Proven" });
        expect(await host.uninstall()).to.include({ ok: true, restarts: 1 });
      } finally {
        await host.out(`umount ${units}`);
      }
      await gone(host);
      await expectUntouched();
    });
  });
}

/** Containerd's files with their hashes, and all of systemd's. Times are not in it: folders have that of their last change. */
async function configuration(host: NodeHost): Promise<string> {
  return host.out(
    "find /etc/containerd /etc/systemd -type f -exec sha256sum {} + | sort -k2; find /etc/systemd -printf '%p %y %m %u:%g %l\\n' | sort",
  );
}

/** What there is of the unit, also in systemd's own folders; others come and go there meanwhile. */
async function left(host: NodeHost): Promise<string> {
  const names = String.raw`\( -name 'rcm-restore*' -o -name containerd.service.wants \)`;
  return host.out(`find /etc/systemd /run -ignore_readdir_race -xdev ${names}`);
}

/** Puts a script in containerd's place, over boots, that does something when the configuration has our handler. */
async function wrap(host: NodeHost, action: string): Promise<void> {
  const real = await host.out("systemctl show containerd -p ExecStart --value | sed 's/.*path=\\([^ ;]*\\).*/\\1/'");
  const act = `if [ $# = 0 ] && grep -qr ${SHIM} /etc/containerd; then ${action}; fi`;
  await host.out(
    `printf '#!/bin/sh\\n%s\\n' '${HOLD}\n${act}\nexec ${real} "$@"' > ${WRAPPER}; chmod +x ${WRAPPER}; mkdir -p $(dirname ${DROP_IN}); printf '[Service]\\nExecStart=\\nExecStart=${WRAPPER}\\n' > ${DROP_IN}; systemctl daemon-reload`,
  );
}

async function unwrap(host: NodeHost): Promise<void> {
  await host.out(
    `[ -e ${DROP_IN} ] || exit 0; rm ${DROP_IN}; rmdir $(dirname ${DROP_IN}); systemctl daemon-reload; systemctl restart containerd`,
  );
}

/** Kills the installer as soon as containerd's configuration has our handler: what it armed is there, all else is open. */
async function killAtNewConfiguration(host: NodeHost): Promise<void> {
  await killInstaller(host, `grep -qrs ${SHIM} /etc/containerd --include='*.toml'`);
  await host.out(`grep -qr ${SHIM} /etc/containerd`);
}
