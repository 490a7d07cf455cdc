import { expect } from "chai";
import { describe, it } from "mocha";
import { caught } from "./caught.test.ts";
import type { Edited } from "./edit-main.ts";
import { editMain, removeFromMain } from "./edit-main.ts";
import type { PluginId } from "./plugin-id.ts";
import { CRI_LEGACY, CRI_RUNTIME, CRI_SHORT } from "./plugin-id.ts";
import { parseOptions } from "./runtime-options.ts";
import type { Handler } from "./runtime-table.ts";
import { parseToml, valueAt } from "./toml-tree.ts";

const PATH = "/etc/containerd/config.toml";
const SPIN: Handler = {
  name: "spin",
  runtimeType: "/opt/rcm/bin/containerd-shim-spin",
  options: { SystemdCgroup: true },
};
const RUNC = '[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]\nruntime_type = "io.containerd.runc.v2"\n';
/** What 1.7 says of a file that names no runtime; shortened. */
const DEFAULT_DUMP = `version = 2
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
cni_max_conf_num = 0
container_annotations = []
runtime_path = ""
runtime_type = "io.containerd.runc.v2"
sandbox_mode = "podsandbox"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
BinaryName = ""
IoGid = 0
SystemdCgroup = false
`;

function edit(text: string, handler: Handler = SPIN, pluginId: PluginId = CRI_LEGACY, effectiveDump?: string): Edited {
  return editMain({ file: { path: PATH, text }, pluginId, handler, effectiveDump });
}

function remove(text: string, handler = "spin"): Edited {
  return removeFromMain({ path: PATH, text }, handler);
}

function runtimesIn(text: string, pluginId: PluginId = CRI_LEGACY): unknown {
  return JSON.parse(
    JSON.stringify(
      valueAt(parseToml(text, PATH), ["plugins", pluginId, "containerd", "runtimes"]),
      (_key, value: unknown) => (typeof value === "bigint" ? Number(value) : value),
    ),
  );
}

/** Files as people write them, each of which our runtime can be added to. */
const TEXTS: readonly (readonly [name: string, text: string, pluginId: PluginId])[] = [
  ["an empty file", "", CRI_SHORT],
  ["a file without CRI", "version = 2\n", CRI_LEGACY],
  ["C-1 a file with runc", `version = 2\n${RUNC}`, CRI_LEGACY],
  ["C-6 a file of version 3", "version = 3\n", CRI_RUNTIME],
  ["C-12 no last line break", `version = 2\n${RUNC}`.trimEnd(), CRI_LEGACY],
  ["C-12 CRLF", `version = 2\n${RUNC}`.replaceAll("\n", "\r\n"), CRI_LEGACY],
  ["C-12 a byte order mark", `\uFEFFversion = 2\n${RUNC}`, CRI_LEGACY],
  [
    "C-12 dotted keys",
    'version = 2\n[plugins."io.containerd.grpc.v1.cri"]\ncontainerd.runtimes.runc.runtime_type = "x"\n',
    CRI_LEGACY,
  ],
  [
    "C-12 dotted keys from the root",
    'plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.runtime_type = "x"\n',
    CRI_LEGACY,
  ],
  [
    "C-12 an inline table for another runtime",
    '[plugins."io.containerd.grpc.v1.cri".containerd.runtimes]\nrunc = { runtime_type = "x", options = {} }\n',
    CRI_LEGACY,
  ],
  [
    "C-12 single quotes and spaces",
    "[ plugins . 'io.containerd.grpc.v1.cri' . containerd . runtimes . 'runc' ]\nruntime_type = 'x'\n",
    CRI_LEGACY,
  ],
  [
    "C-12 a list of tables nearby",
    '[[plugins."io.containerd.grpc.v1.cri".x]]\na = 1\n[[plugins."io.containerd.grpc.v1.cri".x]]\na = 2\n',
    CRI_LEGACY,
  ],
  [
    "C-8 the handler's name in comments and strings",
    '# spin\n# [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.spin]\nversion = 2\n[a]\nb = """\n[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.spin]\n"""\n',
    CRI_LEGACY,
  ],
  [
    "C-8 a handler whose name begins the same",
    '[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.spin-v2]\nruntime_type = "x"\n',
    CRI_LEGACY,
  ],
  ["an empty table of runtimes", "[plugins.cri.containerd.runtimes]\n", CRI_SHORT],
  ["comments and blank lines all over", `\n# top\n\nversion = 2 # two\n\n\n  ${RUNC}\n  # end\n\n`, CRI_LEGACY],
  ["integers beyond 53 bits", "version = 2\na = 9223372036854775807\n", CRI_LEGACY],
  [
    "MicroK8s' variables",
    'version = 2\n[plugins."io.containerd.grpc.v1.cri"]\nsandbox_image = "${SNAP}/x"\n',
    CRI_LEGACY,
  ],
];

