import { expect } from "chai";
import { describe, it } from "mocha";
import { nodeFiles } from "./node-files.ts";
import { parseNodeVersion } from "./node-version.ts";

function contentOf(version: string, path: string): string {
  const node = { name: "node7", index: 7, version: parseNodeVersion(version) };
  const file = nodeFiles(node, "0123456789abcdef0123456789abcdef").find((one) => one.path === path);
  return file !== undefined && "content" in file ? file.content : "";
}

describe("nodeFiles()", () => {
  const files = { "1.6": 2, "1.7": 2, "2.1": 2, "2.1v3": 3 };
  for (const [version, fileVersion] of Object.entries(files)) {
    it(`gives ${version} a containerd configuration of version ${String(fileVersion)}`, () => {
      const config = contentOf(version, "etc/containerd/config.toml");
      expect(config.split("\n")[0]).to.equal(`version = ${String(fileVersion)}`);
      expect(config.includes(`"io.containerd.${fileVersion === 2 ? "grpc.v1.cri" : "cri.v1.runtime"}"`)).to.equal(true);
    });
  }

  it("gives a node the addresses of its number", () => {
    expect(contentOf("1.7", "etc/hosts")).to.contain("198.18.40.7 node7");
    expect(contentOf("1.7", "etc/cni/net.d/10-pods.conflist")).to.contain(`"subnet": "198.18.71.0/24"`);
  });

  it("gives a node the machine-id that it is told", () => {
    expect(contentOf("2.1", "etc/machine-id")).to.equal("0123456789abcdef0123456789abcdef\n");
  });
});

describe("parseNodeVersion()", () => {
  it("refuses a containerd that there is not, and says which there are", () => {
    expect(() => parseNodeVersion("1.5")).to.throw(
      'Cannot make a node of version "1.5": there are 1.6, 1.7, 2.1, 2.1v3',
    );
  });
});
