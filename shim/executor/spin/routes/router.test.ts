import { expect } from "chai";
import { describe, it } from "mocha";
import { matchWhole, Router } from "./router.ts";

describe("Router", () => {
  for (const [routes, path, expected] of [
    [["/foo", "/foo/bar"], "/foo", "/foo"],
    [["/foo", "/foo/bar"], "/foo/bar", "/foo/bar"],
    [["/foo", "/foo/bar"], "/foo/bar/", "/foo/bar"],
    [["/foo", "/foo/bar"], "/foo/baz", undefined],
    [["/foo/"], "/foo", "/foo/"],
    [["foo"], "/foo", "foo"],
    [["/"], "/", "/"],
    [["/"], "", "/"],
    [["/"], "/foo", undefined],
    [["/..."], "/", "/..."],
    [["/..."], "/a/b/c", "/..."],
    [["/*"], "/a/b/c", "/*"],
    [["*"], "/a", "*"],
    [["/foo/..."], "/foo", "/foo/..."],
    [["/foo/..."], "/foo/", "/foo/..."],
    [["/foo/..."], "/food", undefined],
    [["/..."], "/%2e%2e/x", "/..."],
    [["/:name"], "/a", "/:name"],
    [["/:name"], "/", undefined],
    [["/:name"], "/a/b", undefined],
    [["/a/:x/c"], "/a//c", undefined],
    [["/:x.json"], "/a.json", "/:x.json"],
    [["/:x.json"], "/a.txt", undefined],
    [["/:x.json"], "/json", undefined],
    [["/:x.:type"], "/a.tar.gz", "/:x.:type"],
    [["/a.b"], "/a.b", "/a.b"],
    // The best one counts, not the first.
    [["/...", "/:x", "/a"], "/a", "/a"],
    [["/...", "/:x", "/a"], "/b", "/:x"],
    [["/...", "/:x", "/a"], "/b/c", "/..."],
    [["/a/...", "/a"], "/a", "/a"],
    [["/a/...", "/a/:x"], "/a/b", "/a/:x"],
    [["/one/...", "/one/two/...", "/one/two/three/..."], "/one/two/three/four", "/one/two/three/..."],
    [["/one/two/three/...", "/one/two/...", "/one/..."], "/one/two/x", "/one/two/..."],
    [["/:x/b", "/a/..."], "/a/b", "/a/..."],
    [["/:x/b", "/a/..."], "/c/b", "/:x/b"],
    [["/:x", "/:x.json"], "/a.json", "/:x.json"],
    [["/:x.:y", "/:x.json"], "/a.json", "/:x.json"],
    // A prefix that leads nowhere does not hide the rest.
    [["/a/b", "/..."], "/a/c", "/..."],
  ] as const) {
    it(`leads "${path}" to ${String(expected)} of ${routes.join(", ")}`, () => {
      const router = new Router(routes.map((route) => ({ route, owner: "x", target: route })));
      expect(router.match(path)?.target).to.equal(expected);
    });
  }

  for (const [route, path, names, pathInfo] of [
    ["/base/:id/...", "/base/7/x/y", [["id", "7"]], "/x/y"],
    ["/base/:id/...", "/base/7/x/", [["id", "7"]], "/x/"],
    ["/base/:id/...", "/base/7", [["id", "7"]], ""],
    ["/base/:id/...", "/base/7/", [["id", "7"]], "/"],
    [
      "/a/:b/:c",
      "/a/1%2F2/3/",
      [
        ["b", "1%2F2"],
        ["c", "3"],
      ],
      "",
    ],
    [
      "/:file.:type",
      "/a.tar.gz",
      [
        ["file", "a"],
        ["type", "tar.gz"],
      ],
      "",
    ],
    ["/...", "/", [], "/"],
    ["/...", "//a//b", [], "/a//b"],
  ] as const) {
    it(`takes "${path}" apart by ${route}`, () => {
      const match = new Router([{ route, owner: "x", target: 1 }]).match(path);
      expect(match).to.deep.include({ names, pathInfo, target: 1 });
    });
  }

  it("lets the last of equal routes count, and tells", () => {
    const entries = ["/a", "/:x/...", "/b", "/a/", "/:y/*", undefined].map((route, index) => {
      return { route, owner: `o${String(index)}`, target: index };
    });
    const router = new Router(entries);
    expect(router.match("/a")?.target).to.equal(3);
    expect(router.match("/c")?.names).to.deep.equal([["y", "c"]]);
    expect(router.routes.map(({ target }) => target)).to.deep.equal([3, 4, 2]);
    expect(router.replaced).to.deep.equal([
      { route: "/a", owner: "o0", by: "o3" },
      { route: "/:x/...", owner: "o1", by: "o4" },
    ]);
  });

  it("matches whole paths for requests between components", () => {
    expect(matchWhole("c", "/a/b/")).to.deep.include({ target: "c", names: [], pathInfo: "/a/b/" });
  });

  for (const [route, message] of [
    [
      "/a/.../b",
      'Cannot use the route "/a/.../b" of component "x": "..." and "*" stand for the rest: put it at the end',
    ],
    ["/*/b", '"..." and "*" stand for the rest'],
    ["/a//b", '"//"'],
    ["/:", '":" is no name'],
    ["/:a b", '" " in it'],
    ["/:a+b", '":a+b" is no name'],
    ["/a?b", '"?" in it'],
    ["/ä", '"ä" in it: take it out, or write it as %XX'],
    ["/:a/:a", '":a" twice'],
    [`/${"a".repeat(4096)}`, "more than 4096 characters"],
    ["/a".repeat(129), "more than 128 segments"],
  ] as const) {
    it(`refuses the route ${route.slice(0, 20)}`, () => {
      const entries = [{ route, owner: 'component "x"', target: 1 }];
      expect(() => new Router(entries))
        .to.throw(message)
        .with.property("code", "INVALID");
    });
  }
});
