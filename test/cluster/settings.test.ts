import { expect } from "chai";
import { describe, it } from "mocha";
import { layoutOf, parseSettings } from "./settings.ts";

describe("parseSettings()", () => {
  it("has folders of its own where the environment names none", () => {
    expect(parseSettings({})).to.deep.equal({ dir: "/srv/rcm-cluster", cacheDir: "/var/cache/rcm" });
  });

  it("takes both folders from the environment", () => {
    const settings = parseSettings({ RCM_CLUSTER_DIR: "/data/a", RCM_CACHE: "/data/b" });
    expect(layoutOf(settings)).to.include({ kubeconfig: "/data/a/admin.conf", log: "/data/a/log" });
    expect(settings.cacheDir).to.equal("/data/b");
  });

  const refused = {
    "a relative path": "srv/x",
    "a folder that systemd empties at boot": "/tmp/x",
    "/run itself": "/run",
    "a colon, which separates layers of a mount": "/srv/a:b",
    "the empty path": "",
  };
  for (const [what, dir] of Object.entries(refused)) {
    it(`refuses ${what}`, () => {
      expect(() => parseSettings({ RCM_CLUSTER_DIR: dir })).to.throw(`Cannot use RCM_CLUSTER_DIR "${dir}"`);
    });
  }

  it("takes a folder whose name only begins like one of those", () => {
    expect(parseSettings({ RCM_CLUSTER_DIR: "/running/x" }).dir).to.equal("/running/x");
  });
});
