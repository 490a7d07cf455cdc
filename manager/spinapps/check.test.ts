import { expect } from "chai";
import { describe, it } from "mocha";
import { executor, externalExecutor, spinApp } from "./build-examples.ts";
import { checkSpinApp } from "./check.ts";
import type { ExecutorObject, SpinAppObject } from "./spinapp-object.ts";

function named(name: string): SpinAppObject {
  return { ...spinApp(), metadata: { ...spinApp().metadata, name } };
}

const STORES = [
  { name: "a", type: "spin" },
  { name: "b", type: "spin" },
  { name: "a", type: "redis" },
];
const NO_PATH: object = { readiness: { periodSeconds: 1 } };

describe("checkSpinApp()", () => {
  const cases: readonly [app: SpinAppObject, executor: ExecutorObject, reason: string, message: string][] = [
    [named("n".repeat(53)), executor(), "NameTooLong", "has 53 characters, and at most 52 fit"],
    [named("1st"), executor(), "NameInvalid", 'metadata.name "1st" cannot be the name of a Service'],
    [named("a.b"), executor(), "NameInvalid", 'metadata.name "a.b"'],
    [spinApp(), executor({}), "ExecutorInvalid", 'SpinAppExecutor "shim" has neither of'],
    [spinApp(), executor({ runtimeClassName: "a", spinImage: "b" }), "ExecutorInvalid", "has both of"],
    [
      spinApp({ deploymentAnnotations: { a: "1" } }),
      externalExecutor(),
      "AnnotationsNotUsed",
      `spec.deploymentAnnotations {"a":"1"} can't be set when the executor does not use operator deployments`,
    ],
    [
      spinApp({ podAnnotations: { a: "1" } }),
      externalExecutor(),
      "AnnotationsNotUsed",
      `spec.podAnnotations {"a":"1"} can't be set`,
    ],
    [
      spinApp({ runtimeConfig: { keyValueStores: STORES } }),
      executor(),
      "DuplicateStore",
      'spec.runtimeConfig.keyValueStores[2].name "a" is there before',
    ],
    [
      spinApp({ runtimeConfig: { sqliteDatabases: STORES } }),
      executor(),
      "DuplicateStore",
      "spec.runtimeConfig.sqliteDatabases[2].name",
    ],
    [
      spinApp({ variables: [{ name: "a" }, { name: "A" }] }),
      executor(),
      "DuplicateVariable",
      'spec.variables[1].name "A" is there before',
    ],
    [
      spinApp({ volumes: [{ name: "x" }, { name: "spin-ca" }] }),
      executor(),
      "VolumeNameTaken",
      'spec.volumes[1].name "spin-ca" is taken',
    ],
    [
      spinApp({ volumeMounts: [{ name: "x", mountPath: "/x" }] }),
      executor(),
      "VolumeNotFound",
      'spec.volumeMounts[0].name "x" is none of spec.volumes',
    ],
    [spinApp({ checks: NO_PATH }), executor(), "ProbeInvalid", "spec.checks.readiness.httpGet is missing"],
  ];
  for (const [app, by, reason, message] of cases) {
    it(`says ${reason}: ${message}`, () => {
      const problem = checkSpinApp(app, by);
      expect(problem?.reason).to.equal(reason);
      expect(problem?.message).to.include(message);
    });
  }

  const good: readonly [says: string, app: SpinAppObject, executor: ExecutorObject][] = [
    ["the least", spinApp(), executor()],
    ["the longest name", named(`n${"-".repeat(50)}n`), executor()],
    ["the command line of Spin", spinApp(), executor({ spinImage: "i" })],
    ["annotations that are used", spinApp({ podAnnotations: { a: "1" } }), executor()],
    [
      "no annotations that are not used",
      spinApp({ podAnnotations: {}, serviceAnnotations: { a: "1" } }),
      externalExecutor(),
    ],
    [
      "a mount of a volume, stores, variables and probes",
      spinApp({
        volumes: [{ name: "x" }],
        volumeMounts: [{ name: "x", mountPath: "/x" }],
        runtimeConfig: { keyValueStores: STORES.slice(0, 2), sqliteDatabases: STORES.slice(0, 1) },
        variables: [{ name: "a" }, { name: "b" }],
        checks: { liveness: { httpGet: { path: "/" } } },
      }),
      executor(),
    ],
  ];
  for (const [says, app, by] of good) {
    it(`takes ${says}`, () => expect(checkSpinApp(app, by)).to.equal(undefined));
  }
});
