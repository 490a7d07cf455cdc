import { expect } from "chai";
import { describe, it } from "mocha";
import type { LockedApp, LockedTrigger } from "../app/locked-app.ts";
import { readTriggers } from "./app-triggers.ts";

const HTTP: LockedTrigger = { id: "web", type: "http", config: { route: "/...", component: "hello" } };
const COMMAND: LockedTrigger = { id: "once", type: "command", config: { component: "job" } };

function app(triggers: readonly LockedTrigger[], triggerSettings: LockedApp["triggerSettings"] = {}): LockedApp {
  const nothing = { version: undefined, description: undefined, variables: new Map(), components: [] };
  return { name: "app", ...nothing, triggers, triggerSettings };
}

describe("readTriggers()", () => {
  it("takes those of http and command", () => {
    const triggers = readTriggers(app([HTTP, COMMAND], { http: { base: "/" } }));
    expect(triggers.command).to.equal("job");
    expect(triggers.http.map(({ route }) => route)).to.deep.equal(["/..."]);
  });

  it("takes an application without a command", () => {
    expect(readTriggers(app([HTTP])).command).to.equal(undefined);
  });

  it("takes those of redis, with the address of each or of all", () => {
    const own = { id: "own", type: "redis", config: { component: "a", channel: "c", address: "redis://own" } };
    const other = { id: "other", type: "redis", config: { component: "b", channel: "{{ d }}" } };
    expect(readTriggers(app([own, other], { redis: { address: "redis://all" } })).redis).to.deep.equal([
      { id: "own", component: "a", channel: "c", address: "redis://own" },
      { id: "other", component: "b", channel: "{{ d }}", address: "redis://all" },
    ]);
  });

  const REDIS: LockedTrigger = { id: "news", type: "redis", config: { component: "a", channel: "c" } };
  const bad: readonly (readonly [why: string, app: LockedApp, message: RegExp])[] = [
    ["another type", app([{ ...HTTP, id: "queue", type: "sqs" }]), /"queue": its type is "sqs".*http, redis.*RETAIN/],
    ["messages without a server", app([REDIS]), /"address" in the redis trigger "news".*application\.trigger\.redis/],
    ["messages without a channel", app([{ ...REDIS, config: { component: "a" } }]), /"channel"/],
    ["messages for nobody", app([{ ...REDIS, config: { channel: "c" } }]), /"component"/],
    ["settings that redis triggers do not have", app([REDIS], { redis: { adress: "redis://a" } }), /"adress"/],
    ["no trigger at all", app([]), /no trigger/],
    ["two commands", app([COMMAND, { ...COMMAND, id: "twice" }]), /2 command triggers/],
    ["a base", app([HTTP], { http: { base: "/below" } }), /base "\/below"/],
    ["a command without component", app([{ ...COMMAND, config: {} }]), /"component" in the command trigger "once"/],
    ["a command with a route", app([{ ...COMMAND, config: { component: "a", route: "/" } }]), /"route"/],
  ];
  for (const [why, given, message] of bad) {
    it(`refuses ${why}`, () => {
      expect(() => readTriggers(given)).to.throw(message);
    });
  }
});
