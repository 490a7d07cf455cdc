import { mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import type { HostInterface } from "../host-interface.ts";
import { link } from "../link/link.ts";
import { echoComponent } from "../testing/echo-component.ts";
import { TypePool } from "../types/type-pool.ts";
import { prepareCached, type CachedComponent } from "./prepared-cache.ts";

const STRING = new TypePool().value({ kind: "string" });
const BYTES = echoComponent(["string"], "string", { params: [{ name: "p0", type: STRING }], result: STRING }, "utf8");
const DIGEST = `sha256:${"0a".repeat(32)}`;
const OTHER = `sha256:${"0b".repeat(32)}`;
const HOST: HostInterface<undefined> = {
  name: "",
  version: undefined,
  functions: { echo: { call: (_state, value) => value } },
  resources: {},
};

function runs({ prepared }: CachedComponent): boolean {
  return link(prepared, [HOST]).instantiate(undefined).func("", "run")?.call("text") === "text";
}

describe("prepareCached()", () => {
  let folder = "";
  let reads = 0;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "rcm-prepared-"));
    reads = 0;
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  function take(digest = DIGEST, maxBytes = 1e9): CachedComponent {
    return prepareCached({ folder, maxBytes }, { digest, read }, {});
  }
  function read(): Uint8Array {
    reads += 1;
    return BYTES;
  }
  function only(): string {
    const [name = ""] = readdirSync(folder);
    return join(folder, name);
  }

  it("prepares once, and gives the same from the disk", () => {
    expect(runs(take())).to.equal(true);
    expect(runs(take())).to.equal(true);
    expect(reads).to.equal(1);
    expect(readdirSync(folder)).to.have.length(1);
  });

  it("keeps what was prepared with other options apart", () => {
    take();
    prepareCached({ folder }, { digest: DIGEST, read }, { maxMemoryPages: 32 });
    expect(reads).to.equal(2);
  });

  for (const [what, spoil] of [
    ["cut off", (content: Buffer) => content.subarray(0, -1)],
    ["empty", () => Buffer.alloc(0)],
    ["of one other bit", (content: Buffer) => Buffer.from(content.map((byte, at) => (at === 500 ? byte ^ 1 : byte)))],
    ["something else", () => Buffer.from("hello, hello, hello")],
  ] as const) {
    it(`prepares again when the file is ${what}`, () => {
      take();
      writeFileSync(only(), spoil(readFileSync(only())));
      expect(runs(take())).to.equal(true);
      expect(reads).to.equal(2);
      expect(runs(take())).to.equal(true);
      expect(reads).to.equal(2);
    });
  }

  it("prepares all the same when it cannot write", () => {
    const file = join(folder, "file");
    writeFileSync(file, "");
    const taken = prepareCached({ folder: join(file, "below") }, { digest: DIGEST, read });
    expect(runs(taken)).to.equal(true);
    expect(taken.problem).to.have.property("code", "ENOTDIR");
  });

  it("removes what was not used for longest when there is too much", () => {
    take();
    utimesSync(only(), new Date(0), new Date(0));
    const [first] = readdirSync(folder);
    take(OTHER, 1);
    expect(readdirSync(folder)).to.have.length(1).and.not.include(first);
  });

  it("refuses a digest that is none", () => {
    expect(() => take("../../etc/passwd")).to.throw("it is no digest");
  });
});
