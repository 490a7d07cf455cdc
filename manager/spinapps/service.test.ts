import { SPIN_OLDER_GROUP } from "@rcm/crds";
import { expect } from "chai";
import { describe, it } from "mocha";
import { APP_ID, spinApp } from "./build-examples.ts";
import { addressOf, serviceFor } from "./service.ts";

describe("serviceFor()", () => {
  it("selects pods by their status alone", () => {
    const { metadata, spec } = serviceFor(APP_ID, spinApp());
    expect(metadata).to.deep.include({ name: "app", namespace: "ns", labels: { "core.spinkube.dev/app-name": "app" } });
    expect(metadata).not.to.have.property("annotations");
    expect(spec).to.deep.equal({
      type: "ClusterIP",
      selector: { "core.spinkube.dev/app.app.status": "ready" },
      ports: [{ protocol: "TCP", port: 80, targetPort: "http-app" }],
    });
  });

  it("has the type, port and annotations that it is told to, and the labels of its group", () => {
    const app = spinApp({ serviceType: "LoadBalancer", servicePort: 8080, serviceAnnotations: { a: "1" } });
    const { metadata, spec } = serviceFor({ ...APP_ID, group: SPIN_OLDER_GROUP }, app);
    expect(metadata).to.deep.include({
      annotations: { a: "1" },
      labels: { "core.spinoperator.dev/app-name": "app" },
    });
    expect(spec).to.deep.equal({
      type: "LoadBalancer",
      selector: { "core.spinoperator.dev/app.app.status": "ready" },
      ports: [{ protocol: "TCP", port: 8080, targetPort: "http-app" }],
    });
  });
});

describe("addressOf()", () => {
  const cases: readonly [port: number | undefined, outside: string | undefined, address: string][] = [
    [undefined, undefined, "http://app.ns.svc"],
    [80, undefined, "http://app.ns.svc"],
    [8080, undefined, "http://app.ns.svc:8080"],
    [80, "192.0.2.1", "http://192.0.2.1"],
    [8080, "2001:db8::1", "http://[2001:db8::1]:8080"],
    [80, "app.example.org", "http://app.example.org"],
  ];
  for (const [servicePort, outside, address] of cases) {
    it(address, () => {
      const app = spinApp(servicePort === undefined ? {} : { servicePort });
      expect(addressOf(APP_ID, app, outside)).to.equal(address);
    });
  }
});
