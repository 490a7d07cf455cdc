import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, readFile, readdir, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { applyFiles, revertFiles, revertLink } from "./change-files.ts";
import type { WantedFile } from "./change-files.ts";
import { deadManScript } from "./dead-man.ts";
import { saveFile, sha256 } from "./journal.ts";
import type { Journal } from "./journal.ts";

describe("a change of files", () => {
  let root = "";
  let main = "";
  let dropIn = "";
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), "rcm-change-"));
    main = join(root, "etc/config.toml");
    dropIn = join(root, "etc/conf.d/it's ours.toml");
    await mkdir(join(root, "etc"));
    await writeFile(main, "old\n", { mode: 0o640 });
  });
  afterEach(async () => {
    await rm(root, { recursive: true });
  });

  async function begin(wanted: readonly WantedFile[]): Promise<Journal> {
    const files = await Promise.all(
      wanted.map(async ({ path, content }, index) => ({
        path,
        before: await saveFile(root, path, index),
        after: content === undefined ? undefined : sha256(Buffer.from(content)),
      })),
    );
    const link = { before: undefined, after: "/somewhere" };
    const folders = [join(root, "etc/conf.d")];
    const names = { id: "i", shim: "s", handler: "h", operation: "install", phase: "prepared", bootId: "b" } as const;
    return { schema: 1, ...names, files, folders, link };
  }

  function wantedFiles(): readonly WantedFile[] {
    return [
      { path: dropIn, madeFrom: undefined, content: "new\n" },
      { path: main, madeFrom: "old\n", content: "changed\n" },
    ];
  }

  it("keeps mode and owner, and makes folders that are missing", async () => {
    await applyFiles(await begin(wantedFiles()), wantedFiles());
    expect(await readFile(main, "utf8")).to.equal("changed\n");
    expect((await stat(main)).mode & 0o777).to.equal(0o640);
    expect(await readFile(dropIn, "utf8")).to.equal("new\n");
    expect((await stat(dropIn)).mode & 0o777).to.equal(0o644);
  });

  it("follows a link and leaves it a link", async () => {
    const link = join(root, "etc/link.toml");
    await symlink(main, link);
    const wanted = [{ path: link, madeFrom: "old\n", content: "changed\n" }];
    await applyFiles(await begin(wanted), wanted);
    expect(await readFile(main, "utf8")).to.equal("changed\n");
    expect(await readdir(join(root, "etc"), { withFileTypes: true })).to.satisfy(
      (all: { isSymbolicLink(): boolean }[]) => all.some((entry) => entry.isSymbolicLink()),
    );
  });

  for (const [how, revert] of [
    ["the installer", async (journal: Journal): Promise<unknown> => revertAll(journal)],
    ["the dead man's script", async (journal: Journal): Promise<unknown> => runScript(journal)],
  ] as const) {
    it(`is taken back byte for byte by ${how}, also when it was begun only`, async () => {
      for (const done of [0, 1, 2]) {
        const journal = await begin(wantedFiles());
        await applyFiles(journal, wantedFiles().slice(0, done));
        await revert(journal);
        expect(await readFile(main, "utf8")).to.equal("old\n");
        expect((await stat(main)).mode & 0o777).to.equal(0o640);
        expect(await readdir(join(root, "etc"))).to.deep.equal(["config.toml"]);
      }
    });

    it(`leaves nothing of a write that was cut off (${how})`, async () => {
      const link = join(root, "etc/link.toml");
      await symlink("config.toml", link);
      const wanted = [
        { path: dropIn, madeFrom: undefined, content: "new\n" },
        { path: link, madeFrom: "old\n", content: "changed\n" },
      ];
      const journal = await begin(wanted);
      await applyFiles(journal, wanted.slice(0, 1));
      for (const cutOff of [`${main}.rcm-new`, `${dropIn}.rcm-new`]) await writeFile(cutOff, "cha");
      if (how === "the installer") await writeFile(`${main}.rcm-dead-man`, "ol"); // The script was cut off before.
      await mkdir(join(root, "bin"));
      await symlink("/somewhere", join(root, "bin/containerd-shim-s.rcm-new"));
      await revert(journal);
      expect(await readdir(join(root, "bin"))).to.deep.equal([]);
      expect((await readdir(join(root, "etc"))).toSorted()).to.deep.equal(["config.toml", "link.toml"]);
      expect(await readFile(main, "utf8")).to.equal("old\n");
    });

    it(`leaves a file to whoever changed it meanwhile (${how})`, async () => {
      const journal = await begin(wantedFiles());
      await applyFiles(journal, wantedFiles());
      await writeFile(main, "somebody's\n");
      await revert(journal);
      expect(await readFile(main, "utf8")).to.equal("somebody's\n");
    });

    it(`brings a removed file back (${how})`, async () => {
      const wanted = [{ path: main, madeFrom: "old\n", content: undefined }];
      const journal = await begin(wanted);
      await applyFiles(journal, wanted);
      await revert(journal);
      expect(await readFile(main, "utf8")).to.equal("old\n");
    });
  }

  it("is on disk before the dead man's script puts it in its place, and before the unit for the next boot goes", async () => {
    const journal = await begin(wantedFiles());
    await applyFiles(journal, wantedFiles());
    await mkdir(join(root, "path"));
    for (const name of ["sync", "mv", "rm"]) {
      const text = `#!/bin/sh\necho ${name} "$@" >> "$CALLS"\nexec /bin/${name} "$@"\n`;
      await writeFile(join(root, "path", name), text, { mode: 0o755 });
    }
    await runScript(journal);
    const steps = [
      "sync .*config.toml.rcm-dead-man",
      "mv .*config.toml",
      "restart containerd.service",
      "sync",
      "rm .*units.*",
    ];
    const calls = await readFile(join(root, "calls"), "utf8");
    expect(calls).to.match(new RegExp(steps.map((step) => `^${step}$`).join("(?:\\n.*)*?\\n"), "m"));
  });

  async function revertAll(journal: Journal): Promise<void> {
    await revertFiles(journal);
    await revertLink({ root }, journal);
  }

  /** Only systemctl is another: the test's machine has no containerd to restart. */
  async function runScript(journal: Journal): Promise<void> {
    await mkdir(join(root, "path"), { recursive: true });
    await writeFile(join(root, "path/systemctl"), '#!/bin/sh\necho "$@" >> "$CALLS"\n', { mode: 0o755 });
    const calls = join(root, "calls");
    await writeFile(calls, "");
    const folders = { units: join(root, "units"), run: root };
    const script = deadManScript({ root }, journal, "containerd.service", folders);
    const path = `${join(root, "path")}:/usr/bin:/bin`;
    execFileSync("/bin/sh", ["-c", script], { env: { PATH: path, CALLS: calls } });
    expect(await readFile(calls, "utf8")).to.include("restart containerd.service");
  }
});
