import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { importingComponent } from "../component/testing/importing-component.ts";
import { type PodPlaces, type PodProgram, podProgram } from "./pod-program.ts";

const PLAIN = importingComponent("wasi:http/types@0.2.0");
const SPIN = importingComponent("fermyon:spin/key-value@2.0.0");

describe("podProgram()", () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "guest-"));
  });
  afterEach(() => {
    rmSync(root, { recursive: true });
  });

  function decide(
    argument: string,
    places: Partial<PodPlaces> = {},
    variables: Readonly<Record<string, string>> = {},
  ): PodProgram {
    const guest = { args: [argument], env: [], cwd: "/" };
    return podProgram(guest, variables, { root, component: undefined, spinApp: undefined, ...places });
  }

  it("runs the application that the image is", () => {
    expect(decide("/", { spinApp: "/spin-app" })).to.deep.equal({
      kind: "app",
      source: { kind: "locked", path: "/spin-app/spin.json" },
    });
  });

  it("runs the component that the first argument means, by itself if it needs nothing of Spin", () => {
    const file = join(root, "a.wasm");
    writeFileSync(file, PLAIN);
    writeFileSync(join(root, "spin.toml"), "");
    expect(decide("/a.wasm", {}, { SPIN_HTTP_LISTEN_ADDR: "0.0.0.0:80" })).to.deep.equal({ kind: "component", file });
    writeFileSync(file, SPIN);
    expect(decide("/a.wasm")).to.deep.equal({ kind: "app", source: { kind: "component", path: file } });
  });

  it("makes an application of the component that the image is, for Spin's operator and for what needs Spin", () => {
    const component = join(root, "component.wasm");
    writeFileSync(component, PLAIN);
    const app = { kind: "app", source: { kind: "component", path: component } };
    expect(decide("/", { component })).to.deep.equal({ kind: "component", file: component });
    expect(decide("/", { component }, { SPIN_VARIABLE_A: "1" })).to.deep.equal(app);
    expect(decide("/", { component }, { SPIN_HTTP_LISTEN_ADDR: ":80" })).to.deep.equal(app);
    expect(decide("/", { component }, { SPINNER: "1" })).to.deep.equal({ kind: "component", file: component });
    writeFileSync(component, SPIN);
    expect(decide("/", { component })).to.deep.equal(app);
  });

  for (const [name, kind] of [
    ["spin.toml", "manifest"],
    ["spin.json", "locked"],
  ] as const) {
    it(`runs the application of a ${name} in the image`, () => {
      writeFileSync(join(root, name), "");
      expect(decide("/")).to.deep.equal({ kind: "app", source: { kind, path: join(root, name) } });
    });
  }

  it("says that there is nothing to run", () => {
    expect(() => decide("/app")).to.throw('Cannot find the component "/app"');
  });
});
