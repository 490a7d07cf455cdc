import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import * as config from "@rcm/node-installer/containerd-config";
import { CriConnection } from "@rcm/node-installer/cri/cri-connection";
import { criStatus } from "@rcm/node-installer/cri/cri-status";
import { waitForCri } from "@rcm/node-installer/cri/wait-for-cri";
import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import { killDaemon, startDaemon } from "../cluster/daemon.ts";
import { SYSTEM_PATH, unpackContainerd } from "../cluster/packages.ts";
import { runCommand } from "../cluster/run-command.ts";
import { currentSettings } from "../cluster/settings.ts";

const DEADLINE_MS = 60_000;
const signal = AbortSignal.timeout(20 * DEADLINE_MS);

const SPIN = {
  name: "spin",
  runtimeType: "/opt/rcm/bin/containerd-shim-spin",
  options: config.parseOptions({ SystemdCgroup: "true", Count: "-3", Text: 'a "b" \\ } # €' }),
};
const LEGACY = 'plugins."io.containerd.grpc.v1.cri"';
const NATIVE = 'plugins."io.containerd.cri.v1.runtime"';
/** What Debian ships with 1.6, 1.7 and 2.1: no runtime is named. */
const DEBIAN = `version = 2

[plugins]
  [${LEGACY}]
    [${LEGACY}.cni]
      bin_dir = "/usr/lib/cni"
      conf_dir = "/etc/cni/net.d"
  [plugins."io.containerd.internal.v1.opt"]
    path = "/var/lib/containerd/opt"
`;
const FULL = `version = 2
[${LEGACY}]
sandbox_image = "localhost/pause:1"
restrict_oom_score_adj = true
[${LEGACY}.containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"
[${LEGACY}.containerd.runtimes.runc.options]
SystemdCgroup = true
BinaryName = "/usr/sbin/runc"
[${LEGACY}.containerd.runtimes.wrapped]
runtime_type = "io.containerd.runc.v2"
`;
const DOTTED = `version = 2
[${LEGACY}]
sandbox_image = "localhost/pause:1"
containerd.default_runtime_name = "crun"
containerd.runtimes.crun.runtime_type = "io.containerd.runc.v2"
`;
/** Azure's: the ids of containerd 2 in a file of version 2. */
const AZURE = `version = 2
[plugins."io.containerd.cri.v1.images".pinned_images]
  sandbox = "mcr.microsoft.com/oss/kubernetes/pause:3.6"
[${NATIVE}]
  [${NATIVE}.containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    [${NATIVE}.containerd.runtimes.runc.options]
      BinaryName = "/usr/bin/runc"
      SystemdCgroup = true
`;
const V3 = AZURE.replace("version = 2", "version = 3");

const ANYWHERE: Readonly<Record<string, string>> = {
  "Debian's file": DEBIAN,
  "a full file": FULL,
  "a full file with CRLF and no last line break": FULL.trimEnd().replaceAll("\n", "\r\n"),
  "dotted keys": DOTTED,
  "inline tables beside ours": `version = 2\n[${LEGACY}.containerd.runtimes]\nrunc = { runtime_type = "io.containerd.runc.v2" }\n`,
  "literal strings and spaces": `version = 2\n[ ${LEGACY.replaceAll('"', "'")} . containerd . runtimes . 'runc' ]\nruntime_type = 'x'\n`,
  "an empty table of runtimes": `version = 2\n[${LEGACY}.containerd.runtimes]\n`,
  "nothing but a version": "version = 2\n",
  "an empty file": "",
  "version 1": '[plugins.cri]\nsandbox_image = "localhost/pause:1"\n',
  "a declared version 1":
    'version = 1\n[plugins.cri.containerd.runtimes.runc]\nruntime_type = "io.containerd.runc.v2"\n',
  "the legacy id without a version": `[${LEGACY}]\nsandbox_image = "localhost/pause:1"\n`,
  "Azure's mixed file": AZURE,
  "both ids": `${AZURE}[${LEGACY}]\nsandbox_image = "localhost/pause:1"\n`,
};
const WITH_MARK = { "a byte order mark": `\uFEFF${FULL}` };
const IMPORTING = `imports = [\n  "/nowhere/*.toml", # none\n]\n${V3}`;
const FILES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "1.6": { ...ANYWHERE, ...WITH_MARK },
  "1.7": { ...ANYWHERE, ...WITH_MARK },
  "2.1": { ...ANYWHERE, "version 3": V3, "version 3 with imports": IMPORTING },
};

