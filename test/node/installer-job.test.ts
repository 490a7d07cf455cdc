import { randomUUID } from "node:crypto";
import { expect } from "chai";
import { it } from "mocha";
import { SHIM, type NodeHost, type Report } from "../support/node-host.ts";
import { runStage } from "./job-stage.ts";
import { startSandbox } from "./node-sandbox.ts";
import { CONFIG, describeNodes, DROP_IN } from "./node-tools.ts";

const ELSEWHERE = "/usr/share/containerd/config.toml";
const UNTIL_UP = "for i in $(seq 100); do ctr version > /dev/null && exit 0; sleep 0.1; done; exit 1";
/** A folder of its own: the node may have a kubelet. */
const KUBELET = "/srv/rcm-test/kubelet";

describeNodes("node-installer with the rights of a Job", (node) => {
  it("looks at a host whose record is damaged, and writes nothing", async () => {
    const { host } = node;
    await host.out("mkdir -p /opt/rcm && echo '{' > /opt/rcm/record.json");
    const planted = await host.listing();
    const report = await runStage(host, { stage: "preflight" });
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
    const report = await runStage(host, { stage: "preflight" });
    await host.out(`chown 0:0 ${CONFIG}`);
    expect(report, report.message).to.include({ ok: false, reason: "ConfigUnsupported" });
    expect(report.message).to.include(CONFIG).and.include("0:1000").and.include("chown root:root");
  });

  it("names a folder of somebody else that it could not write to", async () => {
    const { host } = node;
    await host.out("chown 1000:1000 /etc/containerd");
    const report = await runStage(host, { stage: "preflight" });
    await host.out("chown 0:0 /etc/containerd");
    expect(report, report.message).to.include({ ok: false, reason: "ConfigUnsupported" });
    expect(report.message).to.include('folder "/etc/containerd"').and.include("root:root");
  });

  it("does not call a configuration missing that lies elsewhere, as on Flatcar", async () => {
    const { host } = node;
    await startWith(host, [`Environment=CONTAINERD_CONFIG=${ELSEWHERE}`]);
    try {
      await expectElsewhere(host);
    } finally {
      await host.out(`rm ${DROP_IN}; systemctl daemon-reload`);
    }
  });

  it("knows of a configuration elsewhere that only a file of variables names", async () => {
    const { host } = node;
    const file = "/srv/rcm-test/containerd.env";
    await host.out(`mkdir -p $(dirname ${ELSEWHERE}); cp ${CONFIG} ${ELSEWHERE}`);
    await host.out(`echo CONTAINERD_CONFIG=${ELSEWHERE} > ${file}`);
    await startWith(host, [`Environment=CONTAINERD_CONFIG=${CONFIG}`, `EnvironmentFile=${file}`]);
    await host.out(`systemctl restart containerd; ${UNTIL_UP}`);
    try {
      await expectElsewhere(host);
      const { message } = await host.installer(`plan --shim /srv/rcm-test/shim1.tar.gz --name ${SHIM}`);
      expect(message).to.include(`+++ ${ELSEWHERE}`);
    } finally {
      await host.out(`rm ${DROP_IN} ${ELSEWHERE} ${file}; systemctl daemon-reload; systemctl restart containerd`);
      await host.out(UNTIL_UP);
    }
  });

  it("refuses a containerd that is not its kubelet's, and takes the one that runs its own pod", async () => {
    const { host } = node;
    const sandbox = await startSandbox(host);
    try {
      expect(await preflightIn(host, sandbox.uid)).to.include({ ok: true });
      const before = await host.listing();
      const stranger = randomUUID();
      const report = await preflightIn(host, stranger);
      expect(report, report.message).to.include({ ok: false, reason: "WrongContainerd" });
      expect(report.message).to.include('"/run/containerd/containerd.sock"').and.include(stranger);
      expect(report.message).to.include(await host.out("hostname"));
      expect(await host.listing()).to.equal(before);
    } finally {
      await sandbox.remove();
    }
  });
});

/** Looks at the node from a pod, whose volume is where the kubelet has it. */
async function preflightIn(host: NodeHost, podUid: string): Promise<Report> {
  const pod = `${KUBELET}/pods/${podUid}`;
  const volume = `${pod}/volumes/kubernetes.io~empty-dir/artifact`;
  await host.out(`mkdir -p ${volume}`);
  const report = await runStage(host, { stage: "preflight", volume });
  await host.out(`rm -r ${pod}`);
  return report;
}

/** Lets the unit start containerd with a configuration that a variable names. */
async function startWith(host: NodeHost, lines: readonly string[]): Promise<void> {
  const text = ["[Service]", ...lines, "ExecStart=", ""].join(String.raw`\n`);
  await host.out(
    `R=$(systemctl show containerd -p ExecStart --value | sed 's/.*path=\\([^ ;]*\\).*/\\1/'); mkdir -p $(dirname ${DROP_IN}); printf '${text}' > ${DROP_IN}; printf 'ExecStart=%s --config \${CONTAINERD_CONFIG}\n' $R >> ${DROP_IN}; systemctl daemon-reload`,
  );
}

async function expectElsewhere(host: NodeHost): Promise<void> {
  const report = await runStage(host, { stage: "preflight" });
  expect(report, report.message).to.include({ ok: false, reason: "ConfigUnsupported" });
  expect(report.message).to.include(`"${ELSEWHERE}"`).and.include("by hand");
}
