import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { groupOf } from "@rcm/shim/spec/container-kind";
import { parseSpec } from "@rcm/shim/spec/parse-spec";
import { CONTAINERD_VERSIONS, CONTAINERS, PAUSES, recordedSpecs } from "@rcm/shim/spec/testing/recorded-specs";
import { expect } from "chai";
import * as fc from "fast-check";
import { after, before, describe, it } from "mocha";
import { runCommand } from "../cluster/run-command.ts";

const COMPILE_MS = 60_000;
const CRI = "io.kubernetes.cri.sandbox-id";
const RUNC = "io.containerd.runc.v2.group";
const NAME = /^[A-Za-z0-9]+(?:[._-](?:[A-Za-z0-9]+))*$/u;

/** The launcher's own reader of config.json, compiled so that a read behind the text's end is an error. */
describe("find_sandbox() of the launcher", () => {
  const work = { path: "" };

  before(async function compile() {
    this.timeout(COMPILE_MS);
    work.path = await mkdtemp(join(tmpdir(), "rcm-launcher-"));
    const source = join(import.meta.dirname, "shim-launcher-reader.c");
    const include = join(import.meta.dirname, "../../shim/launcher");
    const flags = ["-std=c11", "-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-I", include];
    const argv = ["clang", ...flags, "-o", join(work.path, "reader"), source];
    await runCommand(argv, { timeoutMs: COMPILE_MS }, AbortSignal.timeout(COMPILE_MS));
  });

  after(async () => {
    await rm(work.path, { recursive: true, force: true });
  });

  /** What it finds in each text; "" for none. */
  async function find(texts: readonly (string | Buffer)[]): Promise<string[]> {
    const child = spawn(join(work.path, "reader"), { stdio: ["pipe", "pipe", "pipe"] });
    const framed = texts.flatMap((one) => [Buffer.from(`${String(Buffer.byteLength(one))}\n`), Buffer.from(one)]);
    child.stdin.end(Buffer.concat(framed));
    const [output, errors] = await Promise.all([text(child.stdout), text(child.stderr)]);
    expect(errors).to.equal("");
    return output.split("\n").slice(0, -1);
  }

  it("finds in recorded specifications what the shim finds", async () => {
    const texts = CONTAINERD_VERSIONS.flatMap((version) => {
      const recorded = recordedSpecs(version);
      return [...PAUSES, ...CONTAINERS].map((name) => JSON.stringify(recorded[name], undefined, "\t"));
    });
    const wanted = texts.map((one) => groupOf(parseSpec(one)) ?? "");
    expect(wanted.filter((id) => id !== "")).to.not.deep.equal([]);
    expect(await find(texts)).to.deep.equal(wanted);
  });

  const pod = `{"${CRI}":"pod-1"}`;
  for (const [what, config, id] of [
    [
      "the pod among anything else",
      `{"a":[1,-2.5e+3,{"b":[[],{},null,true,false,"\\u00e4\\""]}],"annotations":${pod}}`,
      "pod-1",
    ],
    ["the pod with blanks", ` {\n"annotations" :\t{ "x" : "y" , "${CRI}" : "pod-1" } } \r\n`, "pod-1"],
    ["the pod if runc's shim goes by it too", `{"annotations":{"${RUNC}":"pod-1","${CRI}":"pod-1"}}`, "pod-1"],
    ["nothing if runc's shim goes by another group", `{"annotations":{"${RUNC}":"g","${CRI}":"pod-1"}}`, ""],
    ["nothing without annotations", "{}", ""],
    ["nothing in annotations of something else", `{"linux":{"annotations":${pod}}}`, ""],
    ["nothing in a list", `[{"annotations":${pod}}]`, ""],
    ["nothing if there is text behind it", `{"annotations":${pod}}x`, ""],
    ["nothing if there is a zero behind it", `{"annotations":${pod}}\0`, ""],
    ["nothing if it is cut", `{"annotations":${pod}`, ""],
    ["nothing if annotations come twice", `{"annotations":${pod},"annotations":{}}`, ""],
    ["nothing if the pod comes twice", `{"annotations":{"${CRI}":"a","${CRI}":"b"}}`, ""],
    ["nothing if the pod is no text", `{"annotations":{"${CRI}":1}}`, ""],
    ["nothing if the pod is written with an escape", `{"annotations":{"${CRI}":"\\u0070od"}}`, ""],
    ["nothing if a name is written with an escape", `{"annot\\u0061tions":{},"annotations":${pod}}`, ""],
    ["nothing that leads elsewhere", `{"annotations":{"${CRI}":"../pod"}}`, ""],
    ["nothing that is a folder of another", `{"annotations":{"${CRI}":".."}}`, ""],
    ["nothing that is empty", `{"annotations":{"${CRI}":""}}`, ""],
    ["a name of 76 letters", `{"annotations":{"${CRI}":"${"a".repeat(76)}"}}`, "a".repeat(76)],
    ["nothing that is longer", `{"annotations":{"${CRI}":"${"a".repeat(77)}"}}`, ""],
    ["nothing in what is nested too deep", `{"a":${"[".repeat(99)}${"]".repeat(99)},"annotations":${pod}}`, ""],
    ["nothing with a line break in a text", `{"a":"\n","annotations":${pod}}`, ""],
    ["nothing with a comma at the end", `{"annotations":${pod},}`, ""],
    ["nothing with a number that is none", `{"a":01,"annotations":${pod}}`, ""],
    ["nothing with an escape that is none", `{"a":"\\x","annotations":${pod}}`, ""],
  ] as const) {
    it(`finds ${what}`, async () => {
      expect(await find([config])).to.deep.equal([id]);
    });
  }

  it("finds the pod in any JSON that has it", async () => {
    const documents = fc.sample(fc.dictionary(fc.stringMatching(/^[a-z]{1,8}$/), fc.jsonValue({ maxDepth: 5 })), 500);
    const texts = documents.map((one) => JSON.stringify({ ...one, annotations: { [CRI]: "pod-1" } }));
    expect(await find(texts)).to.deep.equal(texts.map(() => "pod-1"));
  });

  it("never finds what the shim would not find", async () => {
    const words = ['{"annotations":{', `"${CRI}":`, `"${RUNC}":`, '"pod-1"', '"b"', "null", "}}"];
    const signs = ["{", "}", "[", "]", ",", ":", '"', "\\", " ", "\n", "0", "1", "e", "-", "."];
    const piece = fc.constantFrom(...words, ...signs);
    const built = fc.sample(
      fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join("")),
      3000,
    );
    const whole = Buffer.from(JSON.stringify({ a: [1.5e3, "\u00e4\n"], annotations: { x: "y", [CRI]: "pod-1" } }));
    const changes = fc.sample(fc.tuple(fc.nat(whole.length - 1), fc.nat(255), fc.nat(3)), 3000);
    const changed = changes.map(([at, byte, remove]) =>
      Buffer.concat([whole.subarray(0, at), Buffer.of(byte), whole.subarray(at + remove)]),
    );
    const texts = [...built.map((one) => Buffer.from(one)), ...changed];
    const found = await find(texts);
    expect(found.length).to.equal(texts.length);
    expect(found.some((id) => id !== "")).to.equal(true);
    for (const [index, id] of found.entries()) {
      if (id !== "") expect(groupOfText(String(texts[index])), String(texts[index])).to.equal(id);
    }
  });
});

function groupOfText(config: string): string | undefined {
  const group = groupOf(JSON.parse(config) as object & { readonly ociVersion: string });
  return group !== undefined && NAME.test(group) ? group : undefined;
}
