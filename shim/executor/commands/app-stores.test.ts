import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { PodLog } from "../server/pod-log.ts";
import type { LockedComponent } from "../spin/app/locked-app.ts";
import { parseRuntimeConfig } from "../spin/runtime-config/parse-runtime-config.ts";
import { createAppStores, hasRemoteStores } from "./app-stores.ts";

function component(keyValueStores: readonly string[], sqliteDatabases: readonly string[] = []): LockedComponent {
  return {
    id: "c",
    description: undefined,
    source: { kind: "inline", bytes: new Uint8Array(0) },
    environment: {},
    files: [],
    variables: {},
    allowedOutboundHosts: [],
    keyValueStores,
    sqliteDatabases,
    aiModels: [],
  };
}

describe("createAppStores()", () => {
  let root: string;
  let lines: string[];
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "stores-"));
    lines = [];
  });
  afterEach(() => {
    rmSync(root, { recursive: true });
  });

  async function create(toml: string, used: LockedComponent): Promise<ReturnType<typeof createAppStores>> {
    const config = await parseRuntimeConfig(toml);
    const log = new PodLog((line) => lines.push(line));
    return createAppStores({ components: [used], config, root, stateDir: join(root, ".spin"), log });
  }

  it("keeps files of the configuration in the pod's root, and the defaults in the folder for state", async () => {
    mkdirSync(join(root, "data"));
    const toml = '[key_value_store.mine]\ntype = "spin"\npath = "/data/mine.db"\n';
    using stores = await create(toml, component(["mine", "default"], ["default"]));
    const signal = AbortSignal.timeout(30_000);
    for (const label of ["mine", "default"]) {
      const store = stores.keyValueStores.get(label);
      await store?.set("a", Buffer.from(label), signal);
      expect(Buffer.from((await store?.get("a", signal)) ?? []).toString()).to.equal(label);
    }
    expect(stores.databases.get("default")).not.to.equal(undefined);
  });

  const bad: readonly (readonly [why: string, toml: string, used: LockedComponent, message: RegExp])[] = [
    [
      "a store that nobody has configured",
      "",
      component(["mine"]),
      /component "c": it uses "mine".*\[key_value_store.mine\]/,
    ],
    ["a database that nobody has configured", "", component([], ["mine"]), /\[sqlite_database.mine\]/],
    [
      "a kind of store that is not there",
      '[key_value_store.far]\ntype = "azure_cosmos"\naccount = "a"\ndatabase = "b"\ncontainer = "c"\n',
      component(["far"]),
      /"azure_cosmos": use spin or redis/,
    ],
  ];
  for (const [why, toml, used, message] of bad) {
    it(`refuses ${why}`, async () => {
      const error: unknown = await create(toml, used).catch((reason: unknown) => reason);
      expect(error).to.have.property("message").that.matches(message);
    });
  }

  it("does not mind what is configured and not used, and makes no folder then", async () => {
    const toml = '[key_value_store.far]\ntype = "azure_cosmos"\naccount = "a"\ndatabase = "b"\ncontainer = "c"\n';
    using stores = await create(toml, component([]));
    expect(stores.keyValueStores.has("far")).to.equal(false);
    expect(lines).to.deep.equal([]);
  });
});

describe("hasRemoteStores()", () => {
  it("says whether certificates may be needed", async () => {
    const near = await parseRuntimeConfig('[key_value_store.a]\ntype = "spin"\n');
    const far = await parseRuntimeConfig('[key_value_store.a]\ntype = "redis"\nurl = "rediss://a"\n');
    expect(hasRemoteStores(near)).to.equal(false);
    expect(hasRemoteStores(far)).to.equal(true);
  });
});
