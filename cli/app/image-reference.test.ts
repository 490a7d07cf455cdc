import { expect } from "chai";
import { describe, it } from "mocha";
import { nameInReference } from "./image-reference.ts";

const DIGEST = `sha256:${"cc4b".repeat(16)}`;

describe("nameInReference()", () => {
  const cases: readonly [reference: string, name: string | undefined][] = [
    ["bacongobbler/hello-rust", "hello-rust"],
    ["bacongobbler/hello-rust:v1.0.0", "hello-rust"],
    ["ghcr.io/bacongobbler/hello-rust", "hello-rust"],
    ["ghcr.io/bacongobbler/hello-rust:v1.0.0", "hello-rust"],
    ["ghcr.io/spinkube/spinkube/runtime-class-manager:v1", "runtime-class-manager"],
    ["nginx", "nginx"],
    ["nginx:latest", "nginx"],
    [`ttl.sh/hello-spinkube@${DIGEST}`, "hello-spinkube"],
    [`ttl.sh/hello:v1@${DIGEST}`, "hello"],
    ["localhost:5000/a/b__c", "b__c"],
    ["[::1]:5000/a", "a"],
    ["https://ghcr.io/a/b", "b"],
    ["http://a", "a"],
    ["Host/a", "a"],
    ["my_app", "my_app"],
    [`a${"b".repeat(254)}`, `a${"b".repeat(254)}`],
    ["", undefined],
    ["Nginx", undefined],
    ["a/B", undefined],
    ["a b", undefined],
    ["a\n", undefined],
    ["a//b", undefined],
    ["a/", undefined],
    ["/a", undefined],
    ["-a", undefined],
    ["a..b", undefined],
    ["a___b", undefined],
    ["a:", undefined],
    [`a:${"t".repeat(129)}`, undefined],
    ["a:-t", undefined],
    ["a@sha256:cc4b", undefined],
    ["a@sha256", undefined],
    ["ftp://a", undefined],
    ["ab".repeat(32), undefined],
    ["a".repeat(256), undefined],
    [`a:${"t".repeat(3000)}`, undefined],
  ];
  for (const [reference, name] of cases) {
    it(`finds ${name ?? "none"} in "${reference.slice(0, 80)}"`, () => {
      expect(nameInReference(reference)).to.equal(name);
    });
  }
});
