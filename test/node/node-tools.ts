import { afterEach, before, describe } from "mocha";
import { prepareHosts, NODES, SHIM, type NodeHost } from "../support/node-host.ts";

export const CONFIG = "/etc/containerd/config.toml";

let prepared: Promise<readonly NodeHost[]> | undefined = undefined;

/** A node as it is without us, and its listing; what a test run before left is gone. */
export async function cleanNode(name: string): Promise<{ readonly host: NodeHost; readonly clean: string }> {
  prepared ??= prepareHosts(); // Once for all files.
  const host = (await prepared).find((candidate) => candidate.name === name);
  if (host === undefined) throw new Error(`There is no node "${name}"`);
  await host.uninstall();
  await gone(host);
  const clean = await host.listing();
  await host.backUp();
  return { host, clean };
}

/** Tests for each version of containerd, with a node that is as it is without us before each. */
export function describeNodes(
  title: string,
  tests: (node: { host: NodeHost; clean: string }, version: (typeof NODES)[number]["version"]) => void,
): void {
  for (const { name, version } of NODES) {
    describe(`${title} on containerd ${version}`, () => {
      const node = {} as { host: NodeHost; clean: string };
      before(async () => {
        Object.assign(node, await cleanNode(name));
      });
      afterEach(async () => {
        if (await node.host.isAsBefore(node.clean)) return;
        await node.host.repair(); // A test that failed must not fail the next ones.
      });
      tests(node, version);
    });
  }
}

/** Until nothing of the installer's is left in the node. */
export async function gone(host: NodeHost): Promise<void> {
  await host.out("for i in $(seq 300); do [ -e /opt/rcm ] || exit 0; sleep 0.1; done; ls -lR /opt/rcm >&2; exit 1");
}

export const DROP_IN = "/run/systemd/system/containerd.service.d/99-test.conf";

/** Puts a script of ours in containerd's place, as a distribution's broken package would. */
export async function wrapContainerd(host: NodeHost, script: string): Promise<void> {
  const real = await host.out("systemctl show containerd -p ExecStart --value | sed 's/.*path=\\([^ ;]*\\).*/\\1/'");
  const text = `#!/bin/sh\n${script.replaceAll("REAL", real)}\n`;
  await host.out(
    `cat > /srv/rcm-test/containerd <<'X'\n${text}X\nchmod +x /srv/rcm-test/containerd; mkdir -p $(dirname ${DROP_IN}); printf '[Service]\\nExecStart=\\nExecStart=/srv/rcm-test/containerd\\n' > ${DROP_IN}; systemctl daemon-reload`,
  );
}

export async function unwrapContainerd(host: NodeHost): Promise<void> {
  await host.out(`rm -f ${DROP_IN}; systemctl daemon-reload; systemctl restart containerd`);
}

const HELD = "/srv/rcm-test/held";

/** For the script in containerd's place: a start with our handler in the configuration stands still until the installer is dead. */
export const HOLD = `if [ $# = 0 ] && grep -qr ${SHIM} /etc/containerd; then while [ -e ${HELD} ]; do sleep 0.1; done; fi`;

/**
 * Kills an installer as soon as a condition of the shell is true in the node, and before containerd runs with what it has
 * configured, since what is in containerd's place begins with `HOLD`; then waits until systemd has started it, or could not.
 */
export async function killInstaller(host: NodeHost, condition: string): Promise<void> {
  await host.out(
    `touch ${HELD}; ${commandLine("install")} > /dev/null & P=$!; while kill -0 $P && ! { ${condition}; }; do :; done; kill -9 $P; wait $P; rm ${HELD}`,
  );
  await host.out(
    "until case $(systemctl show containerd -P SubState) in running | auto-restart | failed) ;; *) false ;; esac; do sleep 0.1; done",
  );
}

/** What runs the installer in a node. */
export function commandLine(command: "install" | "uninstall"): string {
  const program = "/srv/rcm-test/node --disable-warning=ExperimentalWarning /srv/rcm-test/installer.mjs";
  return `${program} ${command} --name ${SHIM}${command === "install" ? " --shim /srv/rcm-test/shim1.tar.gz" : ""}`;
}
