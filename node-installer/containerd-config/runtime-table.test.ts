import { expect } from "chai";
import { describe, it } from "mocha";
import { caught } from "./caught.test.ts";
import { CRI_LEGACY, CRI_RUNTIME, CRI_SHORT } from "./plugin-id.ts";
import { runtimeTable } from "./runtime-table.ts";
import { parseToml } from "./toml-tree.ts";

const SPIN = { name: "spin", runtimeType: "/opt/rcm/bin/containerd-shim-spin", options: {} };

describe("runtimeTable()", () => {
  it("writes the table without options as one table", () => {
    expect(runtimeTable(SPIN, CRI_LEGACY)).to.deep.equal([
      '[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.spin]',
      'runtime_type = "/opt/rcm/bin/containerd-shim-spin"',
    ]);
  });

  it("writes options typed and sorted, whatever their order was", () => {
    const options = { Text: 'a"b\\c}', SystemdCgroup: true, Count: 3n };
    expect(runtimeTable({ ...SPIN, options }, CRI_RUNTIME).slice(2)).to.deep.equal([
      '[plugins."io.containerd.cri.v1.runtime".containerd.runtimes.spin.options]',
      "Count = 3",
      "SystemdCgroup = true",
      String.raw`Text = "a\"b\\c}"`,
    ]);
  });

  it("quotes a handler with a dot and leaves the short plug-in id bare", () => {
    const [header] = runtimeTable({ ...SPIN, name: "spin.v2" }, CRI_SHORT);
    expect(header).to.equal('[plugins.cri.containerd.runtimes."spin.v2"]');
  });

  for (const text of ['a"b', "a\\b", "\\u0041", "${X}", "ä€😀", "'''", '"""', "# x", ""]) {
    it(`writes the option ${JSON.stringify(text)} so that it reads back the same`, () => {
      const tree = parseToml(runtimeTable({ ...SPIN, options: { Text: text } }, CRI_SHORT).join("\n"), "x");
      const expected = {
        plugins: {
          cri: { containerd: { runtimes: { spin: { runtime_type: SPIN.runtimeType, options: { Text: text } } } } },
        },
      };
      expect(JSON.stringify(tree)).to.equal(JSON.stringify(expected));
    });
  }

  for (const text of ["a\nb", "a\rb", "\0", "\u007F", "\u0085", "\t", "\uD800"]) {
    it(`refuses ${JSON.stringify(text)} as an option`, () => {
      expect(caught(() => runtimeTable({ ...SPIN, options: { Text: text } }, CRI_SHORT))).to.have.property(
        "code",
        "RequestInvalid",
      );
    });
  }

  for (const runtimeType of ["", "opt/x", "io.containerd.spin.v2", "./x", "/opt/x\n"]) {
    it(`refuses ${JSON.stringify(runtimeType)} as the shim's path`, () => {
      expect(caught(() => runtimeTable({ ...SPIN, runtimeType }, CRI_SHORT))).to.have.property(
        "code",
        "RequestInvalid",
      );
    });
  }

  for (const name of ["", "../x", "a/b", "a b", "-a", "a-", "a".repeat(64), "(imports)", "a\n"]) {
    it(`refuses ${JSON.stringify(name)} as a handler`, () => {
      expect(caught(() => runtimeTable({ ...SPIN, name }, CRI_SHORT))).to.have.property("code", "RequestInvalid");
    });
  }
});
