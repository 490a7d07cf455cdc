import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, openSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { Reaper } from "../linux/reaper.ts";
import { PreparedComponents, type ComponentPlace } from "./prepared-components.ts";
import { hasFailed, markFailed } from "./prepared-files.ts";

describe("PreparedComponents", () => {
  let base: string;
  let image: string;
  let prepared: PreparedComponents;
  let problems: unknown[];
  beforeEach(() => {
    base = mkdtempSync(join(tmpdir(), "prepared-"));
    image = join(base, "app.wasm");
    problems = [];
    mkdirSync(join(base, "kept"));
    writeFileSync(join(base, "program"), "a program");
    writeFileSync(image, randomBytes(40_000));
    function note(message: string, fields?: object): void {
      problems.push([message, fields]);
    }
    prepared = new PreparedComponents({
      folder: join(base, "kept"),
      runFolder: join(base, "run"),
      maxBytes: 1000,
      files: [{ source: join(base, "program"), destination: "/program", kind: "file" }],
      command: ["/program"],
      reaper: new Reaper(),
      log: { debug: note, info: note, warn: note, error: note },
    });
  });
  afterEach(async () => {
    await prepared.stop();
    rmSync(base, { recursive: true });
  });

  function ofImage(file = image): ComponentPlace {
    return { kind: "image", open: () => openSync(file, "r") };
  }

  it("has an order for what is not there, and what is there without one", async () => {
    const { order, ...rest } = await prepared.look(ofImage(), []);
    expect(rest).to.deep.equal({});
    expect(order?.digest).to.match(/^sha256:[0-9a-f]{64}$/);
    const path = order?.path ?? "";
    expect(path).to.match(/\/kept\/sha256-[0-9a-f]{64}-[0-9a-f]{16}$/);
    writeFileSync(path, "prepared");
    utimesSync(path, 1, 1);
    const found = { prepared: { digest: order?.digest, file: path } };
    expect(await prepared.look(ofImage(), ["A=1"])).to.deep.equal(found);
    expect(Date.now() - statSync(path).mtimeMs, "it is used now").to.be.lessThan(60_000);
  });

  it("does not compute the digest of a layer again", async () => {
    const layer = join(base, "layer");
    const digest = `sha256:${"a".repeat(64)}`;
    writeFileSync(layer, Buffer.alloc(40_000));
    const { order } = await prepared.look({ kind: "layer", file: layer, digest }, []);
    expect(order?.digest).to.equal(digest);
  });

  it("keeps different programs and limits of memory apart", async () => {
    const first = await prepared.look(ofImage(), []);
    const limited = await prepared.look(ofImage(), ["SPIN_MAX_INSTANCE_MEMORY=1", "SPIN_MAX_INSTANCE_MEMORY=131072"]);
    expect(limited.order?.path).to.equal(`${first.order?.path ?? ""}-2`);
    expect(limited.order?.maxMemoryPages).to.equal(2);
    writeFileSync(join(base, "program"), "a new program");
    const renewed = await prepared.look(ofImage(), []);
    expect(renewed.order?.path).to.not.equal(first.order?.path);
    expect(renewed.order?.digest).to.equal(first.order?.digest);
  });

  it("prepares what is large before its container is made, and nothing else", async () => {
    const first = {
      runc: { binary: "/bin/false", systemdCgroup: false },
      call: new AbortController().signal,
      untilMs: performance.now() + 30_000,
    };
    expect(await prepared.lookFirst(ofImage(), [], first)).to.have.property("order");
    expect(problems).to.deep.equal([]);
    writeFileSync(image, Buffer.alloc(5_000_000));
    const { order } = await prepared.look(ofImage(), []);
    expect(await prepared.lookFirst(ofImage(), [], first)).to.deep.equal({});
    expect(hasFailed(order?.path ?? "")).to.equal(true);
    expect(JSON.stringify(problems)).to.include("cannot be prepared once for all");
  });

  it("lets a container wait no longer than its call", async () => {
    writeFileSync(image, Buffer.alloc(5_000_000));
    const first = {
      runc: { binary: "/bin/false", systemdCgroup: false },
      call: AbortSignal.abort(),
      untilMs: performance.now() + 30_000,
    };
    expect(await prepared.lookFirst(ofImage(), [], first)).to.have.property("order");
    writeFileSync(image, randomBytes(5_000_000));
    const late = { ...first, call: new AbortController().signal, untilMs: performance.now() - 1 };
    expect(await prepared.lookFirst(ofImage(), [], late)).to.have.property("order");
  });

  it("leaves alone what is empty, gone, or has a limit that makes no sense", async () => {
    writeFileSync(join(base, "empty.wasm"), "");
    expect(await prepared.look(ofImage(join(base, "empty.wasm")), [])).to.deep.equal({});
    expect(await prepared.look({ kind: "image", open: () => undefined }, [])).to.deep.equal({});
    expect(await prepared.look(ofImage(), ["SPIN_MAX_INSTANCE_MEMORY=much"])).to.deep.equal({});
    expect(problems).to.deep.equal([]);
    const gone = { kind: "layer", file: join(base, "none"), digest: `sha256:${"a".repeat(64)}` } as const;
    expect(await prepared.look(gone, [])).to.deep.equal({});
    expect(problems).to.have.length(1);
  });

  it("does not try again for an hour what has failed", async () => {
    const { order } = await prepared.look(ofImage(), []);
    const path = order?.path ?? "";
    markFailed(path);
    expect(await prepared.look(ofImage(), [])).to.deep.equal({});
    const hourAgo = Date.now() / 1000 - 3601;
    utimesSync(`${path}.failed`, hourAgo, hourAgo);
    expect(await prepared.look(ofImage(), [])).to.have.property("order");
    expect(hasFailed(path)).to.equal(false);
  });

  it("prepares for later containers after a while, unless others have", async () => {
    const runc = { binary: "/bin/false", systemdCgroup: false };
    const { order } = await prepared.look(ofImage(), []);
    const another = join(base, "another.wasm");
    writeFileSync(another, randomBytes(100));
    const { order: other } = await prepared.look(ofImage(another), []);
    if (order === undefined || other === undefined) throw new Error("There is no order");
    prepared.prepareLater(order, runc);
    prepared.prepareLater(other, runc);
    expect(problems).to.deep.equal([]);
    writeFileSync(other.path, "prepared by others");
    while (!hasFailed(order.path)) await delay(20);
    await delay(50);
    expect(problems).to.have.length(1);
    expect(hasFailed(other.path)).to.equal(false);
  });

  it("does nothing for later containers once it is stopped", async () => {
    const { order } = await prepared.look(ofImage(), []);
    await prepared.stop();
    if (order !== undefined) await prepared.prepare(order, { binary: "/bin/false", systemdCgroup: false });
    await prepared.stop();
    expect(problems).to.deep.equal([]);
    expect(hasFailed(order?.path ?? "")).to.equal(false);
  });
});
