import { expect } from "chai";
import * as fc from "fast-check";
import { describe, it } from "mocha";
import { EXECUTOR_TREE, type ExecutorLayout } from "./executor-layout.ts";
import { decodeGuest } from "./guest-document.ts";
import { cleanPath, isKernelMount } from "./mounts.ts";
import type { OciMount, OciSpec } from "./oci-spec.ts";
import { parseSpec } from "./parse-spec.ts";
import { rewriteForExecutor } from "./rewrite.ts";
import { CONTAINERD_VERSIONS, CONTAINERS, recordedSpecs } from "./testing/recorded-specs.ts";

const BUNDLE = "/run/bundle";
const LAYOUT: ExecutorLayout = {
  tree: "/opt/tree",
  files: [{ source: "/opt/shim", destination: "/executor/shim" }],
  command: ["/executor/lib/loader", "/executor/shim"],
  env: ["LANG=C"],
};
const KERNEL = ["/proc", "/dev", "/dev/pts", "/dev/mqueue", "/sys", "/sys/fs/cgroup"];

describe("rewriteForExecutor()", () => {
  for (const version of CONTAINERD_VERSIONS) {
    for (const name of CONTAINERS) {
      const spec = parseSpec(JSON.stringify(recordedSpecs(version)[name]));

      describe(`with "${name}" of containerd ${version}`, () => {
        const rewritten = rewrite(spec);

        it("keeps everything but the process's program, the root and the mounts", () => {
          expect(keptOf(rewritten)).to.deep.equal(keptOf(spec));
        });

        it("has the kernel's mounts first, as they were", () => {
          expect(rewritten.mounts?.slice(0, 6)).to.deep.equal(spec.mounts?.filter((mount) => isKernelMount(mount)));
          expect(rewritten.mounts?.slice(0, 6).map(({ destination }) => destination)).to.deep.equal(KERNEL);
        });

        it("has the executor's places, all of which its tree has, and then the image", () => {
          const places = rewritten.mounts?.slice(6, 12).map(({ destination }) => destination) ?? [];
          const names = ["/etc/hosts", "/etc/resolv.conf", "/etc/hostname"];
          expect(places).to.deep.equal(["/tmp", "/executor/shim", ...names, "/guest"]);
          expect([...EXECUTOR_TREE.folders, ...EXECUTOR_TREE.files, "/executor/shim"]).to.include.members(places);
          expect(rewritten.mounts?.[11]).to.deep.include({ source: "/run/bundle/rootfs", type: "bind" });
        });

        it("has the pod's mounts below the image, in their order and otherwise as they were", () => {
          const pods = spec.mounts?.filter((mount) => !isKernelMount(mount)) ?? [];
          const expected = pods.map((mount) => Object.assign({}, mount, { destination: `/guest${mount.destination}` }));
          expect(rewritten.mounts?.slice(12)).to.deep.equal(expected);
        });

        it("runs the executor with the guest's arguments, variables and folder in its document", () => {
          const { args, cwd, env = [] } = rewritten.process ?? { cwd: "" };
          expect({ args, cwd }).to.deep.equal({ args: LAYOUT.command, cwd: "/" });
          const names = ["LANG", "RCM_MEMORY_BYTES", "RCM_CPUS", "RCM_GUEST_0"];
          expect(env.map((entry) => entry.split("=", 1)[0])).to.deep.equal(names);
          expect(env[1]).to.match(/=[1-9]\d+$/);
          const document = decodeGuest({ RCM_GUEST_0: env.at(-1)?.slice("RCM_GUEST_0=".length) });
          const { args: guestArgs, env: guestEnv, cwd: guestCwd } = spec.process ?? { cwd: "" };
          expect(document).to.deep.equal({ args: guestArgs, env: guestEnv, cwd: guestCwd });
        });

        it("makes the image read-only if the pod wants it, and the executor's root in any case", () => {
          const before = spec.linux?.readonlyPaths ?? [];
          const isReadOnly = spec.root?.readonly === true;
          expect(isReadOnly).to.equal(name === "seccomp");
          expect(rewritten.root).to.deep.equal({ path: "/opt/tree", readonly: true });
          expect(rewritten.linux?.readonlyPaths).to.deep.equal(isReadOnly ? [...before, "/guest"] : before);
        });
      });
    }
  }

  for (const [resources, expected] of [
    [{ memory: { limit: 1000 }, cpu: { quota: 150_000, period: 100_000 } }, ["RCM_MEMORY_BYTES=1000", "RCM_CPUS=1.5"]],
    [{ memory: { limit: -1 }, cpu: { quota: -1, period: 100_000 } }, []],
    [{ cpu: { shares: 2 } }, []],
  ] as const) {
    it(`tells an executor of its limits, which are ${JSON.stringify(resources)}`, () => {
      const { process } = rewrite(minimal({ linux: { resources } }));
      expect(process?.env?.filter((entry) => /^RCM_(?:MEMORY|CPUS)/.test(entry))).to.deep.equal(expected);
    });
  }

  for (const [what, memory, has] of [
    ["no limit of memory", {}, true],
    ["256 MiB", { limit: 256 * 1024 * 1024 }, true],
    ["less", { limit: 256 * 1024 * 1024 - 1 }, false],
  ] as const) {
    it(`${has ? "gives an executor a roomy heap" : "keeps an executor's heap small"} with ${what}`, () => {
      const [program = "", ...rest] = LAYOUT.command;
      const { process } = rewrite(minimal({ linux: { resources: { memory } } }));
      const roomy = has ? ["--node-options=--max-semi-space-size=16"] : [];
      expect(process?.args).to.deep.equal([program, ...roomy, ...rest]);
    });
  }

  it("gives an executor /proc and /dev where the pod puts volumes there", () => {
    const volume = { type: "bind", source: "/var/volume" };
    const mounts = [
      { destination: "/proc", ...volume },
      { destination: "/dev", ...volume },
      { destination: "/sys", ...volume },
    ];
    const places = placesOf(rewrite(minimal({ mounts })));
    expect(places).to.deep.equal([
      "proc /proc",
      "tmpfs /dev",
      "tmpfs /tmp",
      "/opt/shim /executor/shim",
      "/run/bundle/rootfs /guest",
      ...["/guest/proc", "/guest/dev", "/guest/sys"].map((place) => `/var/volume ${place}`),
    ]);
  });

  it("leaves the host's own /dev, /proc and /sys at their places", () => {
    const mounts = ["/dev", "/proc", "/sys"].map((source) => ({
      destination: `${source}/`,
      options: ["rbind"],
      source,
    }));
    expect(placesOf(rewrite(minimal({ mounts }))).slice(0, 3)).to.deep.equal([
      "/dev /dev/",
      "/proc /proc/",
      "/sys /sys/",
    ]);
  });

  it("mounts what is not a bind below the image as well, and of two name files the later", () => {
    const mounts = [
      { destination: "/run", type: "tmpfs", source: "tmpfs" },
      { destination: "/etc/hosts", type: "bind", source: "/one" },
      { destination: "/etc/hosts", type: "bind", source: "/two" },
    ];
    expect(placesOf(rewrite(minimal({ mounts }))))
      .to.include.members(["tmpfs /guest/run", "/two /etc/hosts", "/one /guest/etc/hosts", "/two /guest/etc/hosts"])
      .and.not.include("/one /etc/hosts");
  });

  it("takes an absolute root as it is", () => {
    const { mounts } = rewrite(minimal({ root: { path: "/snap/../shots/1" } }));
    expect(mounts?.find(({ destination }) => destination === "/guest")).to.include({ source: "/shots/1" });
  });

  it("lets no mount out of the image", () => {
    const part = fc.constantFrom("..", ".", "", "a", "b", "proc", "dev", "guest", "executor", "etc", "hosts");
    const destination = fc.array(part, { maxLength: 6 }).map((parts) => `/${parts.join("/")}`);
    const source = fc.constantFrom("/volume", "/proc", "/dev");
    const mount = fc.record({ destination, source, type: fc.constantFrom("bind", "tmpfs", "proc") });
    const places = mount.filter((each) => cleanPath(each.destination) !== "/");
    fc.assert(
      fc.property(fc.array(places, { maxLength: 8 }), (mounts) => {
        const own = new Set([
          "/tmp",
          "/executor/shim",
          "/etc/hosts",
          "/etc/resolv.conf",
          "/etc/hostname",
          "/guest",
          ...KERNEL,
        ]);
        for (const { destination: place } of rewrite(minimal({ mounts })).mounts ?? []) {
          expect(own.has(cleanPath(place)) || cleanPath(place).startsWith("/guest/"), place).to.equal(true);
        }
      }),
    );
  });

  it("keeps unknown fields at every level", () => {
    fc.assert(
      fc.property(
        fc.dictionary(
          fc.string({ minLength: 1 }).map((name) => `x-${name}`),
          fc.jsonValue(),
        ),
        (unknown) => {
          const spec = minimal({
            ...unknown,
            linux: unknown,
            process: { ...unknown, cwd: "/" },
            mounts: [{ destination: "/a", ...unknown }],
          });
          const rewritten = rewrite(spec);
          expect(rewritten).to.deep.include(unknown);
          expect(rewritten.linux).to.deep.include(unknown);
          expect(rewritten.process).to.deep.include(unknown);
          expect(rewritten.mounts?.at(-1)).to.deep.equal({ destination: "/guest/a", ...unknown });
        },
      ),
    );
  });

  const refused: readonly (readonly [name: string, spec: OciSpec, code: string, message: RegExp])[] = [
    ["Windows", minimal({ windows: {} }), "SPEC_UNSUPPORTED", /^Cannot run the container: its OCI spec has "windows"/],
    ["a virtual machine", minimal({ vm: {} }), "SPEC_UNSUPPORTED", /has "vm"/],
    ["no process", { ociVersion: "1", root: { path: "x" } }, "SPEC_INVALID", /"process" .*: there is none/],
    ["no root", { ociVersion: "1", process: { cwd: "/" } }, "SPEC_INVALID", /"root" .*: there is none/],
    [
      "a volume at /",
      minimal({ mounts: [{ destination: "/.", type: "bind" }] }),
      "SPEC_UNSUPPORTED",
      /^Cannot mount at "\/\."/,
    ],
  ];
  for (const [name, spec, code, message] of refused) {
    it(`refuses ${name}`, () => {
      expect(() => rewrite(spec))
        .to.throw(message)
        .with.property("code", code);
    });
  }

  for (const destination of [undefined, "/", "/a/../b", "a"]) {
    it(`refuses a mount whose place in the image is ${String(destination)}`, () => {
      const spec = minimal({ mounts: [{ destination: "/a" }] });
      const destinations = destination === undefined ? [] : [destination];
      expect(() => rewriteForExecutor({ spec, bundle: BUNDLE, destinations, layout: LAYOUT })).to.throw(
        /"mounts\[0\]\.destination" .* where it lies in the image is not known/,
      );
    });
  }
});

function rewrite(spec: OciSpec): OciSpec {
  const destinations = (spec.mounts ?? []).map(({ destination }) => cleanPath(destination));
  const before = JSON.stringify(spec);
  const rewritten = rewriteForExecutor({ spec, bundle: BUNDLE, destinations, layout: LAYOUT });
  expect(JSON.stringify(spec)).to.equal(before);
  return rewritten;
}

function minimal(fields: object): OciSpec {
  return { ociVersion: "1.2.0", process: { cwd: "/" }, root: { path: "rootfs" }, ...fields };
}

/** All that a Wasm container has from its pod as it stands. */
function keptOf({ mounts: _mounts, root: _root, process: program, linux, ...rest }: OciSpec): object {
  const { args: _args, env: _env, cwd: _cwd, ...kept } = program ?? { cwd: "" };
  const { readonlyPaths: _paths, ...keptLinux } = linux ?? {};
  return { ...rest, process: kept, linux: keptLinux };
}

function placesOf({ mounts = [] }: OciSpec): readonly string[] {
  return mounts.map(({ source, destination }: OciMount) => `${String(source)} ${destination}`);
}
