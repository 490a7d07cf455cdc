import { chmod, copyFile, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile, chown } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { EXECUTOR_TREE, type ExecutorLayout } from "@rcm/shim/spec/executor-layout";
import { decodeGuest } from "@rcm/shim/spec/guest-document";
import { resolveDestinations } from "@rcm/shim/spec/mount-targets";
import type { OciSpec } from "@rcm/shim/spec/oci-spec";
import { parseSpec } from "@rcm/shim/spec/parse-spec";
import { rewriteForExecutor } from "@rcm/shim/spec/rewrite";
import { CONTAINERD_VERSIONS, recordedSpecs } from "@rcm/shim/spec/testing/recorded-specs";
import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import { tryCommand, type CommandResult } from "../cluster/run-command.ts";

const KUBELET = "/var/lib/kubelet/pods/1111/volumes";
const CGROUP = `/rcm-spec-${String(process.pid)}`;
const NODE_PROBE = `
const { createServer } = require("node:http");
const { Worker } = require("node:worker_threads");
const wasm = new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]);
new WebAssembly.Module(wasm);
new Worker("0", { eval: true }).once("exit", () => {
  const server = createServer((_, response) => response.end("served")).listen(8080, "127.0.0.1", async () => {
    console.log(await (await fetch("http://127.0.0.1:8080/")).text(), require("node:fs").existsSync("/guest/www"));
    process.exit(7);
  });
});`;

