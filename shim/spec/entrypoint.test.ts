import { execFileSync } from "node:child_process";
import { closeSync, readFileSync } from "node:fs";
import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { inspectEntrypoint, openComponent } from "./entrypoint.ts";
import type { Inspection } from "./is-wasm.ts";
import { resolveDestinations } from "./mount-targets.ts";
import type { OciMount } from "./oci-spec.ts";

let folder = "";
let rootfs = "";

function useHooks(): void {
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "rcm-entry-"));
    rootfs = join(folder, "rootfs");
    for (const path of ["rootfs/bin", "rootfs/app", "volume/deep"]) {
      await mkdir(join(folder, path), { recursive: true });
    }
    await writeFile(join(rootfs, "bin/tool"), "\u007FELF and more", { mode: 0o755 });
    await writeFile(join(folder, "secret"), "#!host");
  });
  afterEach(async () => {
    await rm(folder, { recursive: true });
  });
}

describe("openComponent()", () => {
  useHooks();
  const wasm = "\0asm\r\0\u0001\0 and more";

  it("opens the image's file that would be run, through links", async () => {
    await writeFile(join(rootfs, "app/app.wasm"), wasm);
    await symlink("/app/app.wasm", join(rootfs, "bin/app"));
    expect(contentOf(["/nowhere/app", "/bin/app"])).to.equal(wasm);
  });

  it("opens nothing but a component", async () => {
    await writeFile(join(rootfs, "app/tool.wasm"), wasm);
    expect(contentOf(["/none"])).to.equal(undefined);
    expect(contentOf(["/app"])).to.equal(undefined);
    expect(contentOf(["/bin/tool", "/app/tool.wasm"]), "a Linux program goes first").to.equal(undefined);
  });

  it("opens nothing of a volume, nor of the host", async () => {
    await writeFile(join(folder, "volume/app.wasm"), wasm);
    await writeFile(join(folder, "host.wasm"), wasm);
    await symlink("../../host.wasm", join(rootfs, "app/out.wasm"));
    const mounts = [{ destination: "/app/data", type: "bind", source: join(folder, "volume") }];
    await mkdir(join(rootfs, "app/data"));
    expect(inspectEntrypoint(rootfs, ["/app/data/app.wasm"], mounts).entrypoint.kind).to.equal("file");
    expect(contentOf(["/app/data/app.wasm"], mounts)).to.equal(undefined);
    expect(contentOf(["/app/out.wasm"])).to.equal(undefined);
  });
});

