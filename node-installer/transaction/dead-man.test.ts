import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, readFile, readlink, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { exists } from "../host/atomic-file.ts";
import { bootUnit, disarmScript, placeBootUnit } from "./boot-restore.ts";
import { revertFiles, revertLink } from "./change-files.ts";
import { deadManScript } from "./dead-man.ts";
import { saveFile, sha256, writeJournal, type Journal } from "./journal.ts";

const UNIT = "containerd.service";
/** What the script runs, but for what may run at the same time as another. */
const COMMANDS = [
  "chmod",
  "chown",
  "cp",
  "date",
  "grep",
  "ln",
  "mkdir",
  "mv",
  "readlink",
  "rm",
  "rmdir",
  "sha256sum",
  "sync",
];

describe("the dead man's script that is killed", () => {
  let root = "";
  let folders = { units: "", run: "" };
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), "rcm-killed-"));
    folders = { units: join(root, "units"), run: join(root, "run") };
    for (const folder of ["path", "systemctl"]) await mkdir(at(folder));
    for (const name of COMMANDS) await writeFile(at(`path/${name}`), standIn(name), { mode: 0o755 });
    await writeFile(at("systemctl/systemctl"), "#!/bin/sh\n", { mode: 0o755 });
  });
  afterEach(async () => {
    await rm(root, { recursive: true });
  });

  it("at every command: the next boot finds all as it was, and the next installer leaves nothing", async () => {
    let step = 0;
    for (let isKilled = true; isKilled;) {
      step += 1;
      const journal = await changed();
      isKilled = await runScript(journal, "timer", step);
      await boot(journal);
      const found = [await readFile(at("etc/config.toml"), "utf8"), await readlink(at("bin/containerd-shim-s"))];
      expect(found, `killed at command ${step}`).to.deep.equal(["old\n", "/was"]);
      await revertFiles(journal);
      await revertLink({ root }, journal);
      await sh(disarmScript(UNIT, folders));
      expect(await listing(), `killed at command ${step}`).to.deep.equal([
        ["config.toml"],
        ["containerd-shim-s"],
        [],
        [],
      ]);
    }
    expect(step).to.be.greaterThan(20);
  }).timeout(60_000);

  function at(path: string): string {
    return join(root, path);
  }

  /** A host whose installer was killed when it had changed everything, and was about to change it once more. */
  async function changed(): Promise<Journal> {
    for (const name of ["etc", "bin", "units", "run"]) await rm(at(name), { recursive: true, force: true });
    for (const name of ["etc/conf.d", "bin", "units", "run"]) await mkdir(at(name), { recursive: true });
    await writeFile(at("etc/config.toml"), "old\n");
    const files = [
      { path: at("etc/conf.d/h.toml"), before: undefined, after: sha256(Buffer.from("new\n")) },
      {
        path: at("etc/config.toml"),
        before: await saveFile(root, at("etc/config.toml"), 1),
        after: sha256(Buffer.from("new\n")),
      },
    ];
    const link = { before: "/was", after: "/is" };
    const names = {
      id: "0af1",
      shim: "s",
      handler: "h",
      operation: "install",
      phase: "restarting",
      bootId: "b",
    } as const;
    const journal: Journal = { schema: 1, ...names, files, folders: [at("etc/conf.d")], link };
    await writeJournal(root, journal);
    for (const { path } of files) {
      await writeFile(path, "new\n");
      await writeFile(`${path}.rcm-new`, "ne");
    }
    await symlink("/is", at("bin/containerd-shim-s"));
    await symlink("/is", at("bin/containerd-shim-s.rcm-new"));
    await sh(placeBootUnit(UNIT, folders), bootUnit({ root }, at("script"), UNIT, folders));
    return journal;
  }

  /** As systemd does it: where the unit is there the script is run before containerd. */
  async function boot(journal: Journal): Promise<void> {
    await rm(folders.run, { recursive: true });
    await mkdir(folders.run);
    if (await exists(at(`units/${UNIT}.wants/rcm-restore.service`))) await runScript(journal, "boot", 0);
  }

  /** @param killAt which command finds everything killed, itself begun only; 0: none. @returns whether it came so far. */
  async function runScript(journal: Journal, when: "timer" | "boot", killAt: number): Promise<boolean> {
    await writeFile(at("count"), "0\n");
    const path = killAt === 0 ? "" : `${at("path")}:`;
    const env = { PATH: `${path}${at("systemctl")}:/usr/bin:/bin`, COUNT: at("count"), KILL_AT: String(killAt) };
    const argv = ["-c", deadManScript({ root }, journal, UNIT, folders), "sh", when];
    const child = spawn("/bin/sh", argv, { env, stdio: "ignore", detached: true }); // Alone in its group.
    const [, signal] = (await once(child, "exit")) as [number | null, string | null];
    return signal === "SIGKILL";
  }

  async function listing(): Promise<readonly (readonly string[])[]> {
    return Promise.all(["etc", "bin", "units", "run"].map(async (name) => readdir(at(name), { recursive: true })));
  }
});

async function sh(script: string, ...args: readonly string[]): Promise<void> {
  await once(spawn("/bin/sh", ["-c", script, "sh", ...args], { stdio: "ignore" }), "exit");
}

/** What is begun of `cp` is a part of its file. */
function standIn(name: string): string {
  const begun = name === "cp" ? 'printf ol > "$2"; ' : "";
  return `#!/bin/sh
read -r n < "$COUNT"; n=$((n + 1)); echo $n > "$COUNT"
if [ $n = "$KILL_AT" ]; then ${begun}kill -9 0; fi
exec /bin/${name} "$@"
`;
}