describe("an executor that runc runs by a rewritten spec", () => {
  let folder = "";
  let count = 0;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "rcm-spec-"));
    await makeTree();
    await makeImage();
    await makeVolumes();
  });
  after(async () => {
    await tryCommand(
      ["find", "/sys/fs/cgroup", "-depth", "-type", "d", "-path", `*${CGROUP}*`, "-exec", "rmdir", "{}", ";"],
      { timeoutMs: 10_000 },
      limit(),
    );
    await rm(folder, { recursive: true });
  });

  for (const version of CONTAINERD_VERSIONS) {
    describe(`of containerd ${version}`, () => {
      it("has its own root, read-only, and the image below it", async () => {
        const { stdout } = await sh(
          "volumes",
          version,
          "ls /; touch /x || echo refused; touch /tmp/x && echo scratch; ls /guest",
        );
        expect(stdout.split("\n")).to.include.members([
          ...EXECUTOR_TREE.folders.map((name) => name.slice(1)),
          "refused",
          "scratch",
        ]);
        expect(stdout).to.match(/^www$/m);
      });

      it("has the volumes where the guest will see them", async () => {
        const script = `cat /guest/data/file /guest/etc/app/app.conf /guest/run/secrets/kubernetes.io/serviceaccount/token
          ls -d /run /data 2>&1 | grep -c "No such file"
          cat /etc/hosts /guest/etc/hosts; echo end > /guest/dev/termination-log
          touch /guest/data/made /guest/made && echo written
          touch /guest/data/nested/x || echo nested refused; touch /etc/hosts || echo hosts refused`;
        const { stdout } = await sh("volumes", version, script);
        expect(stdout.trim().split("\n")).to.deep.equal([
          "a volume",
          "x=1",
          "a token",
          "2",
          "127.0.0.1 pod",
          "127.0.0.1 pod",
          "written",
          "nested refused",
          "hosts refused",
        ]);
        expect(await readFile(join(folder, "volumes/term"), "utf8")).to.equal("end\n");
        expect(await readFile(join(folder, "volumes/data/made"), "utf8")).to.equal("");
      });

      it("is the pod's user, with its rights and limits", async () => {
        const script = `id -u; id -g; id -G; grep -E "CapBnd|NoNewPrivs" /proc/self/status; cat /proc/self/oom_score_adj
          pwd; hostname; cat /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/cpu/cpu.cfs_quota_us`;
        const { stdout } = await sh("nonRoot", version, script);
        const lines = stdout
          .trim()
          .split("\n")
          .map((line) => line.split(/\s+/).join(" "));
        expect(lines).to.deep.equal([
          "65534",
          "65534",
          "65534 2000",
          "CapBnd: 00000000a80425fb",
          "NoNewPrivs: 1",
          "900",
          "/",
          "web",
          "67108864",
          "50000",
        ]);
      });

      it("sees its own program's arguments and not the pod's variables", async () => {
        const { stdout } = await sh("nonRoot", version, "env; echo GREETING=$GREETING");
        expect(stdout).to.match(/^GREETING=$/m);
        const env = Object.fromEntries(
          stdout
            .trim()
            .split("\n")
            .map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)] as const),
        );
        expect(env).to.include({ EXECUTOR: "yes" }).and.not.to.have.property("KUBERNETES_PORT");
        const guest = decodeGuest(env);
        expect(guest).to.deep.include({ args: ["sleep", "1000"], cwd: "/www" });
        expect(guest.env).to.include.members(["GREETING=hello world", "KUBERNETES_PORT=tcp://10.96.0.1:443"]);
      });

      it("cannot write to the image of a pod with a read-only root, but to its volumes", async () => {
        const script = `touch /guest/x || echo image refused; touch /guest/www/x || echo folder refused
          touch /guest/data/y && echo volume written; touch /guest/data/nested/x || echo nested refused`;
        const { stdout } = await sh("seccomp", version, script);
        const expected = ["image refused", "folder refused", "volume written", "nested refused"];
        expect(stdout.trim().split("\n")).to.deep.equal(expected);
      });

      it("lets Node serve, start threads and compile Wasm under the default seccomp profile", async () => {
        const layout = await nodeLayout();
        const result = await run("seccomp", version, layout);
        expect(result).to.deep.include({ stdout: "served true\n", code: 7 });
      });
    });
  }

  it("mounts volumes inside the image, whatever links the image has", async () => {
    const layout = busyboxLayout("cat /guest/bin/file; cat /bin/file || echo own bin untouched");
    const { stdout } = await run("volumes", "2.1", layout, (spec) =>
      parseSpec(JSON.stringify(spec).replace(`"destination":"/data"`, `"destination":"/link"`)),
    );
    expect(stdout).to.equal("a volume\nown bin untouched\n");
    // runc makes what it mounts on: the tree, which all containers share, must have had all of it.
    const tree = await readdir(join(folder, "tree"));
    expect(tree.toSorted()).to.deep.equal(["bin", "dev", "etc", "executor", "guest", "proc", "sys", "tmp"]);
  });

  it("runs in a user namespace of its own as well", async () => {
    const layout = busyboxLayout(
      "cat /proc/self/uid_map; cat /guest/data/file; touch /guest/www/made && stat -c %u /guest/www/made",
    );
    await chmod(folder, 0o711); // As containerd does with a bundle then.
    const { stdout, stderr } = await run("volumes", "2.1", layout, (spec) => {
      const ids = [{ containerID: 0, hostID: 100_000, size: 65_536 }];
      const namespaces = ["pid", "ipc", "uts", "mount", "network", "user"].map((type) => ({ type }));
      return { ...spec, linux: { ...spec.linux, namespaces, uidMappings: ids, gidMappings: ids } };
    });
    expect(stderr).to.equal("");
    expect(stdout.trim().split(/\n| +/)).to.deep.equal(["0", "100000", "65536", "a", "volume", "0"]);
  });

  async function sh(
    container: "volumes" | "nonRoot" | "seccomp",
    version: Version,
    script: string,
  ): Promise<CommandResult> {
    return run(container, version, busyboxLayout(script));
  }

  async function run(
    container: "volumes" | "nonRoot" | "seccomp",
    version: Version,
    layout: ExecutorLayout,
    change = (spec: OciSpec): OciSpec => spec,
  ): Promise<CommandResult> {
    count += 1;
    const bundle = join(folder, `bundle${String(count)}`);
    await mkdir(bundle);
    await copyFolder(join(folder, "image"), join(bundle, "rootfs"));
    const spec = change(localSpec(recordedSpecs(version)[container]));
    const owner = spec.linux?.["uidMappings"] === undefined ? "0:0" : "100000:100000"; // As containerd makes snapshots.
    await tryCommand(["chown", "-hR", owner, join(bundle, "rootfs")], { timeoutMs: 10_000 }, limit());
    const destinations = resolveDestinations(join(bundle, "rootfs"), spec.mounts ?? []);
    const rewritten = rewriteForExecutor({ spec, bundle, destinations, layout });
    await writeFile(join(bundle, "config.json"), JSON.stringify(rewritten));
    const argv = [
      "runc",
      "--root",
      join(folder, "runc"),
      "run",
      "--bundle",
      bundle,
      `rcm-spec-${String(process.pid)}-${String(count)}`,
    ];
    return tryCommand(argv, { timeoutMs: 30_000 }, limit());
  }

  /** With namespaces of its own, and the volumes of this folder. */
  function localSpec(recorded: object): OciSpec {
    const json = JSON.stringify(recorded)
      .replaceAll(KUBELET, join(folder, "volumes"))
      .replaceAll(/"source":"[^"]+\/(hostname|resolv\.conf|shm)"/g, `"source":"${folder}/volumes/$1"`);
    const local = parseSpec(json);
    const namespaces = ["pid", "ipc", "uts", "mount", "network"].map((type) => ({ type }));
    const { process: program } = local;
    return parseSpec(
      JSON.stringify({
        ...local,
        hostname: "web",
        process: { ...program, terminal: false },
        linux: { ...local.linux, namespaces, cgroupsPath: `${CGROUP}/c${String(count)}` },
      }),
    );
  }

  function busyboxLayout(script: string): ExecutorLayout {
    const command = ["/bin/busybox", "sh", "-c", `PATH=/bin; exec 2>/dev/null; ${script}`];
    return { tree: join(folder, "tree"), files: [], command, env: ["EXECUTOR=yes"] };
  }

  /** Node with its loader and libraries, as files outside of the tree. */
  async function nodeLayout(): Promise<ExecutorLayout> {
    const { stdout } = await tryCommand(["ldd", process.execPath], { timeoutMs: 10_000 }, limit());
    const libraries = [...stdout.matchAll(/(\/\S+) \(0x/g)].map(([, path = ""]) => path);
    await mkdir(join(folder, "libraries"), { recursive: true });
    for (const path of libraries) await copyFile(path, join(folder, "libraries", basename(path)));
    const loader = basename(libraries.find((path) => path.includes("ld-linux")) ?? "");
    const files = [
      { source: join(folder, "libraries"), destination: "/executor/lib" },
      { source: process.execPath, destination: "/executor/node" },
    ];
    const command = [`/executor/lib/${loader}`, "--library-path", "/executor/lib"];
    return { ...busyboxLayout(""), files, command: [...command, "/executor/node", "-e", NODE_PROBE] };
  }

  async function makeTree(): Promise<void> {
    const tree = join(folder, "tree");
    const folders = [...EXECUTOR_TREE.folders, "/bin", "/executor/lib"];
    for (const path of folders) await mkdir(join(tree, path), { recursive: true });
    for (const path of [...EXECUTOR_TREE.files, "/executor/node"]) await writeFile(join(tree, path), "");
    await copyFile("/usr/bin/busybox", join(tree, "bin/busybox"));
    for (const name of ["ls", "touch", "cat", "id", "grep", "env", "hostname", "stat"]) {
      await symlink("busybox", join(tree, "bin", name));
    }
  }

  /** Like Debian's: /var/run leads to /run. And like nobody's: /link leads to the executor's own /bin. */
  async function makeImage(): Promise<void> {
    const image = join(folder, "image");
    for (const path of ["bin", "etc", "run", "var", "www"]) await mkdir(join(image, path), { recursive: true });
    await symlink("/run", join(image, "var/run"));
    await symlink("/bin", join(image, "link"));
  }

  async function makeVolumes(): Promise<void> {
    const volumes = join(folder, "volumes");
    const folders = ["data/nested", "nested", "cfg", "sa", "shm"];
    for (const path of folders) await mkdir(join(volumes, path), { recursive: true });
    const files = {
      "data/file": "a volume\n",
      "cfg/app.conf": "x=1\n",
      "sa/token": "a token\n",
      hosts: "127.0.0.1 pod\n",
      term: "",
      hostname: "web\n",
      "resolv.conf": "",
    };
    for (const [path, text] of Object.entries(files)) await writeFile(join(volumes, path), text);
    await chown(join(volumes, "data"), 65534, 65534);
  }
});

type Version = (typeof CONTAINERD_VERSIONS)[number];

async function copyFolder(from: string, to: string): Promise<void> {
  await tryCommand(["cp", "-a", from, to], { timeoutMs: 10_000 }, limit());
}

/** For what must not hang. Each has its own: a whole suite takes longer than any of them. */
function limit(): AbortSignal {
  return AbortSignal.timeout(300_000);
}
