import { expect } from "chai";
import { describe, it } from "mocha";
import { logPath, type LogOptions } from "./log-path.ts";

const ALL: LogOptions = {
  isFollowed: false,
  isPrevious: false,
  hasTimestamps: false,
  tailLines: -1,
  sinceMs: 0,
  container: undefined,
};
const PLACE = { namespace: "apps", name: "hello-1", container: "hello" };

describe("logPath()", () => {
  const cases: readonly [options: Partial<LogOptions>, query: string][] = [
    [{}, "?container=hello"],
    [{ container: "proxy" }, "?container=proxy"],
    [
      { isFollowed: true, isPrevious: true, hasTimestamps: true },
      "?container=hello&follow=true&previous=true&timestamps=true",
    ],
    [{ tailLines: 0 }, "?container=hello&tailLines=0"],
    [
      { sinceTime: "2026-11-27T12:00:00Z", limitBytes: 10 },
      "?container=hello&sinceTime=2026-11-27T12%3A00%3A00Z&limitBytes=10",
    ],
    [{ tailLines: 5, sinceMs: 1500 }, "?container=hello&tailLines=5&sinceSeconds=2"],
  ];
  for (const [options, query] of cases) {
    it(`asks for ${query}`, () => {
      expect(logPath(PLACE, { ...ALL, ...options })).to.equal(`/api/v1/namespaces/apps/pods/hello-1/log${query}`);
    });
  }

  it("leaves the container to the server where there is none", () => {
    expect(logPath({ ...PLACE, container: undefined }, ALL)).to.equal("/api/v1/namespaces/apps/pods/hello-1/log");
  });
});
