import { expect } from "chai";
import { describe, it } from "mocha";
import { parseFlags } from "./flags.ts";

const ID = "c1";

describe("parseFlags()", () => {
  it("reads what containerd 1.6 says at start", () => {
    const args = "-namespace k8s.io -address /run/c.sock -publish-binary /usr/bin/containerd -id c1 start".split(" ");
    expect(parseFlags(args)).to.deep.equal({
      action: "start",
      namespace: "k8s.io",
      id: ID,
      address: "/run/c.sock",
      bundle: "",
      debug: false,
    });
  });

  const cases: readonly { readonly args: string; readonly want: Partial<ReturnType<typeof parseFlags>> }[] = [
    { args: "--namespace=default --id=c1 delete", want: { action: "delete", namespace: "default" } },
    { args: "-namespace default -id c1 -bundle /b delete", want: { action: "delete", bundle: "/b" } },
    { args: "-debug -namespace default -id c1 start", want: { action: "start", debug: true } },
    { args: "-debug=false -namespace default -id c1 start", want: { debug: false } },
    { args: "-v", want: { action: "version" } },
    { args: "--version", want: { action: "version" } },
    { args: "-info", want: { action: "info" } },
    { args: "-newer value -namespace default -id c1 start", want: { action: "start", id: ID } },
    { args: "-namespace default -id c1 -newer start", want: { action: "start", id: ID } },
    { args: "-newer=value -namespace default -id c1 start", want: { action: "start", id: ID } },
  ];
  for (const { args, want } of cases) {
    it(`reads ${args}`, () => {
      expect(parseFlags(args.split(" "))).to.include(want);
    });
  }

  const refused: readonly { readonly args: readonly string[]; readonly words: string }[] = [
    { args: ["-namespace", "default", "-id", "c1", "run"], words: '"run"' },
    { args: ["-namespace", "default", "-id", "c1"], words: "start and delete" },
    { args: ["-namespace", "default", "start"], words: '-id ""' },
    { args: ["-namespace", "default", "-id", "../c1", "start"], words: '"../c1"' },
    { args: ["-namespace", "a/b", "-id", "c1", "start"], words: '"a/b"' },
    { args: ["-namespace", "default", "-id", "a".repeat(77), "start"], words: "letters" },
  ];
  for (const { args, words } of refused) {
    it(`refuses ${args.join(" ").slice(0, 60)}`, () => {
      expect(() => parseFlags(args))
        .to.throw(words)
        .with.property("code", "InvalidArgument");
    });
  }
});
