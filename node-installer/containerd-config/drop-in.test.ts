import { expect } from "chai";
import { describe, it } from "mocha";
import { caught } from "./caught.test.ts";
import { parseContainerdVersion } from "./config-version.ts";
import type { DropInOptions } from "./drop-in.ts";
import { dropInPath, handlerOfDropIn, planDropIn, planDropInRemoval } from "./drop-in.ts";
import { editMain } from "./edit-main.ts";
import { importPatterns } from "./imports.ts";
import { CRI_LEGACY } from "./plugin-id.ts";

const MAIN = "/etc/containerd/config.toml";
const DIR = "/etc/containerd/conf.d";
const PATH = `${DIR}/50-rcm-spin.toml`;
const PATTERN = `${DIR}/50-rcm-*.toml`;
const SPIN = { name: "spin", runtimeType: "/opt/rcm/bin/containerd-shim-spin", options: { SystemdCgroup: true } };
const RUNC_V2 =
  'version = 2\n[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]\nruntime_type = "io.containerd.runc.v2"\n';

function options(mainText: string | undefined, rest: Partial<DropInOptions> = {}): DropInOptions {
  const containerd = parseContainerdVersion("2.1.9");
  return {
    containerd,
    mainPath: MAIN,
    mainText,
    dropInDir: DIR,
    handler: SPIN,
    imported: [],
    existing: undefined,
    ...rest,
  };
}

function headOf(text: string): readonly string[] {
  return text
    .split("\n")
    .filter((line) => line.startsWith("version") || line.startsWith("["))
    .slice(0, 2);
}

describe("planDropIn()", () => {
  const heads: readonly (readonly [
    what: string,
    mainText: string | undefined,
    version: string | undefined,
    id: string,
  ])[] = [
    ["C3 version 2 beside Debian's version 2", RUNC_V2, "version = 2", '"io.containerd.grpc.v1.cri"'],
    ["C3 version 3 beside version 3", "version = 3\n", "version = 3", '"io.containerd.cri.v1.runtime"'],
    ["C5 version 4 beside version 4", "version = 4\n", "version = 4", '"io.containerd.cri.v1.runtime"'],
    [
      "C4 Azure's version 2 with the new id",
      "version = 2\n[plugins.'io.containerd.cri.v1.runtime']\n",
      "version = 2",
      '"io.containerd.cri.v1.runtime"',
    ],
    ["no version beside none", "[grpc]\n", undefined, '"io.containerd.cri.v1.runtime"'],
    ["version 3 where there is no main file", undefined, "version = 3", '"io.containerd.cri.v1.runtime"'],
  ];
  for (const [what, mainText, version, id] of heads) {
    it(`writes ${what}`, () => {
      const { dropIn } = planDropIn(options(mainText));
      const header = `[plugins.${id}.containerd.runtimes.spin]`;
      expect(headOf(dropIn.text).slice(0, version === undefined ? 1 : 2)).to.deep.equal(
        version === undefined ? [header] : [version, header],
      );
      expect([dropIn.path, dropIn.changed]).to.deep.equal([PATH, true]);
    });
  }

  it("C6 C7 imports a pattern that covers our drop-ins and nobody else's", () => {
    const { main } = planDropIn(options('version = 3\nimports = ["/a/*.toml"]\n'));
    expect(importPatterns({ path: MAIN, text: main.text })).to.deep.equal([PATTERN, "/a/*.toml"]);
    expect(main.changed).to.equal(true);
  });

  it("leaves a main file alone that imports the folder already", () => {
    const text = 'version = 3\nimports = ["conf.d/*.toml"]\n';
    expect(planDropIn(options(text)).main).to.deep.equal({ text, changed: false });
  });

  it("writes a minimal main file where there is none", () => {
    const { main } = planDropIn(options(undefined));
    expect(main.changed).to.equal(true);
    expect(main.text.split("\n").filter((line) => !line.startsWith("#"))).to.deep.equal([
      "version = 3",
      `imports = ["${PATTERN}"]`,
      "",
    ]);
  });

  it("changes nothing the second time", () => {
    for (const mainText of [undefined, RUNC_V2, "imports = []\n"]) {
      const first = planDropIn(options(mainText));
      const imported = [{ path: PATH, text: first.dropIn.text }];
      const second = planDropIn(options(first.main.text, { imported, existing: first.dropIn.text }));
      expect([second.dropIn.changed, second.main.changed]).to.deep.equal([false, false]);
    }
  });

  it("brings its own drop-in to other options", () => {
    const first = planDropIn(options(RUNC_V2));
    const second = planDropIn(
      options(first.main.text, { handler: { ...SPIN, options: {} }, existing: first.dropIn.text }),
    );
    expect([second.dropIn.changed, second.main.changed]).to.deep.equal([true, false]);
    expect(second.dropIn.text.includes("SystemdCgroup")).to.equal(false);
  });

  it("takes out what it wrote into the main file while containerd 1 was there", () => {
    const file = { path: MAIN, text: RUNC_V2 };
    const old = editMain({ file, pluginId: CRI_LEGACY, handler: SPIN, effectiveDump: undefined }).text;
    expect(planDropIn(options(old)).main).to.deep.equal(planDropIn(options(RUNC_V2)).main);
  });

  it("refuses containerd 1, where a drop-in replaces the whole plug-in (C1)", () => {
    const error = caught(() => planDropIn(options(RUNC_V2, { containerd: parseContainerdVersion("1.7.24") })));
    expect(error).to.have.property("code", "ConfigUnsupported");
  });

  it("refuses an imported file of another version (C3), and names it", () => {
    const error = caught(() => planDropIn(options(RUNC_V2, { imported: [{ path: "/x.toml", text: "version = 3" }] })));
    expect(error).to.have.property("code", "ConfigUnsupported");
    expect(error?.message).to.include('"/x.toml" has version 3');
  });

  it("takes an imported file without version", () => {
    expect(planDropIn(options(RUNC_V2, { imported: [{ path: "/x.toml", text: "[grpc]" }] })).dropIn.changed).to.equal(
      true,
    );
  });

  it("refuses a handler of somebody else's in the main file or in an import, with file and line", () => {
    const text = "version = 3\n[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.spin]\n";
    for (const [found, given] of [
      [MAIN, options(text)],
      ["/x.toml", options("version = 3", { imported: [{ path: "/x.toml", text }] })],
    ] as const) {
      const error = caught(() => planDropIn(given));
      expect(error).to.have.property("code", "HandlerConflict");
      expect(error?.message).to.include(`"${found}", line 2:`);
    }
  });

  it("refuses to overwrite a file at its path that is not its own", () => {
    const error = caught(() => planDropIn(options(RUNC_V2, { existing: "version = 2\n" })));
    expect(error).to.have.property("code", "HandlerConflict");
    expect(error?.message).to.include(PATH);
  });
});

