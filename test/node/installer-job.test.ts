import { expect } from "chai";
import { it } from "mocha";
import type { NodeHost, Report } from "../support/node-host.ts";
import { SHIM } from "../support/node-host.ts";
import { CONFIG, describeNodes, DROP_IN } from "./node-tools.ts";

describeNodes("node-installer with the rights of a Job", (node) => {
  it("looks at a host whose record is damaged, and writes nothing", async () => {
    const { host } = node;
    await host.out("mkdir -p /opt/rcm && echo '{' > /opt/rcm/record.json");
    const planted = await host.listing();
    const report = await preflight(host);
    expect(report, report.message).to.include({ ok: true });
    expect(await host.listing()).to.equal(planted);
    expect(await host.install()).to.include({ ok: true, level: "Proven" });
    expect(await host.out("cat /opt/rcm/record.json.corrupt")).to.equal("{");
    await host.out("rm /opt/rcm/record.json.corrupt");
    expect(await host.uninstall()).to.include({ ok: true });
  });

  it("names the owner of a configuration that it could not give back", async () => {
    const { host } = node;
    await host.out(`chown 0:1000 ${CONFIG}`);
    const report = await preflight(host);
    await host.out(`chown 0:0 ${CONFIG}`);
    expect(report, report.message).to.include({ ok: false, reason: "ConfigUnsupported" });
    expect(report.message).to.include(CONFIG).and.include("0:1000").and.include("chown root:root");
  });

  it("does not call a configuration missing that lies elsewhere, as on Flatcar", async () => {
    const { host } = node;
    const lines = String.raw`[Service]\nEnvironment=CONTAINERD_CONFIG=/usr/share/containerd/config.toml\nExecStart=\n`;
    await host.out(
      `R=$(systemctl show containerd -p ExecStart --value | sed 's/.*path=\\([^ ;]*\\).*/\\1/'); mkdir -p $(dirname ${DROP_IN}); printf '${lines}' > ${DROP_IN}; printf 'ExecStart=%s --config \${CONTAINERD_CONFIG}\n' $R >> ${DROP_IN}; systemctl daemon-reload`,
    );
    try {
      const report = await preflight(host);
      expect(report, report.message).to.include({ ok: false, reason: "ConfigUnsupported" });
      expect(report.message).to.include('"/usr/share/containerd/config.toml"').and.include("by hand");
    } finally {
      await host.out(`rm ${DROP_IN}; systemctl daemon-reload`);
    }
  });
});

/** The Job's first stage: without capabilities, and with all of the host but the report's place read-only. */
async function preflight(host: NodeHost): Promise<Report> {
  const machineId = await host.out("cat /etc/machine-id");
  const names = { operation: "install", shim: SHIM, shimUid: "u", handler: SHIM, hash: "h", options: {} };
  const request = JSON.stringify({
    ...names,
    artifact: { location: "https://example.test/shim" },
    node: { name: host.name, uid: "u", machineId, architecture: "amd64" },
  });
  const program = "/srv/rcm-test/node --disable-warning=ExperimentalWarning /srv/rcm-test/installer.mjs job preflight";
  const readOnly = "for d in /etc /opt; do mount --bind $d $d && mount -o remount,bind,ro $d; done";
  await host.sh(
    `RCM_REQUEST='${request}' unshare -m sh -c '${readOnly}; exec setpriv --bounding-set=-all --inh-caps=-all ${program}'`,
  );
  return JSON.parse(await host.out("cat /dev/termination-log; rm /dev/termination-log")) as Report;
}
