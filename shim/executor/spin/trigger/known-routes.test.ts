import { expect } from "chai";
import { describe, it } from "mocha";
import { Router } from "../routes/router.ts";
import { KnownRoutes } from "./known-routes.ts";

describe("KnownRoutes", () => {
  const router = new Router([
    { route: "/users/:id/...", owner: "a", target: "users" },
    { route: "/fixed", owner: "b", target: "fixed" },
  ]);

  it("finds what the router finds, again and again, for however many paths", () => {
    const routes = new KnownRoutes(router);
    for (let round = 0; round < 2; round += 1) {
      for (let id = 0; id < 2000; id += 1) {
        const path = `/users/${id}/rest`;
        expect(routes.match(path)).to.deep.equal(router.match(path));
      }
      expect(routes.match("/fixed")?.target).to.equal("fixed");
      expect(routes.match("/none")).to.equal(undefined);
      expect(routes.match(`/users/${"x".repeat(1000)}/y`)?.pathInfo).to.equal("/y");
    }
  });
});