describe("editMain()", () => {
  for (const [name, text, pluginId] of TEXTS) {
    it(`adds to ${name}, keeping every byte, and removeFromMain() gives it back (R-3)`, () => {
      const added = edit(text, SPIN, pluginId);
      expect(added.changed).to.equal(true);
      expect(added.text.startsWith(text)).to.equal(true);
      expect(runtimesIn(added.text, pluginId)).to.have.deep.property("spin", {
        runtime_type: SPIN.runtimeType,
        options: { SystemdCgroup: true },
      });
      expect(remove(added.text)).to.deep.equal({ text, changed: true });
    });

    it(`C-3 leaves ${name} alone the second time`, () => {
      const added = edit(text, SPIN, pluginId);
      expect(edit(added.text, SPIN, pluginId)).to.deep.equal({ text: added.text, changed: false });
    });
  }

  it("C-1 writes the exact lines", () => {
    expect(edit(`version = 2\n${RUNC}`).text).to.equal(`version = 2
${RUNC}# BEGIN runtime-class-manager spin
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.spin]
runtime_type = "/opt/rcm/bin/containerd-shim-spin"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.spin.options]
SystemdCgroup = true
# END runtime-class-manager spin
`);
  });

  it("C-4 writes the options of a Shim typed", () => {
    const options = parseOptions({ SystemdCgroup: "true", Count: "3", Path: "/x" });
    expect(runtimesIn(edit("", { ...SPIN, options }).text)).to.deep.equal({
      spin: { runtime_type: SPIN.runtimeType, options: { SystemdCgroup: true, Count: 3, Path: "/x" } },
    });
  });

  it("C-9 brings its own table to another path and other options, in its place and once", () => {
    const old = `${edit(RUNC).text}[grpc]\nuid = 1\n`;
    const { text, changed } = edit(old, { ...SPIN, runtimeType: "/opt/new", options: { A: 1n } });
    expect(changed).to.equal(true);
    expect(runtimesIn(text)).to.deep.equal({
      runc: { runtime_type: "io.containerd.runc.v2" },
      spin: { runtime_type: "/opt/new", options: { A: 1 } },
    });
    expect(text.split("BEGIN").length).to.equal(2);
    expect(remove(text).text).to.equal(`${RUNC}[grpc]\nuid = 1\n`);
  });

  it("moves its own table to another plug-in id", () => {
    const { text } = edit(edit("version = 2\n").text, SPIN, CRI_RUNTIME);
    expect(text.includes(CRI_LEGACY)).to.equal(false);
    expect(runtimesIn(text, CRI_RUNTIME)).to.have.property("spin");
  });

  it("C-10 escapes what could break the file, and refuses what TOML cannot hold", () => {
    const { text } = edit(RUNC, { ...SPIN, options: { A: 'x"\\}#]' } });
    expect(runtimesIn(text)).to.have.nested.property("spin.options.A", 'x"\\}#]');
    expect(caught(() => edit(RUNC, { ...SPIN, options: { A: "x\ny" } }))).to.have.property("code", "RequestInvalid");
  });

  it("keeps two handlers apart", () => {
    const wws = { ...SPIN, name: "wws" };
    const both = edit(edit(RUNC).text, wws).text;
    expect(runtimesIn(both)).to.have.all.keys("runc", "spin", "wws");
    expect(remove(both, "spin").text).to.equal(edit(RUNC, wws).text);
    expect(remove(remove(both, "spin").text, "wws").text).to.equal(RUNC);
  });

  const foreign: readonly (readonly [name: string, text: string, line: number])[] = [
    ["a table", 'version = 2\n[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.spin]\n', 2],
    ["a table with quotes", "\n\n[plugins.'io.containerd.grpc.v1.cri'.\"containerd\".runtimes.'spin']\n", 3],
    ["a table with an escape", '[plugins."io.containerd.grpc.v1.cri".containerd.runtimes."s\\u0070in"]\n', 1],
    ["its options only", '[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.spin.options]\n', 1],
    ["dotted keys", '[plugins."io.containerd.grpc.v1.cri"]\ncontainerd.runtimes.spin.runtime_type = "x"\n', 2],
    [
      "an inline table",
      '[plugins."io.containerd.grpc.v1.cri".containerd.runtimes]\n\nspin = { runtime_type = "x" }\n',
      3,
    ],
    [
      "an inline table further up",
      '[plugins."io.containerd.grpc.v1.cri"]\ncontainerd = { runtimes = { "spin" = {} } }\n',
      2,
    ],
    [
      "all in one line",
      'plugins = { "io.containerd.grpc.v1.cri" = { containerd.runtimes.spin.runtime_type = "x" } }',
      1,
    ],
    ["a list of tables", "[[plugins.cri.containerd.runtimes.spin]]\n", 1],
    ["the id of another version", '[plugins."io.containerd.cri.v1.runtime".containerd.runtimes.spin]\n', 1],
    ["the short id", "[plugins.cri.containerd.runtimes.spin]\n", 1],
    [
      "a comment like upstream's",
      '# RCM runtime config for spin\n[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.spin]\n',
      2,
    ],
  ];
  for (const [name, text, line] of foreign) {
    it(`refuses somebody else's handler, written as ${name}`, () => {
      const error = caught(() => edit(text));
      expect(error).to.have.property("code", "HandlerConflict");
      expect(error?.message).to.include(`"${PATH}", line ${line}:`);
    });
  }

  it("refuses when somebody added to our handler behind our lines", () => {
    const text = `${edit(RUNC).text}[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.spin.x]\n`;
    expect(caught(() => edit(text))).to.have.property("code", "HandlerConflict");
  });

  it("refuses to drop what somebody wrote between our marks", () => {
    const text = edit(RUNC).text.replace("# END", "[grpc]\n# END");
    for (const run of [() => edit(text, { ...SPIN, options: {} }), () => remove(text)]) {
      const error = caught(run);
      expect(error).to.have.property("code", "ConfigInvalid");
      expect(error?.message).to.include("line 8 ");
    }
  });

  const inline: readonly (readonly [name: string, text: string, line: number])[] = [
    ["the runtimes", '[plugins."io.containerd.grpc.v1.cri".containerd]\nruntimes = { runc = {} }\n', 2],
    ["containerd's table", '[plugins."io.containerd.grpc.v1.cri"]\n\ncontainerd = { snapshotter = "x" }\n', 3],
    ["all plug-ins", "plugins = {}\n", 1],
  ];
  for (const [name, text, line] of inline) {
    it(`refuses an inline table for ${name}, which TOML forbids to add to`, () => {
      const error = caught(() => edit(text));
      expect(error).to.have.property("code", "ConfigUnsupported");
      expect(error?.message).to.include(`line ${line} `);
    });
  }

  it("refuses a file that is not TOML, with the place", () => {
    const error = caught(() => edit("a = 1\na = 2\n"));
    expect(error).to.have.property("code", "ConfigInvalid");
    expect(error?.message).to.include("line 2, column 1");
  });
});

