import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { mount } from "@rcm/shim/linux/mount";
import { unmountRecursive } from "@rcm/shim/linux/unmount";
import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";

let folder: string;

function useHooks(): void {
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "shim-mount-"));
  });
  afterEach(() => {
    unmountRecursive(folder);
    expect(mountsBelow()).to.deep.equal([]);
    rmSync(folder, { recursive: true });
  });
}

describe("mount()", () => {
  useHooks();

  it("mounts an overlay as containerd describes it", () => {
    const { target } = mountOverlay(3);
    writeFileSync(join(target, "new"), "written");
    expect(readFileSync(join(target, "in-2"), "utf8")).to.equal("layer 2");
    expect(readFileSync(join(folder, "upper/new"), "utf8")).to.equal("written");
  });

  it("mounts an overlay whose options are longer than a page, and stays in its working folder", () => {
    const home = process.cwd();
    const { target, options } = mountOverlay(200);
    expect(options.join(",").length).to.be.greaterThan(4095);
    expect(readFileSync(join(target, "in-199"), "utf8")).to.equal("layer 199");
    expect(process.cwd()).to.equal(home);
  });

  it("says so when options do not fit in any way", () => {
    const options = [`lowerdir=${Array.from({ length: 900 }, (_, i) => `/a${i}/${i}`).join(":")}`];
    expect(() => {
      mount({ type: "overlay", source: "overlay", target: makeFolder("rootfs"), options });
    })
      .to.throw(/its options take \d+ bytes, and the kernel takes 4095/)
      .with.property("code", "E2BIG");
  });

  it("makes a bind mount read-only, with what else it shall not allow", () => {
    const source = makeFolder("source");
    const target = makeFolder("target");
    writeFileSync(join(source, "file"), "content");
    mount({ type: "bind", source, target, options: ["rbind", "ro", "nosuid", "noexec", "rprivate"] });
    expect(readFileSync(join(target, "file"), "utf8")).to.equal("content");
    expect(() => {
      writeFileSync(join(target, "file"), "x");
    }).to.throw("EROFS");
    const [line = ""] = mountsBelow();
    expect(line.split(" ")[5]).to.match(/^ro,.*nosuid.*noexec/);
  });

  it("leaves a bind mount writable that is not read-only", () => {
    const source = makeFolder("source");
    const target = makeFolder("target");
    mount({ type: "bind", source, target, options: ["bind", "rw"] });
    writeFileSync(join(target, "file"), "x");
    expect(existsSync(join(source, "file"))).to.equal(true);
  });

  it("names the call, its arguments and the errno", () => {
    expect(() => {
      mount({ type: "bind", source: "/nonesuch", target: folder, options: ["bind"] });
    }).to.throw(`Cannot mount "/nonesuch" (bind) at "${folder}": no such file or directory (ENOENT)`);
    expect(() => {
      mount({ type: "nonesuch", source: "x", target: folder, options: [] });
    })
      .to.throw("ENODEV")
      .with.property("name", "LinuxError");
  });

  it("refuses an option that it cannot do", () => {
    expect(() => {
      mount({ type: "bind", source: "/", target: folder, options: ["bind", "uidmap=0:1000:1"] });
    })
      .to.throw('"uidmap=0:1000:1" is not supported')
      .with.property("code", "EOPNOTSUPP");
  });
});

describe("unmountRecursive()", () => {
  useHooks();

  it("unmounts what is stacked, below, in use, and has a strange name", () => {
    const target = makeFolder("stack");
    for (const path of [target, join(target, "a b\\c"), target, join(target, "sub")]) {
      mkdirSync(path, { recursive: true });
      mount({ type: "tmpfs", source: "tmpfs", target: path, options: ["size=64k", "mode=700"] });
    }
    expect(mountsBelow()).to.have.length(4);
    execFileSync("sh", ["-c", "exec sleep 5 & true"], { cwd: join(target, "sub"), stdio: "ignore" });
    unmountRecursive(target);
    expect(mountsBelow()).to.deep.equal([]);
  });

  it("does nothing where nothing is mounted or nothing is at all", () => {
    unmountRecursive(makeFolder("plain"));
    unmountRecursive(join(folder, "nonesuch"));
    expect(existsSync(join(folder, "plain"))).to.equal(true);
  });
});

function mountOverlay(layers: number): { readonly target: string; readonly options: readonly string[] } {
  const lower = Array.from({ length: layers }, (_, layer) => {
    const path = makeFolder(`snapshots/${layer}/fs`);
    writeFileSync(join(path, `in-${layer}`), `layer ${layer}`);
    return path;
  });
  const target = makeFolder("rootfs");
  const options = [
    "index=off",
    `workdir=${makeFolder("work")}`,
    `upperdir=${makeFolder("upper")}`,
    `lowerdir=${lower.join(":")}`,
  ];
  mount({ type: "overlay", source: "overlay", target, options });
  return { target, options };
}

function makeFolder(name: string): string {
  const path = join(folder, name);
  mkdirSync(path, { recursive: true });
  return path;
}

function mountsBelow(): readonly string[] {
  return readFileSync("/proc/self/mountinfo", "utf8")
    .split("\n")
    .filter((line) => line.includes(folder));
}
