import { chown, mkdir, rename, rm, symlink } from "node:fs/promises";
import { hostname } from "node:os";
import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { preflight } from "./preflight.ts";
import { createSampleHost, SAMPLE_REQUEST } from "./testing/sample-host.ts";
import type { SampleHost } from "./testing/sample-host.ts";
import { uninstall } from "./uninstall.ts";

const MAIN = "etc/containerd/config.toml";

describe("preflight()", () => {
  let host: SampleHost;
  beforeEach(async () => {
    host = await createSampleHost({ inPod: true });
  });
  afterEach(async () => host.remove());

  async function look(context = host.context): Promise<unknown> {
    return preflight(context, SAMPLE_REQUEST, AbortSignal.timeout(10_000)).catch((error: unknown) => error);
  }

  it("finds nothing in the way on a host that is as it should be", async () => {
    expect(await look()).to.equal(undefined);
  });

  it("refuses a containerd that does not run its own pod, before it looks at the configuration", async () => {
    await rm(host.at(MAIN));
    const context = { ...host.context, podUid: "0b0f2a6e-5a3c-4a7e-9d62-3f1f0f0c8a11" };
    const error = await look(context);
    expect(error).to.have.property("code", "WrongContainerd");
    expect(error)
      .to.have.property("message")
      .that.includes(`"${context.links.cri.socket}"`)
      .and.includes(context.podUid);
    expect(error).to.have.property("message").that.includes(hostname()).and.includes("spec.nodeSelector");
  });

  it("takes a damaged record for an empty one and writes nothing, since it has no right to", async () => {
    await host.write("opt/rcm/record.json", "{");
    const before = await host.listing();
    expect(await look()).to.equal(undefined);
    expect(await host.listing()).to.deep.equal(before);
  });

  for (const [uid, gid] of [
    [1000, 0],
    [0, 1000],
  ] as const) {
    it(`refuses a configuration that belongs to ${uid}:${gid}, which a Job cannot give it back to`, async () => {
      await chown(host.at(MAIN), uid, gid);
      const error = await look();
      expect(error).to.have.property("code", "ConfigUnsupported");
      expect(error)
        .to.have.property("message")
        .that.includes(`"${host.at(MAIN)}"`)
        .and.includes(`${uid}:${gid}`);
      expect(error).to.have.property("message").that.includes("chown root:root");
      expect(await look({ ...host.context, onlyFolder: undefined })).to.equal(undefined);
    });
  }

  it("leaves a file of somebody else alone that need not be edited", async () => {
    await host.write(MAIN, `version = 3\nimports = ["${host.at("etc/containerd/conf.d/*.toml")}"]\n`);
    await chown(host.at(MAIN), 1000, 1000);
    expect(await look()).to.equal(undefined);
  });

  const ELSEWHERE = "usr/share/containerd/config.toml";
  const LEADING_OUT: Readonly<Record<string, { readonly plant: () => Promise<void>; readonly target: string }>> = {
    "an absolute link": {
      plant: async () => symlink("/usr/share/none.toml", host.at(MAIN)),
      target: "/usr/share/none",
    },
    "a relative link": {
      plant: async () => symlink("../../usr/share/containerd/config.toml", host.at(MAIN)),
      target: ELSEWHERE,
    },
    "a link to a link": {
      plant: async () => {
        await symlink("other.toml", host.at(MAIN));
        await symlink(`../../${ELSEWHERE}`, host.at("etc/containerd/other.toml"));
      },
      target: ELSEWHERE,
    },
    "an imported file that is a link": {
      plant: async () => {
        await host.write(MAIN, 'version = 3\nimports = ["more.toml"]\n');
        await symlink(`../../${ELSEWHERE}`, host.at("etc/containerd/more.toml"));
      },
      target: ELSEWHERE,
    },
    "a linked folder for drop-ins": {
      plant: async () => {
        await host.write(MAIN, "version = 3\n");
        await symlink("../../usr/share/conf.d", host.at("etc/containerd/conf.d"));
      },
      target: "usr/share/conf.d",
    },
  };
  for (const [what, { plant, target }] of Object.entries(LEADING_OUT)) {
    it(`refuses ${what} that leads out of what a Job has of the host`, async () => {
      await rm(host.at(MAIN));
      await plant();
      const error = await look();
      expect(error).to.have.property("code", "ConfigUnsupported");
      expect(error).to.have.property("message").that.includes(target).and.includes("by hand");
    });
  }

  it("refuses a configuration elsewhere that containerd is started with, and does not call it missing", async () => {
    const links = {
      ...host.context.links,
      unit: async () => ({ ...(await unitOf(host)), configPath: "/usr/share/c.toml" }),
    };
    const error = await look({ ...host.context, links });
    expect(error).to.have.property("code", "ConfigUnsupported");
    expect(error).to.have.property("message").that.includes('"/usr/share/c.toml"').and.includes("by hand");
    expect(await look({ ...host.context, links, onlyFolder: undefined })).to.equal(undefined);
  });

  it("follows links that stay in the folder", async () => {
    await mkdir(host.at("etc/containerd/real"));
    await rename(host.at(MAIN), host.at("etc/containerd/real/config.toml"));
    await symlink("real/config.toml", host.at(MAIN));
    expect(await look()).to.equal(undefined);
  });

  it("is not asked by an uninstall of what is not there", async () => {
    await rm(host.at(MAIN));
    await symlink("/usr/share/none.toml", host.at(MAIN));
    const { message } = await uninstall(host.context, SAMPLE_REQUEST, AbortSignal.timeout(10_000));
    expect(message).to.equal("Nothing to remove");
  });
});

async function unitOf(host: SampleHost): Promise<Awaited<ReturnType<SampleHost["context"]["links"]["unit"]>>> {
  return host.context.links.unit(AbortSignal.timeout(1000));
}
