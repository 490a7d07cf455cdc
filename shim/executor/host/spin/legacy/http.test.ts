import { expect } from "chai";
import { describe, it } from "mocha";
import type { OutgoingCall, OutgoingTarget } from "../../http/outgoing-service.ts";
import { refuseCall } from "../../http/refuse-call.ts";
import type { HostServices } from "../../services.ts";
import { HostState } from "../../state.ts";
import { legacyHttp } from "./http.ts";

const OWN = { scheme: "http", host: "self.alt", port: 80 };

describe("legacyHttp", () => {
  const cases: readonly (readonly [uri: string, target: OutgoingTarget | undefined])[] = [
    ["http://a.example:81/b?c=d", { scheme: "http", host: "a.example", port: 81, pathWithQuery: "/b?c=d" }],
    ["https://a.example", { scheme: "https", host: "a.example", port: 443, pathWithQuery: "/" }],
    ["/b/c?d=e", { ...OWN, scheme: "http", pathWithQuery: "/b/c?d=e" }],
    ["/", { ...OWN, scheme: "http", pathWithQuery: "/" }],
    ["//a.example/b", { scheme: "http", host: "a.example", port: 80, pathWithQuery: "/b" }],
    ["b/c", undefined],
    ["ftp://a.example/", undefined],
  ];
  for (const [uri, target] of cases) {
    it(`sends "${uri}" ${target === undefined ? "nowhere" : `to ${target.host}`}`, async () => {
      const targets: OutgoingTarget[] = [];
      const answer = await send(uri, targets);
      expect(targets).to.deep.equal(target === undefined ? [] : [target]);
      expect(answer).to.deep.equal({ tag: "err", val: target === undefined ? "invalid-url" : "request-error" });
    });
  }
});

async function send(uri: string, targets: OutgoingTarget[]): Promise<unknown> {
  const outgoing = {
    selfHost: OWN.host,
    isAllowed: () => true,
    send(call: OutgoingCall) {
      targets.push(call.target);
      refuseCall(call, { tag: "connection-refused" });
    },
  };
  const services = { outgoing, maxFieldBytes: 1000, maxOpenObjects: 100 } as unknown as HostServices;
  const state = new HostState(services, { deadlineMs: performance.now() + 10_000, computeMs: 10_000 });
  try {
    const request = { method: "get", uri, headers: [], body: undefined };
    return await legacyHttp.functions["send-request"]?.call(state, request);
  } finally {
    state.dispose();
  }
}