describe("editMain() on containerd 1", () => {
  const debian =
    'version = 2\n\n[plugins]\n  [plugins."io.containerd.grpc.v1.cri"]\n    [plugins."io.containerd.grpc.v1.cri".cni]\n      bin_dir = "/usr/lib/cni"\n';

  it("spells out the default runtimes, which the first written runtime would switch off", () => {
    const { text } = edit(debian, SPIN, CRI_LEGACY, DEFAULT_DUMP);
    expect(runtimesIn(text)).to.deep.equal({
      runc: {
        runtime_type: "io.containerd.runc.v2",
        sandbox_mode: "podsandbox",
        options: { BinaryName: "", IoGid: 0, SystemdCgroup: false },
      },
      spin: { runtime_type: SPIN.runtimeType, options: { SystemdCgroup: true } },
    });
    expect(remove(text)).to.deep.equal({ text: debian, changed: true });
  });

  it("does so for version 1 under the short id", () => {
    const { text } = edit("", SPIN, CRI_SHORT, DEFAULT_DUMP);
    expect(runtimesIn(text, CRI_SHORT)).to.have.all.keys("runc", "spin");
    expect(remove(text).text).to.equal("");
  });

  it("does so once, and takes them out with the last handler only", () => {
    const first = edit(debian, SPIN, CRI_LEGACY, DEFAULT_DUMP).text;
    const both = edit(first, { ...SPIN, name: "wws" }, CRI_LEGACY, DEFAULT_DUMP).text;
    const second = remove(both, "spin").text;
    expect(runtimesIn(second)).to.have.all.keys("runc", "wws");
    expect(remove(second, "wws").text).to.equal(debian);
  });

  it("keeps them while somebody else's runtime needs them", () => {
    const text = `${edit(debian, SPIN, CRI_LEGACY, DEFAULT_DUMP).text}[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.kata]\n`;
    expect(runtimesIn(remove(text).text)).to.have.all.keys("runc", "kata");
  });

  it("takes them out although a table that is not in force names runtimes", () => {
    const text = `version = 2\n[plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc]\n`;
    expect(remove(edit(text, SPIN, CRI_LEGACY, DEFAULT_DUMP).text).text).to.equal(text);
  });

  it("leaves a file alone that names its runtimes, even without runc", () => {
    const text = '[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.crun]\nruntime_type = "x"\n';
    expect(runtimesIn(edit(text, SPIN, CRI_LEGACY, DEFAULT_DUMP).text)).to.have.all.keys("crun", "spin");
  });

  it("refuses a default that it cannot spell out", () => {
    const dump = DEFAULT_DUMP.replace("container_annotations = []", 'container_annotations = ["x"]');
    expect(caught(() => edit(debian, SPIN, CRI_LEGACY, dump))).to.have.property("code", "ConfigUnsupported");
  });
});