describe("planDropInRemoval()", () => {
  for (const mainText of [
    RUNC_V2,
    "",
    "version = 3",
    'imports = [\r\n "/a/*.toml" ]\r\n',
    'imports = ["conf.d/*"]\n',
  ]) {
    it(`gives ${JSON.stringify(mainText.slice(0, 30))} back to the byte`, () => {
      const text = planDropIn(options(mainText)).main.text;
      const removal = planDropInRemoval({
        mainPath: MAIN,
        mainText: text,
        dropInDir: DIR,
        handler: "spin",
        remaining: [],
      });
      expect(removal).to.deep.equal({ path: PATH, main: { text: mainText, changed: text !== mainText } });
    });
  }

  it("removes the main file that was ours alone", () => {
    const mainText = planDropIn(options(undefined)).main.text;
    const removal = planDropInRemoval({ mainPath: MAIN, mainText, dropInDir: DIR, handler: "spin", remaining: [] });
    expect(removal.main).to.deep.equal({ text: undefined, changed: true });
  });

  it("R-5 keeps a main file of ours that somebody wrote into, but not our line in it", () => {
    const mainText = `${planDropIn(options(undefined)).main.text}[grpc]\n`;
    const { main } = planDropInRemoval({ mainPath: MAIN, mainText, dropInDir: DIR, handler: "spin", remaining: [] });
    expect(main.text?.endsWith("version = 3\n[grpc]\n")).to.equal(true);
  });

  it("keeps the import while another handler needs it", () => {
    const mainText = planDropIn(options(RUNC_V2)).main.text;
    const { main } = planDropInRemoval({
      mainPath: MAIN,
      mainText,
      dropInDir: DIR,
      handler: "spin",
      remaining: ["wws"],
    });
    expect(main).to.deep.equal({ text: mainText, changed: false });
  });

  it("is content when there is no main file", () => {
    const { main } = planDropInRemoval({
      mainPath: MAIN,
      mainText: undefined,
      dropInDir: DIR,
      handler: "spin",
      remaining: [],
    });
    expect(main).to.deep.equal({ text: undefined, changed: false });
  });
});

describe("handlerOfDropIn(), dropInPath()", () => {
  it("knows its own drop-in by name and content", () => {
    const { text } = planDropIn(options(RUNC_V2)).dropIn;
    expect(handlerOfDropIn({ path: PATH, text })).to.equal("spin");
    expect(handlerOfDropIn({ path: `${DIR}/50-rcm-wws.toml`, text })).to.equal(undefined);
    expect(handlerOfDropIn({ path: `${DIR}/99-nvidia.toml`, text })).to.equal(undefined);
  });

  it("refuses a handler that could leave the folder", () => {
    expect(caught(() => dropInPath(DIR, "../x"))).to.have.property("code", "RequestInvalid");
    expect(dropInPath(`${DIR}/`, "spin")).to.equal(PATH);
  });
});