describe("inspectEntrypoint()", () => {
  useHooks();

  it("reads the mode and eight bytes", async () => {
    expect(headOf(inspectEntrypoint(rootfs, ["/bin/tool"]))).to.equal("\u007FELF and");
    await chmod(join(rootfs, "bin/tool"), 0o640);
    const { entrypoint } = inspectEntrypoint(rootfs, ["/bin/tool"]);
    expect(entrypoint).to.have.property("mode", 0o100_640);
  });

  it("goes on to the next candidate that can be run", async () => {
    await mkdir(join(rootfs, "sbin/tool"), { recursive: true });
    expect(headOf(inspectEntrypoint(rootfs, ["/nowhere/tool", "/sbin/tool", "/bin/tool"]))).to.match(/ELF/);
    expect(inspectEntrypoint(rootfs, ["/nowhere", "/sbin/tool"]).entrypoint.kind).to.equal("folder");
  });

  it("finds nothing in nothing", async () => {
    for (const path of ["/no", "/bin/tool/x", "/bin/tool/../tool/x", `/${"n".repeat(300)}`]) {
      expect(inspectEntrypoint(rootfs, [path]).entrypoint, path).to.deep.equal({ kind: "missing" });
    }
    expect(inspectEntrypoint(rootfs, []).entrypoint.kind).to.equal("missing");
    expect(inspectEntrypoint(join(folder, "none"), ["/"]).entrypoint.kind).to.equal("missing");
  });

  it("sees the root itself", async () => {
    expect(inspectEntrypoint(rootfs, ["/"]).entrypoint.kind).to.equal("folder");
    expect(inspectEntrypoint(rootfs, ["/../.."]).entrypoint.kind).to.equal("folder");
  });

  const links: readonly (readonly [name: string, target: string])[] = [
    ["absolute", "/bin/tool"],
    ["relative", "../bin/tool"],
    ["that climbs above the root", "../../../../bin/tool"],
  ];
  for (const [name, target] of links) {
    it(`follows a link ${name} inside the root`, async () => {
      await symlink(target, join(rootfs, "app/link"));
      expect(headOf(inspectEntrypoint(rootfs, ["/app/link"]))).to.match(/ELF/);
    });
  }

  it("follows no link out of the root", async () => {
    await symlink(join(folder, "secret"), join(rootfs, "app/absolute"));
    await symlink("../../secret", join(rootfs, "app/relative"));
    await symlink(folder, join(rootfs, "app/folder"));
    for (const path of ["/app/absolute", "/app/relative", "/app/folder/secret", "/../secret"]) {
      expect(inspectEntrypoint(rootfs, [path]).entrypoint.kind, path).to.equal("missing");
    }
  });

  it("refuses links without end and paths without measure", async () => {
    await symlink("/app/b", join(rootfs, "app/a"));
    await symlink("/app/a", join(rootfs, "app/b"));
    const loop = caught(() => inspectEntrypoint(rootfs, ["/app/a"]));
    expect(loop)
      .to.have.property("message")
      .that.matches(/"\/app\/a": it has more than 40 symbolic links/);
    const long = caught(() => inspectEntrypoint(rootfs, [`/${"a/".repeat(3000)}`]));
    expect(long).to.include({ code: "SPEC_INVALID" });
  });

  it("never opens what is no regular file", async () => {
    execFileSync("/usr/bin/mkfifo", [join(rootfs, "app/fifo")]);
    const { entrypoint } = inspectEntrypoint(rootfs, ["/app/fifo"]);
    expect(entrypoint).to.deep.include({ kind: "file", head: new Uint8Array() });
  });

  it("says when the disk cannot be read", async () => {
    const error = caught(() => inspectEntrypoint("bad\0path", ["/x"]));
    expect(error).to.have.property("code", "ROOT_UNREADABLE");
  });

  it("looks into volumes, the last one first, and follows links there in the container", async () => {
    await writeFile(join(folder, "volume/run"), "\0asm1234");
    await symlink("/bin/tool", join(folder, "volume/link"));
    const mounts = [
      { destination: "/work", type: "bind", source: join(folder, "nowhere") },
      { destination: "/work/", type: "bind", source: join(folder, "volume"), options: ["rbind"] },
      { destination: "/app", type: "tmpfs", source: "tmpfs" },
      { destination: "/proc", type: "proc", source: "proc" },
    ];
    expect(headOf(inspectEntrypoint(rootfs, ["/work/run"], mounts))).to.equal("\0asm1234");
    expect(headOf(inspectEntrypoint(rootfs, ["/work/link"], mounts))).to.match(/ELF/);
    expect(inspectEntrypoint(rootfs, ["/app/x"], mounts).entrypoint.kind).to.equal("missing");
  });

  for (const name of ["spin.toml", "spin.json"]) {
    it(`sees a ${name} that is a file`, async () => {
      expect(inspectEntrypoint(rootfs, ["/"]).hasSpinManifest).to.equal(false);
      await mkdir(join(rootfs, name));
      expect(inspectEntrypoint(rootfs, ["/"]).hasSpinManifest).to.equal(false);
      await rm(join(rootfs, name), { recursive: true });
      await writeFile(join(rootfs, name), "");
      expect(inspectEntrypoint(rootfs, ["/"]).hasSpinManifest).to.equal(true);
    });
  }
});

describe("resolveDestinations()", () => {
  useHooks();

  it("follows the links of the image inside it, whether or not their targets exist", async () => {
    await symlink("/run", join(rootfs, "var"));
    await symlink("../../../bin", join(rootfs, "app/up"));
    const destinations = ["/var/secrets", "/app/up/x", "/data/../data/x/", "relative", "/app/up"];
    const mounts = destinations.map((destination) => ({ destination, type: "bind", source: join(folder, "volume") }));
    const places = resolveDestinations(rootfs, mounts);
    expect(places).to.deep.equal(["/run/secrets", "/bin/x", "/data/x", "/relative", "/bin"]);
  });

  it("follows the links of volumes that are mounted before", async () => {
    await symlink("/bin", join(folder, "volume/link"));
    const volume = { destination: "/data", type: "bind", source: join(folder, "volume") };
    const inner = { destination: "/data/link", type: "bind", source: join(folder, "volume/deep") };
    expect(resolveDestinations(rootfs, [volume, inner])).to.deep.equal(["/data", "/bin"]);
    expect(resolveDestinations(rootfs, [inner, volume])).to.deep.equal(["/data/link", "/data"]);
  });

  it("leaves the kernel's places alone, and does not look for them in the image", async () => {
    await symlink("/bin", join(rootfs, "proc"));
    expect(resolveDestinations(rootfs, [{ destination: "/proc", type: "proc" }])).to.deep.equal(["/proc"]);
  });

  for (const destination of ["/", "", "/..", "/app/top"]) {
    it(`refuses a mount at "${destination}", which is the whole image`, async () => {
      await symlink("..", join(rootfs, "app/top"));
      const mount = { destination, type: "bind", source: join(folder, "volume") };
      const error = caught(() => resolveDestinations(rootfs, [mount]));
      expect(error)
        .to.have.property("message")
        .that.matches(/^Cannot mount at ".*": a volume cannot take the place/);
    });
  }
});

function caught(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    return error;
  }
}

function headOf({ entrypoint }: Inspection): string {
  return entrypoint.kind === "file" ? Buffer.from(entrypoint.head).toString("latin1") : entrypoint.kind;
}

function contentOf(candidates: readonly string[], mounts: readonly OciMount[] = []): string | undefined {
  const fd = openComponent(rootfs, candidates, mounts);
  if (fd === undefined) return undefined;
  try {
    return readFileSync(fd, "utf8");
  } finally {
    closeSync(fd);
  }
}