/** One containerd release, and a folder for its files. */
interface Bench {
  readonly containerd: string;
  readonly version: string;
  readonly folder: string;
  readonly mainPath: string;
  readonly dropInDir: string;
}

async function openBench(series: string): Promise<Bench> {
  const { cacheDir } = currentSettings();
  const root = series === "1.7" || series === "2.1" ? await unpackContainerd(series, cacheDir, signal) : "/";
  const containerd = join(root, "usr/bin/containerd");
  const version = (await runCommand([containerd, "--version"], { timeoutMs: DEADLINE_MS }, signal)).split(" ")[2] ?? "";
  const folder = await mkdtemp(join(tmpdir(), "rcm-f-")); // Short, for the path of a socket.
  await mkdir(join(folder, "conf.d"));
  return { containerd, version, folder, mainPath: join(folder, "config.toml"), dropInDir: join(folder, "conf.d") };
}

async function closeBench({ folder }: Bench): Promise<void> {
  await killDaemon(folder, "containerd", signal);
  await rm(folder, { recursive: true });
}

/** What containerd makes of a main file. */
async function dump({ containerd, mainPath }: Bench, main: string): Promise<string> {
  await writeFile(mainPath, main);
  return runCommand([containerd, "--config", mainPath, "config", "dump"], { timeoutMs: DEADLINE_MS }, signal);
}

async function start({ containerd, mainPath, folder }: Bench, main: string): Promise<CriConnection> {
  await writeFile(mainPath, main);
  const env = { PATH: `${dirname(containerd)}:${SYSTEM_PATH}` };
  const options = { logDir: folder, pidDir: folder, env, lifetime: "ours" } as const;
  await startDaemon("containerd", [containerd, "--config", mainPath], options);
  await waitForCri({ socket: join(folder, "c.sock"), deadlineMs: DEADLINE_MS }, signal);
  return new CriConnection(join(folder, "c.sock"));
}

interface Change {
  readonly main: string;
  readonly dropIn: { readonly path: string; readonly text: string } | undefined;
}

/** Our handler added by the strategy for this containerd. */
function add(bench: Bench, mainText: string, effectiveDump: string): Change {
  const { mainPath, dropInDir, version } = bench;
  const strategy = config.chooseStrategy({ containerdVersion: version, mainPath, mainText, imported: [] });
  if (strategy.kind === "refused") throw new Error(strategy.message);
  if (strategy.kind === "edit-main") {
    const file = { path: mainPath, text: mainText };
    return {
      main: config.editMain({ file, pluginId: strategy.pluginId, handler: SPIN, effectiveDump }).text,
      dropIn: undefined,
    };
  }
  const { containerd } = strategy;
  const plan = config.planDropIn({
    containerd,
    mainPath,
    mainText,
    dropInDir,
    handler: SPIN,
    imported: [],
    existing: undefined,
  });
  return { main: plan.main.text, dropIn: plan.dropIn };
}

async function dumpOf(bench: Bench, change: Change): Promise<string> {
  if (change.dropIn !== undefined) await writeFile(change.dropIn.path, change.dropIn.text);
  try {
    return await dump(bench, change.main);
  } finally {
    await rm(config.dropInPath(bench.dropInDir, SPIN.name), { force: true });
  }
}

function foreign(bench: Bench, original: string, changed: string): readonly string[] {
  const ownImports = [config.dropInPattern(bench.dropInDir), config.dropInPath(bench.dropInDir, SPIN.name)];
  return config.effectiveDifference({ before: original, after: changed, handler: SPIN.name, ownImports }).foreign;
}

