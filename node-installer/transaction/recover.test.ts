import { chmod, mkdir, readFile, symlink } from "node:fs/promises";
import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import type { Context } from "../context.ts";
import type { HostLinks } from "../host/links.ts";
import { createSampleHost } from "../testing/sample-host.ts";
import type { SampleHost } from "../testing/sample-host.ts";
import { readJournal, saveFile, sha256, writeJournal } from "./journal.ts";
import type { Journal } from "./journal.ts";
import { recover } from "./recover.ts";

const NAMES = { id: "i", shim: "s", handler: "h", operation: "install", bootId: "b" } as const;

describe("recover()", () => {
  let host: SampleHost;
  afterEach(async () => host.remove());

  it("leaves a change made by hand that a Job can see a part of only", async () => {
    host = await createSampleHost({ inPod: true });
    const { root } = host.context.store;
    const files = [{ path: "/usr/share/containerd/config.toml", before: undefined, after: "a" }];
    const link = { before: undefined, after: undefined };
    await writeJournal(root, { schema: 1, ...NAMES, phase: "prepared", files, folders: [], link });
    const error: unknown = await recover(host.context, limit()).catch((reason: unknown) => reason);
    expect(error).to.have.property("code", "ConfigUnsupported");
    expect(await readJournal(root)).to.have.property("id", "i");
  });

  it("leaves nothing of a transaction that was cut off before it began", async () => {
    host = await createSampleHost();
    await host.write("opt/rcm/transaction/before-0", "old\n");
    await host.write("opt/rcm/journal.json.rcm-new", "{");
    expect(await recover(host.context, limit())).to.equal("nothing");
    expect(await host.listing()).not.to.satisfy((all: string[]) => all.some((path) => path.startsWith("opt/rcm/")));
  });

  describe("where the change is whole and containerd runs with it", () => {
    const calls: string[] = [];
    let before = "";
    beforeEach(async () => {
      host = await createSampleHost();
      calls.length = 0;
      const path = host.at("etc/containerd/config.toml");
      await chmod(path, 0o600);
      before = await readFile(path, "utf8");
      const saved = await saveFile(host.context.store.root, path, 0);
      const shim = host.at("opt/rcm/bin/containerd-shim-s");
      const changed = `${before}[plugins."io.containerd.cri.v1.runtime".containerd.runtimes.h]\nruntime_type = "${shim}"\n`;
      await host.write("etc/containerd/config.toml", changed);
      await mkdir(host.at("opt/rcm/bin"));
      await symlink("/is", shim);
      const journal: Journal = {
        schema: 1,
        ...NAMES,
        phase: "restarting",
        files: [{ path, before: saved, after: sha256(Buffer.from(changed)) }],
        folders: [],
        link: { before: undefined, after: "/is" },
      };
      await writeJournal(host.context.store.root, journal);
    });

    /** A host that runs, whose containerd has the handler; its dead man's switch says so when it is disarmed. */
    function running(disarmed: "disarmed" | "fired"): Context {
      const runtimes = { h: { runtimeType: host.at("opt/rcm/bin/containerd-shim-s"), options: {} } };
      const configJson = JSON.stringify({ containerd: { runtimes } });
      const { links } = host.context;
      const made: HostLinks = {
        ...links,
        cri: {
          ...links.cri,
          facts: async () => ({ version: "2.1.0", handlers: ["h"], configJson }),
          probe: async () => undefined,
          removeProbes: async () => void calls.push("removeProbes"),
        },
        // Nothing of the machine's own systemd is touched.
        run: async (argv, ...rest) =>
          argv[0] === "containerd" ? links.run(argv, ...rest) : { exitCode: 0, stdout: "", stderr: "" },
        restart: async () => void calls.push("restart"),
        disarm: async () => {
          calls.push("disarm");
          return disarmed;
        },
        scriptEnd: async () => void calls.push("scriptEnd"),
      };
      return { ...host.context, restart: "auto", links: made };
    }

    it("keeps it, and leaves nothing of a recovery that was cut off", async () => {
      for (const end of [".rcm-new", ".rcm-dead-man"]) {
        await host.write(`etc/containerd/config.toml${end}`, "ver");
        await symlink("/was", host.at(`opt/rcm/bin/containerd-shim-s${end}`));
      }
      expect(await recover(running("disarmed"), limit())).to.equal("kept");
      expect(await host.listing()).to.not.satisfy((all: string[]) => all.some((path) => path.includes(".rcm-")));
      expect(await host.listing()).to.include("opt/rcm/bin/containerd-shim-s");
    });

    it("takes it back where the host has begun to do so meanwhile", async () => {
      expect(await recover(running("fired"), limit())).to.equal("taken back");
      expect(await readFile(host.at("etc/containerd/config.toml"), "utf8")).to.equal(before);
      expect(await host.listing()).not.to.include("opt/rcm/bin/containerd-shim-s");
      expect(calls).to.include("restart");
    });

    it("lets the host's own script end first, and ends the probes of the killed installer", async () => {
      await recover(running("disarmed"), limit());
      expect(calls).to.deep.equal(["scriptEnd", "removeProbes", "disarm"]);
    });
  });
});

function limit(): AbortSignal {
  return AbortSignal.timeout(10_000);
}
