import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import type { WitValue } from "../component/host-interface.ts";
import type { Descriptor } from "../host/filesystem/descriptor.ts";
import { filesystemInterfaces } from "../host/filesystem/index.ts";
import type { HostServices } from "../host/services.ts";
import { HostState } from "../host/state.ts";
import type { CommandIo } from "./command-io.ts";
import { createServices, createStdio } from "./host-services.ts";

const [preopens, types] = filesystemInterfaces;
const NO_FLAGS = {};
const READ_WRITE = { read: true, write: true };

interface Answer {
  readonly tag: "ok" | "err";
  readonly val: unknown;
}

function createIo(): CommandIo {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
  return { stdin, stdout, stderr } as unknown as CommandIo;
}

function isAnswer(value: unknown): value is Answer {
  return typeof value === "object" && value !== null && "tag" in value;
}

function firstFolder(state: HostState): Descriptor {
  const found = preopens.functions["get-directories"]?.call(state);
  const [folder] = Array.isArray(found) ? (found as [Descriptor, string][]) : [];
  if (folder === undefined) throw new Error("There is no folder");
  return folder[0];
}

describe("createServices(), with a folder", () => {
  let outside: string;
  let folder: string;
  let services: HostServices & Disposable;
  let state: HostState;
  let root: Descriptor;

  beforeEach(() => {
    outside = mkdtempSync(join(tmpdir(), "host-services-"));
    folder = join(outside, "given");
    mkdirSync(join(folder, "sub"), { recursive: true });
    mkdirSync(join(folder, "empty"));
    mkdirSync(join(outside, "secret"));
    for (const name of ["file", "other"]) writeFileSync(join(folder, name), "");
    symlinkSync("file", join(folder, "link"));
    symlinkSync("sub", join(folder, "sublink"));
    symlinkSync("../secret", join(folder, "out"));
    services = createServices({
      environment: [],
      arguments: [],
      folders: [{ hostPath: folder, guestPath: "/", access: "read-write" }],
      stdio: createStdio(createIo()),
      network: { isAllowed: () => false, mayResolve: false },
      outgoing: {} as HostServices["outgoing"],
    });
    state = new HostState(services, { deadlineMs: Number.POSITIVE_INFINITY, computeMs: 60_000 });
    root = firstFolder(state);
  });
  afterEach(() => {
    services[Symbol.dispose]();
    rmSync(outside, { recursive: true });
  });

  function call(name: string, self: Descriptor, ...args: readonly WitValue[]): unknown {
    const answer = types.functions[`[method]descriptor.${name}`]?.call(state, self, ...args);
    if (!isAnswer(answer)) throw new Error(`There is no ${name}`);
    return answer.tag === "ok" ? (answer.val ?? "ok") : answer.val;
  }

  function open(path: string, flags: object = READ_WRITE): Descriptor {
    return call("open-at", root, NO_FLAGS, path, NO_FLAGS, flags) as Descriptor;
  }

  for (const [what, answer, ask] of [
    ["unlink file/", "not-directory", () => call("unlink-file-at", root, "file/")],
    ["unlink link/", "not-directory", () => call("unlink-file-at", root, "link/")],
    ["unlink sub//", "is-directory", () => call("unlink-file-at", root, "sub//")],
    ["rmdir empty/", "ok", () => call("remove-directory-at", root, "empty/")],
    ["rmdir sublink/", "not-directory", () => call("remove-directory-at", root, "sublink/")],
    ["mkdir new/", "ok", () => call("create-directory-at", root, "new/")],
    ["rename file/ b", "not-directory", () => call("rename-at", root, "file/", root, "b")],
    ["rename file c/", "not-directory", () => call("rename-at", root, "file", root, "c/")],
    ["rename file other/", "not-directory", () => call("rename-at", root, "file", root, "other/")],
    ["rename sub/ x/", "ok", () => call("rename-at", root, "sub/", root, "x/")],
    ["rename sublink/ x", "not-directory", () => call("rename-at", root, "sublink/", root, "x")],
    ["link file/ b", "not-directory", () => call("link-at", root, NO_FLAGS, "file/", root, "b")],
    ["link link/ b", "not-directory", () => call("link-at", root, NO_FLAGS, "link/", root, "b")],
    ["link sublink/ b", "not-permitted", () => call("link-at", root, NO_FLAGS, "sublink/", root, "b")],
    ["link out/ b", "not-permitted", () => call("link-at", root, NO_FLAGS, "out/", root, "b")],
    ["link file b/", "no-entry", () => call("link-at", root, NO_FLAGS, "file", root, "b/")],
    ["symlink file l/", "no-entry", () => call("symlink-at", root, "file", "l/")],
    ["symlink file sub/", "exist", () => call("symlink-at", root, "file", "sub/")],
    ["readlink link/", "not-directory", () => call("readlink-at", root, "link/")],
    ["readlink sublink/", "invalid", () => call("readlink-at", root, "sublink/")],
    ["readlink out/", "not-permitted", () => call("readlink-at", root, "out/")],
    ["readlink gone/", "no-entry", () => call("readlink-at", root, "gone/")],
    ["open file/", "not-directory", () => open("file/")],
  ] as const) {
    it(`answers ${what} as Linux does: ${answer}`, () => {
      const before = readdirSync(folder);
      expect(ask()).to.equal(answer);
      if (answer !== "ok") expect(readdirSync(folder)).to.deep.equal(before);
    });
  }

  it("sets times to the nanosecond, and keeps those that are not to change", () => {
    const timestamp = { tag: "timestamp", val: { seconds: 1_700_000_000n, nanoseconds: 123_456_789 } };
    const path = join(folder, "file");
    const file = open("file");
    expect(call("set-times", file, timestamp, timestamp)).to.equal("ok");
    expect(call("set-times", file, { tag: "now" }, { tag: "no-change" })).to.equal("ok");
    expect(call("set-times-at", root, NO_FLAGS, "file", { tag: "now" }, { tag: "no-change" })).to.equal("ok");
    expect(statSync(path, { bigint: true }).mtimeNs).to.equal(1_700_000_000_123_456_789n);
    expect(statSync(path).atimeMs).to.be.greaterThan(Date.now() - 60_000);
    expect(call("set-times-at", root, NO_FLAGS, "link", { tag: "no-change" }, timestamp)).to.equal("ok");
    expect(lstatSync(join(folder, "link"), { bigint: true }).mtimeNs).to.equal(1_700_000_000_123_456_789n);
    file.file.release();
  });

  it("refuses times that the kernel does not have, also those that mean something else to it", () => {
    const file = open("file");
    const before = statSync(join(folder, "file"), { bigint: true }).mtimeNs;
    for (const [seconds, nanoseconds, code] of [
      [0n, 1_000_000_000, "invalid"],
      [0n, (1 << 30) - 1, "invalid"],
      [1n << 63n, 0, "overflow"],
    ] as const) {
      const timestamp = { tag: "timestamp", val: { seconds, nanoseconds } };
      expect(call("set-times", file, timestamp, timestamp)).to.equal(code);
    }
    expect(statSync(join(folder, "file"), { bigint: true }).mtimeNs).to.equal(before);
    file.file.release();
  });

  it("does not show a link whose target is no text", () => {
    symlinkSync(Buffer.from("bad\xff", "latin1"), join(folder, "badlink"));
    expect(call("readlink-at", root, "badlink")).to.equal("illegal-byte-sequence");
    expect(call("readlink-at", root, "link")).to.equal("file");
  });

  for (const [flag, bits] of [
    ["fileIntegritySync", 0o4_010_000],
    ["dataIntegritySync", 0o10_000],
  ] as const) {
    it(`appends with ${flag} to a file that was opened with it`, () => {
      const file = open("file", { ...READ_WRITE, [flag]: true });
      const stream = call("append-via-stream", file) as { close: () => void };
      const all = flagsOfOpen(join(folder, "file"));
      expect(all.map((flags) => flags & 0o4_010_000)).to.deep.equal([bits, bits]);
      stream.close();
      file.file.release();
    });
  }
});

/** How the kernel has each descriptor of a file. */
function flagsOfOpen(path: string): number[] {
  return readdirSync("/proc/self/fd")
    .filter((fd) => linkOf(fd) === path)
    .map((fd) => {
      const [, octal = ""] = /^flags:\s+(\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, "utf8")) ?? [];
      return Number.parseInt(octal, 8);
    });
}

function linkOf(fd: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    return ""; // That of the listing itself.
  }
}