/** The same for a containerd of one's own: sockets and folders in the bench's. */
function livingFile({ folder }: Bench): string {
  return `root = "${folder}/root"\nstate = "${folder}/state"\n${DEBIAN.replace("/etc/cni/net.d", `${folder}/cni`).replace("/var/lib/containerd/opt", `${folder}/opt`)}[grpc]
address = "${folder}/c.sock"
[ttrpc]
address = "${folder}/c.sock.ttrpc"
`;
}

for (const [series, files] of Object.entries(FILES)) {
  describe(`the configuration of containerd ${series}`, () => {
    let bench: Bench;
    before(async () => {
      bench = await openBench(series);
    });
    after(async () => {
      await closeBench(bench);
    });

    for (const [name, text] of Object.entries(files)) {
      it(`gets our handler and nothing else (C-11) from ${name}, and loses it without a trace`, async () => {
        const original = await dump(bench, text);
        const change = add(bench, text, original);
        const changed = await dumpOf(bench, change);
        expect(foreign(bench, original, changed)).to.deep.equal([]);
        expect(config.hasHandler(changed, SPIN)).to.equal(true);
        const { mainPath, dropInDir } = bench;
        const left =
          change.dropIn === undefined
            ? config.removeFromMain({ path: mainPath, text: change.main }, SPIN.name).text
            : config.planDropInRemoval({
                mainPath,
                mainText: change.main,
                dropInDir,
                handler: SPIN.name,
                remaining: [],
              }).main.text;
        expect(left).to.equal(text);
      });
    }

    it("has our handler edited in place, too, where that is asked for", async () => {
      const original = await dump(bench, FULL);
      const file = { path: bench.mainPath, text: FULL };
      const { text } = config.editMain({
        file,
        pluginId: "io.containerd.grpc.v1.cri",
        handler: SPIN,
        effectiveDump: original,
      });
      const changed = await dump(bench, text);
      expect(foreign(bench, original, changed)).to.deep.equal([]);
      expect(config.hasHandler(changed, SPIN)).to.equal(true);
    });

    it("takes our handler, and what the running containerd has is what its file says", async () => {
      const text = livingFile(bench);
      const change = add(bench, text, await dump(bench, text));
      if (change.dropIn !== undefined) await writeFile(change.dropIn.path, change.dropIn.text);
      const cri = await start(bench, change.main);
      const { configJson, handlers } = await criStatus(cri, signal);
      cri.close();
      expect(handlers).to.deep.equal(["runc", "spin"]);
      const unchanged = await dump(bench, change.main);
      expect(config.runningDifference({ configJson, dump: unchanged, ownHandlers: [] })).to.deep.equal([]);
      const drifted = await dump(bench, change.main.replace(`${bench.folder}/cni`, `${bench.folder}/other`));
      expect(config.runningDifference({ configJson, dump: drifted, ownHandlers: [] })).to.deep.equal([
        { path: "cni.conf_dir", running: `${bench.folder}/cni`, onDisk: `${bench.folder}/other` },
      ]);
      if (change.dropIn !== undefined) await rm(change.dropIn.path);
      const without = await dump(bench, text);
      expect(config.runningDifference({ configJson, dump: without, ownHandlers: ["spin"] })).to.deep.equal([]);
      expect(
        config.runningDifference({ configJson, dump: without, ownHandlers: [] }).map(({ path }) => path),
      ).to.deep.equal(["containerd.runtimes.spin"]);
    });
  });
}

function runtime(id: string): string {
  return `[${id}.containerd.runtimes.spin]\nruntime_type = "/opt/x"\n`;
}

