import { expect } from "chai";
import { describe, it } from "mocha";
import type { PodObject } from "./kinds.ts";
import { containerOf, isPodReady, podsOfApp, portOf } from "./pods.ts";

const SIDECAR = { name: "proxy", ports: [{ name: "proxy", containerPort: 9000 }] };
const APP = { name: "hello", ports: [{ name: "http-app", containerPort: 8080 }] };

describe("pods of an application", () => {
  it("are selected by its name", () => expect(podsOfApp("hello")).to.equal("core.spinkube.dev/app-name=hello"));

  const containers: readonly [says: string, pod: PodObject, name: string | undefined, port: number][] = [
    ["with its name", { spec: { containers: [SIDECAR, APP] } }, "hello", 8080],
    ["that is the first", { spec: { containers: [SIDECAR, { name: "other" }] } }, "proxy", 80],
    ["that is none", {}, undefined, 80],
  ];
  for (const [says, pod, name, port] of containers) {
    it(`have the container ${says}, and a port`, () => {
      expect([containerOf(pod, "hello"), portOf(pod)]).to.deep.equal([name, port]);
    });
  }

  it("are ready when their condition says so", () => {
    const going = { ...withReady("True"), metadata: { deletionTimestamp: "2026-11-26T00:00:00Z" } };
    const pods = [{}, withReady("False"), withReady("True"), going];
    expect(pods.map((pod) => isPodReady(pod))).to.deep.equal([false, false, true, false]);
  });
});

function withReady(status: string): PodObject {
  return {
    status: {
      conditions: [
        { type: "PodScheduled", status: "True" },
        { type: "Ready", status },
      ],
    },
  };
}