describe("removeFromMain()", () => {
  it("R-1 leaves a file without our handler alone", () => {
    expect(remove(RUNC)).to.deep.equal({ text: RUNC, changed: false });
  });

  it("is the same the second time", () => {
    const { text } = remove(edit(RUNC).text);
    expect(remove(text)).to.deep.equal({ text, changed: false });
  });

  it("never takes a table that is not ours", () => {
    const text =
      '[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.spin]\nruntime_type = "/opt/rcm/bin/containerd-shim-spin"\n';
    expect(remove(text)).to.deep.equal({ text, changed: false });
  });

  it("R-4 needs to know neither options nor path", () => {
    const text = edit(RUNC).text.replace("SystemdCgroup = true", 'Other = "x"').replace("/opt/rcm", "/elsewhere");
    expect(remove(text).text).to.equal(RUNC);
  });

  it("leaves what others changed in the meantime", () => {
    const text = `# new\n${edit(RUNC).text.replace("io.containerd.runc.v2", "io.containerd.runc.v9")}[grpc]\n`;
    expect(remove(text).text).to.equal(`# new\n${RUNC.replace("runc.v2", "runc.v9")}[grpc]\n`);
  });

  it("refuses broken marks rather than to guess", () => {
    const text = edit(RUNC).text.replace(/# END.*/, "");
    expect(caught(() => remove(text))).to.have.property("code", "ConfigInvalid");
  });
});