/** What our edits avoid, done on purpose: the gate has to notice. */
describe("effectiveDifference() on what containerd itself says", () => {
  const benches = new Map<string, Bench>();
  before(async () => {
    for (const series of Object.keys(FILES)) benches.set(series, await openBench(series));
  });
  after(async () => {
    for (const bench of benches.values()) await closeBench(bench);
  });

  function benchOf(series: string): Bench {
    const bench = benches.get(series);
    if (bench === undefined) throw new Error(`no containerd ${series}`);
    return bench;
  }

  async function lost(series: string, text: string, change: (bench: Bench) => Change): Promise<string> {
    const bench = benchOf(series);
    const original = await dump(bench, text);
    return foreign(bench, original, await dumpOf(bench, change(bench))).join("\n");
  }

  function withDropIn(bench: Bench, main: string, dropIn: string): Change {
    const path = config.dropInPath(bench.dropInDir, SPIN.name);
    return { main: `imports = ["${config.dropInPattern(bench.dropInDir)}"]\n${main}`, dropIn: { path, text: dropIn } };
  }

  for (const series of ["1.6", "1.7"]) {
    it(`C1 sees that a drop-in takes everything from ${series}`, async () => {
      const paths = await lost(series, FULL, (bench) => withDropIn(bench, FULL, `version = 2\n${runtime(LEGACY)}`));
      const gone = ["sandbox_image", "restrict_oom_score_adj", "runtimes.runc", "runtimes.wrapped"];
      expect(gone.filter((path) => !paths.includes(path))).to.deep.equal([]);
    });

    it(`sees that the first runtime takes runc from ${series} when nobody spells it out`, async () => {
      const paths = await lost(series, DEBIAN, () => ({ main: DEBIAN + runtime(LEGACY), dropIn: undefined }));
      expect(paths).to.equal('plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc');
    });
  }

  it("C2 sees that a drop-in of the same version takes nothing from 2.1", async () => {
    expect(await lost("2.1", FULL, (bench) => withDropIn(bench, FULL, `version = 2\n${runtime(LEGACY)}`))).to.equal("");
    expect(await lost("2.1", V3, (bench) => withDropIn(bench, V3, `version = 3\n${runtime(NATIVE)}`))).to.equal("");
  });

  it("C3 sees that a drop-in of version 3 takes everything from a main file of version 2", async () => {
    const paths = await lost("2.1", FULL, (bench) => withDropIn(bench, FULL, `version = 3\n${runtime(NATIVE)}`));
    const gone = ["pinned_images.sandbox", "restrict_oom_score_adj", "runtimes.wrapped"];
    expect(gone.filter((path) => !paths.includes(path))).to.deep.equal([]);
  });

  it("C4 sees that a handler under the legacy id of Azure's file does not arrive", async () => {
    const changed = await dump(benchOf("2.1"), AZURE + runtime(LEGACY));
    expect(config.hasHandler(changed, { name: "spin", runtimeType: "/opt/x", options: {} })).to.equal(false);
  });

  for (const series of Object.keys(FILES)) {
    it(`C7 ${series} reads a pattern that matches nothing`, async () => {
      expect(
        await lost(series, FULL, (bench) => ({ main: withDropIn(bench, FULL, "").main, dropIn: undefined })),
      ).to.equal("");
    });

    it(`C8 ${series} refuses a handler twice, in whatever quotes`, async () => {
      const text = `${FULL}${runtime(LEGACY)}${runtime(LEGACY).replace("spin", "'spin'")}`;
      const error = await dump(benchOf(series), text).catch((reason: unknown) => reason);
      expect(error).to.have.property("code", "COMMAND_FAILED");
    });
  }

  for (const [series, newest] of Object.entries({ "1.6": 2, "1.7": 2, "2.1": 3 })) {
    it(`knows which versions of a file ${series} reads`, () => {
      const { version: containerdVersion } = benchOf(series);
      const kinds = [newest, newest + 1].map((version) => {
        const facts = { containerdVersion, mainPath: "/c", mainText: `version = ${String(version)}`, imported: [] };
        return config.chooseStrategy(facts).kind;
      });
      expect(kinds).to.deep.equal([series === "2.1" ? "drop-in" : "edit-main", "refused"]);
    });
  }
});
