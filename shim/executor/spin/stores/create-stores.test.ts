import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { type KeyValueSettings, type Stores, type StoresSettings, createStores } from "./create-stores.ts";

const { signal } = new AbortController();
const NOTHING: StoresSettings = { keyValueStores: new Map(), databases: new Map() };

async function put(stores: Stores, label: string, key: string): Promise<void> {
  await stores.keyValueStores.get(label)?.set(key, new Uint8Array(1), signal);
}

async function keysOf(stores: Stores, label: string): Promise<readonly string[] | undefined> {
  return stores.keyValueStores.get(label)?.keys(signal);
}

describe("createStores()", () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "rcm-stores-"));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  it("has the stores `default` in the state folder, which is made when they are used", async () => {
    const state = join(folder, "state");
    using stores = createStores(NOTHING, state);
    expect([...stores.keyValueStores.keys(), ...stores.databases.keys()]).to.deep.equal(["default", "default"]);
    expect(existsSync(state)).to.equal(false);
    await put(stores, "default", "k");
    expect(readdirSync(state)).to.include("sqlite_key_value.db");
    const connection = await stores.databases.get("default")?.connect(signal);
    await connection?.execute("CREATE TABLE t (a)", [], signal);
    expect(readdirSync(state)).to.include("sqlite_db.db");
    connection?.close();
  });

  it("has them in memory without a state folder", async () => {
    using stores = createStores(NOTHING, undefined);
    await put(stores, "default", "k");
    expect(await keysOf(stores, "default")).to.deep.equal(["k"]);
    using others = createStores(NOTHING, undefined);
    expect(await keysOf(others, "default")).to.deep.equal([]);
  });

  it("keeps stores apart by label, also in one file, and in memory each by itself", async () => {
    const path = join(folder, "kv.db");
    const file = { kind: "spin", path } as const;
    const memory = { kind: "spin", path: undefined } as const;
    const keyValueStores = new Map<string, KeyValueSettings>([
      ["default", file],
      ["one", file],
      ["two", memory],
      ["three", memory],
    ]);
    using stores = createStores({ ...NOTHING, keyValueStores }, join(folder, "state"));
    for (const label of keyValueStores.keys()) await put(stores, label, label);
    for (const label of keyValueStores.keys()) expect(await keysOf(stores, label)).to.deep.equal([label]);
    expect(existsSync(join(folder, "state"))).to.equal(false);
  });

  it("connects to nothing before it is used", async () => {
    using stores = createStores(
      {
        keyValueStores: new Map([["far", { kind: "redis", url: "no address" }]]),
        databases: new Map([["far", { kind: "libsql", url: "http://127.0.0.1:9", token: "" }]]),
      },
      folder,
    );
    const error = await keysOf(stores, "far").catch((reason: unknown) => reason);
    expect(error).to.have.property("code", "INVALID_ADDRESS");
    const connection = await stores.databases.get("far")?.connect(signal);
    connection?.close();
    expect(readdirSync(folder)).to.deep.equal([]);
  });
});
