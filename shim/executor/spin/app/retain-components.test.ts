import { expect } from "chai";
import { describe, it } from "mocha";
import type { LockedApp } from "./locked-app.ts";
import { parseLockedApp } from "./parse-locked-app.ts";
import { retainComponents } from "./retain-components.ts";

describe("retainComponents()", () => {
  it("leaves out the others, and their triggers", () => {
    const app = appWith({});
    const kept = retainComponents(app, ["front", "back"]);
    expect(kept.components.map(({ id }) => id)).to.deep.equal(["front", "back"]);
    expect(kept.triggers.map(({ id }) => id)).to.deep.equal(["t-front", "t-back"]);
    expect(kept.name).to.equal(app.name);
  });

  for (const [hosts, ids] of [
    [["http://back.spin.internal"], ["front", "back"]],
    [["http://*.spin.internal"], ["front", "back", "third"]],
    [["http://{{ name }}.spin.internal", "http://third.test", "http://x.third.spin.internal"], ["front"]],
    [["http://none.spin.internal", "*://*:*"], ["front"]],
  ] as const) {
    it(`keeps ${ids.join(", ")} where front may connect to ${hosts.join(", ")}`, () => {
      expect(retainComponents(appWith({ front: hosts }), ids).components).to.have.lengthOf(ids.length);
    });
  }

  for (const [hosts, ids, message] of [
    [[], ["none"], '"none" is not found in the application: name some of "front", "back", "third"'],
    [[], [], "none is named"],
    [["http://Back.spin.internal:80/"], ["front"], 'component "front" sends requests to component "back"'],
    [["http://*.spin.internal"], ["front", "back"], 'to component "third" (http://*.spin.internal), which is not'],
  ] as const) {
    it(`does not keep [${ids.join(", ")}] where front may connect to [${hosts.join(", ")}]`, () => {
      expect(() => retainComponents(appWith({ front: hosts }), ids))
        .to.throw(message)
        .with.property("code", "INVALID");
    });
  }
});

function appWith(hosts: Readonly<Record<string, readonly string[]>>): LockedApp {
  const ids = ["front", "back", "third"];
  return parseLockedApp(
    JSON.stringify({
      spin_lock_version: 0,
      metadata: { name: "app" },
      triggers: [
        ...ids.map((id) => ({ id: `t-${id}`, trigger_type: "http", trigger_config: { component: id } })),
        { id: "static", trigger_type: "http", trigger_config: { static_response: {} } },
      ],
      components: ids.map((id) => ({
        id,
        source: { inline: "" },
        metadata: { allowed_outbound_hosts: hosts[id] ?? [] },
      })),
    }),
  );
}
