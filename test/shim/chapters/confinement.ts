import { readdir } from "node:fs/promises";
import { expect } from "chai";
import type { Life } from "../support/life.ts";
import { outputIn, readLog } from "../support/log-file.ts";
import type { Pod } from "../support/pods.ts";

const TARGET = 3;
const UNCONFINED = 1;

/** Who a container is and what it may do: users, capabilities, seccomp, roots, namespaces. */
export async function confinementChapter(life: Life): Promise<void> {
  const pod = await life.runPod("confined");
  const look =
    "id; grep -E 'Cap|Seccomp:|NoNewPrivs|Groups' /proc/self/status; mount | grep -c . ; ls /proc/sys/kernel | wc -l; ulimit -Sa; ulimit -Ha";
  await shows(life, pod, "plain", look, /uid=0\(root\)[^]*NoNewPrivs:\t1\nSeccomp:\t2/);
  const user = { runAsUser: { value: "1000" }, runAsGroup: { value: "2000" }, supplementalGroups: ["3000"] };
  await shows(life, pod, "user", `${look}; touch /x || echo refused`, /uid=1000 gid=2000 [^]*refused/, user);
  await shows(life, pod, "by-name", look, /uid=65534\(nobody\)/, { runAsUsername: "nobody" });
  await shows(life, pod, "bare", look, /CapEff:\t0000000000000000/, { capabilities: { dropCapabilities: ["ALL"] } });
  await shows(life, pod, "more", look, /uid=0/, { capabilities: { addCapabilities: ["NET_ADMIN", "SYS_PTRACE"] } });
  await shows(life, pod, "readonly", "touch /x || echo refused", /refused/, { readonlyRootfs: true });
  await shows(life, pod, "seccomp", "unshare -U true && echo allowed || echo refused", /refused/);
  const masked = { maskedPaths: ["/proc/uptime"], readonlyPaths: ["/proc/sys"] };
  await shows(life, pod, "masked", "cat /proc/uptime; echo 1 > /proc/sys/kernel/x || echo refused", /^refused/, masked);
  await life.failing("a user that is not there", async () =>
    pod.start("nouser", ["true"], { security: { runAsUsername: "nosuch" } }),
  );
  await settings(life, pod);

  const main = await life.start(pod, "main", ["sleep", "1000"]);
  const target = { namespaceOptions: { network: 0, pid: TARGET, ipc: 0, targetId: main } };
  await shows(life, pod, "debugger", "ps | grep -c '[s]leep 1000'", /^1\n/, target);
  await pod.remove();
  await privileged(life, look);
  await hostNetwork(life);
  await sharedPids(life);
}

/** Runs a script to its end; what it says must match, and be the same with each handler. */
async function shows(life: Life, pod: Pod, ...[name, script, pattern, security = {}]: Showing): Promise<void> {
  const id = await life.start(pod, name, ["sh", "-c", `( ${script} ) 2>/dev/null; sleep 0`], { security });
  await life.exited(name, id);
  expect(outputIn(await life.log(pod, name), "stdout"), name).to.match(pattern);
}

type Showing = readonly [name: string, script: string, pattern: RegExp, security?: object];

async function settings(life: Life, pod: Pod): Promise<void> {
  const config = {
    workingDir: "/tmp",
    envs: [
      { key: "GREETING", value: "good day" },
      { key: "EMPTY", value: "" },
    ],
    command: ["sh", "-c"],
    args: ["pwd; env | sort; exit 4"],
  };
  expect(await life.runToEnd(pod, "settings", [], { config })).to.include({ exitCode: 4 });
}

async function privileged(life: Life, look: string): Promise<void> {
  const pod = await life.runPod("privileged", { privileged: true });
  const free = { privileged: true, seccomp: { profileType: UNCONFINED }, noNewPrivs: false };
  await shows(life, pod, "free", `${look}; ls /dev | wc -l`, /NoNewPrivs:\t0\nSeccomp:\t0/, free);
  await pod.remove();
}

async function hostNetwork(life: Life): Promise<void> {
  const pod = await life.runPod("hostnet", { hostNetwork: true });
  const { status } = await life.call("PodSandboxStatus", { podSandboxId: pod.id });
  expect(status).to.have.nested.property("linux.namespaces.options.network", 2);
  const id = await life.start(pod, "lists", ["ls", "/sys/class/net"]);
  await life.exited("lists", id);
  const seen = outputIn(await readLog(pod, "lists"), "stdout")
    .trim()
    .split("\n");
  expect(await readdir("/sys/class/net")).to.include.members(seen.filter((name) => name === "lo" || name === "eth0"));
  expect(seen).to.include("lo");
  await pod.remove();
}

async function sharedPids(life: Life): Promise<void> {
  const pod = await life.runPod("shared", { sharedPids: true });
  await life.start(pod, "neighbour", ["sleep", "12345"]);
  const id = await life.start(pod, "looker", ["sleep", "1000"]);
  const reply = await life.exec(id, "sh", "-c", "ps -o pid,args | grep -cE '[s]leep 12345|^ +1 .*trap'");
  expect(String(reply["stdout"])).to.equal("2\n");
  await life.exec(id, "sh", "-c", "kill -9 $(pidof -s sleep) ; true");
  await pod.remove();
}
