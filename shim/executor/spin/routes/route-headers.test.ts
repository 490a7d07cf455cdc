import { expect } from "chai";
import { describe, it } from "mocha";
import { isRouteHeader, routeHeaders } from "./route-headers.ts";
import { matchWhole, Router } from "./router.ts";

const REQUEST = { authority: "h:80", pathWithQuery: "/base/7/x/y?q=1", clientAddress: "1.2.3.4:5" };

describe("routeHeaders()", () => {
  it("tells all about a match", () => {
    const match = new Router([{ route: "/base/:the_id/...", owner: "x", target: 1 }]).match("/base/7/x/y");
    expect(match === undefined ? [] : routeHeaders(match, REQUEST)).to.deep.equal(
      [
        ["spin-path-info", "/x/y"],
        ["spin-full-url", "http://h:80/base/7/x/y?q=1"],
        ["spin-matched-route", "/base/:the_id/..."],
        ["spin-base-path", "/"],
        ["spin-raw-component-route", "/base/:the_id/..."],
        ["spin-component-route", "/base/:the_id"],
        ["spin-client-addr", "1.2.3.4:5"],
        ["spin-path-match-the-id", "7"],
      ].flat(),
    );
  });

  for (const [route, path, matched, component] of [
    ["/", "/", "", "/"],
    ["/foo/", "/foo", "/foo", "/foo/"],
    ["foo", "/foo", "/foo", "foo"],
    ["/...", "/a", "/...", ""],
    ["/a/*", "/a/b", "/a/*", "/a/*"],
  ] as const) {
    it(`writes the route ${route} as Spin does`, () => {
      const match = new Router([{ route, owner: "x", target: 1 }]).match(path);
      const headers = match === undefined ? [] : routeHeaders(match, REQUEST);
      expect(headers[headers.indexOf("spin-matched-route") + 1]).to.equal(matched);
      expect(headers[headers.indexOf("spin-raw-component-route") + 1]).to.equal(route);
      expect(headers[headers.indexOf("spin-component-route") + 1]).to.equal(component);
    });
  }

  it("has no names for requests between components", () => {
    expect(routeHeaders(matchWhole(1, "/a"), REQUEST).filter((text) => text.startsWith("spin-"))).to.have.lengthOf(7);
  });
});

describe("isRouteHeader()", () => {
  for (const [name, expected] of [
    ["spin-path-info", true],
    ["spin-other", true],
    ["x-spin-path-info", false],
  ] as const) {
    it(`says ${String(expected)} to ${name}`, () => {
      expect(isRouteHeader(name)).to.equal(expected);
    });
  }
});
