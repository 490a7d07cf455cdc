import { expect } from "chai";
import { describe, it } from "mocha";
import { Any } from "../proto/any.ts";
import { BootstrapParams } from "../proto/bootstrap.ts";
import { optionsIn } from "./read-options.ts";

const FLAGS = { id: "c1", namespace: "k8s.io" };
const OPTIONS = { typeUrl: "runtimeoptions.v1.Options", value: Uint8Array.of(1, 2, 3) };

describe("optionsIn()", () => {
  it("finds none in nothing", () => {
    expect(optionsIn(new Uint8Array(), FLAGS)).to.equal(undefined);
  });

  it("takes options as they are, as containerd up to 2.2 writes them", () => {
    expect(optionsIn(Any.encode(OPTIONS), FLAGS)).to.deep.equal(OPTIONS);
  });

  it("finds them among the bootstrap parameters of containerd 2.3", () => {
    const other = { typeUrl: "example.Other", value: Uint8Array.of(9) };
    const parameters = { instanceId: "c1", namespace: "k8s.io", extensions: [{ value: other }, { value: OPTIONS }] };
    expect(optionsIn(BootstrapParams.encode(parameters), FLAGS)).to.deep.equal(OPTIONS);
  });

  it("finds none in bootstrap parameters without extensions", () => {
    const bytes = BootstrapParams.encode({ instanceId: "c1", namespace: "k8s.io", containerdVersion: "2.3.4" });
    expect(optionsIn(bytes, FLAGS)).to.equal(undefined);
  });

  it("refuses what is neither", () => {
    expect(() => optionsIn(Uint8Array.of(0xff, 0xff, 0xff), FLAGS))
      .to.throw("3 bytes on standard input")
      .with.property("code", "INVALID_ARGUMENT");
  });
});
