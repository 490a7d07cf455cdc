import { KubeError } from "@rcm/lib/kube";
import { expect } from "chai";
import { describe, it } from "mocha";
import { executor, spinApp } from "./build-examples.ts";
import { prepare } from "./prepare.ts";
import { referencesOf } from "./references.ts";
import type { ExecutorObject, SpinAppObject } from "./spinapp-object.ts";

type Stored = Readonly<Record<string, object>>;

const CERTIFIED = executor({ runtimeClassName: "c", caCertSecret: "ca" });
const SIDECAR = { name: "side", envFrom: [{ secretRef: { name: "s" } }] };
const FILE = {
  volumes: [{ name: "v", configMap: { name: "m" } }],
  volumeMounts: [{ name: "v", mountPath: "/f", subPath: "f" }],
};

describe("prepare()", () => {
  const cases: readonly (readonly [
    says: string,
    app: SpinAppObject,
    by: ExecutorObject,
    before: Stored,
    after: Stored,
    restarts: boolean,
  ])[] = [
    [
      "certificates of one's own change",
      spinApp(),
      CERTIFIED,
      secret("ca", { "ca-certificates.crt": "YQ==" }),
      secret("ca", { "ca-certificates.crt": "Yg==" }),
      true,
    ],
    [
      "a sidecar's whole environment gets more",
      spinApp({ sidecars: [SIDECAR] }),
      executor(),
      secret("s", { a: "YQ==" }),
      secret("s", { a: "YQ==", b: "YQ==" }),
      true,
    ],
    ["it comes", spinApp({ sidecars: [SIDECAR] }), executor(), {}, secret("s", { a: "YQ==" }), true],
    [
      "its keys are in another order",
      spinApp({ sidecars: [SIDECAR] }),
      executor(),
      secret("s", { a: "YQ==", b: "" }),
      secret("s", { b: "", a: "YQ==" }),
      false,
    ],
    [
      "bytes change that are no text",
      spinApp({ sidecars: [SIDECAR] }),
      executor(),
      secret("s", { a: "gA==" }),
      secret("s", { a: "gQ==" }),
      true,
    ],
    [
      "a mounted file changes",
      spinApp(FILE),
      executor(),
      { "configmaps/m": { binaryData: { f: "YQ==" } } },
      { "configmaps/m": { binaryData: { f: "Yg==" } } },
      true,
    ],
    [
      "another file changes",
      spinApp(FILE),
      executor(),
      { "configmaps/m": { data: { g: "1" } } },
      { "configmaps/m": { data: { g: "2" } } },
      false,
    ],
  ];
  for (const [says, app, by, before, after, restarts] of cases) {
    it(`${restarts ? "replaces" : "keeps"} the pods when ${says}`, async () => {
      const [first, second] = [await keyOf(app, by, before), await keyOf(app, by, after)];
      expect(first).to.be.a("string");
      expect(first !== second).to.equal(restarts);
    });
  }
});

function secret(name: string, data: Readonly<Record<string, string>>): Stored {
  return { [`secrets/${name}`]: { data } };
}

async function keyOf(app: SpinAppObject, by: ExecutorObject, stored: Stored): Promise<unknown> {
  const kube = {
    get: async ({ plural }: { plural: string }, { name }: { name: string }) => {
      const object = stored[`${plural}/${name}`];
      if (object === undefined) throw new KubeError("NotFound", "not found");
      return Promise.resolve({ metadata: { resourceVersion: "1" }, ...object });
    },
  };
  const { result } = await prepare(
    kube as unknown as Parameters<typeof prepare>[0],
    { app, executor: by, references: referencesOf(app, by) },
    new AbortController().signal,
  );
  return "restartKey" in result ? result.restartKey : result;
}
