import { expect } from "chai";
import { describe, it } from "mocha";
import { apiVersionOf, collectionPath, objectPath, queryString } from "./kube-path.ts";

const NODES = { group: "", version: "v1", plural: "nodes", kind: "Node", namespaced: false };
const JOBS = { group: "batch", version: "v1", plural: "jobs", kind: "Job", namespaced: true };

describe("objectPath()", () => {
  it("knows core and other groups, namespaces and subresources", () => {
    expect(objectPath(NODES, { name: "a" })).to.equal("/api/v1/nodes/a");
    expect(objectPath(JOBS, { name: "j", namespace: "n" }, "status")).to.equal(
      "/apis/batch/v1/namespaces/n/jobs/j/status",
    );
  });

  it("lets no name leave its place in the path", () => {
    expect(objectPath(NODES, { name: "../pods?x=1" })).to.equal("/api/v1/nodes/..%2Fpods%3Fx%3D1");
  });

  it("refuses what would address something else", () => {
    expect(() => objectPath(NODES, { name: "" })).to.throw("Cannot address nodes: the name is empty");
    expect(() => objectPath(JOBS, { name: "j" })).to.throw("the namespace is missing");
    expect(() => objectPath(NODES, { name: "a", namespace: "n" })).to.throw("it has no namespaces");
  });
});

describe("collectionPath()", () => {
  it("covers one namespace or all", () => {
    expect(collectionPath(JOBS, "n")).to.equal("/apis/batch/v1/namespaces/n/jobs");
    expect(collectionPath(JOBS, undefined)).to.equal("/apis/batch/v1/jobs");
  });
});

describe("queryString()", () => {
  it("leaves out what is absent and escapes the rest", () => {
    expect(queryString({ a: undefined, b: "" })).to.equal("");
    expect(queryString({ labelSelector: "a=b,c!=d", limit: 5, watch: true })).to.equal(
      "?labelSelector=a%3Db%2Cc%21%3Dd&limit=5&watch=true",
    );
  });
});

describe("apiVersionOf()", () => {
  it("is the version alone in the core group", () => {
    expect([apiVersionOf(NODES), apiVersionOf(JOBS)]).to.deep.equal(["v1", "batch/v1"]);
  });
});
