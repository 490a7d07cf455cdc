import { expect } from "chai";
import { describe, it } from "mocha";
import { parseHttpTrigger } from "./http-trigger-config.ts";

type Config = Readonly<Record<string, unknown>>;

function parse(config: Config): unknown {
  return parseHttpTrigger({ id: "one", type: "http", config });
}

const COMPONENT = { kind: "component", id: "hello" };

describe("parseHttpTrigger()", () => {
  const good: readonly (readonly [why: string, config: Config, route: string | undefined, target: object])[] = [
    ["a route", { route: "/a", component: "hello" }, "/a", { ...COMPONENT, executor: { kind: "http" } }],
    [
      "a private route",
      { route: { private: true }, component: "hello" },
      undefined,
      { ...COMPONENT, executor: { kind: "http" } },
    ],
    [
      "the executor spin",
      { route: "/", component: "hello", executor: { type: "spin" } },
      "/",
      { ...COMPONENT, executor: { kind: "http" } },
    ],
    [
      "the executor wagi",
      { route: "/", component: "hello", executor: { type: "wagi" } },
      "/",
      { ...COMPONENT, executor: { kind: "wagi", argv: "${SCRIPT_NAME} ${ARGS}" } },
    ],
    [
      "wagi's arguments",
      { route: "/", component: "hello", executor: { type: "wagi", argv: "x ${ARGS}" } },
      "/",
      { ...COMPONENT, executor: { kind: "wagi", argv: "x ${ARGS}" } },
    ],
    [
      "an empty static response",
      { route: "/gone", static_response: {} },
      "/gone",
      { kind: "static", status: 200, headers: [], body: "" },
    ],
    [
      "a static response",
      { route: "/gone", static_response: { status_code: 302, headers: { location: "/a" }, body: "moved" } },
      "/gone",
      { kind: "static", status: 302, headers: [["location", "/a"]], body: "moved" },
    ],
    [
      "a header with bytes above ASCII",
      { route: "/gone", static_response: { headers: { a: "\u0080\u00ff" } } },
      "/gone",
      { kind: "static", status: 200, headers: [["a", "\u0080\u00ff"]], body: "" },
    ],
  ];
  for (const [why, config, route, target] of good) {
    it(`takes ${why}`, () => {
      expect(parse(config)).to.deep.equal({ id: "one", route, target });
    });
  }

  const bad: readonly (readonly [config: Config, message: RegExp])[] = [
    [{ component: "hello" }, /"route" in the http trigger "one": it is missing/],
    [{ route: { private: false }, component: "hello" }, /"route".*neither a path nor private = true/],
    [{ route: 1, component: "hello" }, /"route".*1 is no table/],
    [{ route: "/" }, /neither component nor static_response/],
    [{ route: "/", component: "hello", static_response: {} }, /component and static_response/],
    [{ route: { private: true }, static_response: {} }, /"route".*private/],
    [{ route: "/", component: "hello", rute: "/" }, /"rute".*unknown/],
    [{ route: "/", static_response: { status: 200 } }, /"static_response.status".*unknown/],
    [{ route: "/", static_response: { status_code: 99 } }, /"static_response.status_code".*99/],
    [{ route: "/", static_response: { headers: { a: "b\nc" } } }, /"static_response.headers".*"a"/],
    [{ route: "/", static_response: { headers: { a: "\u0100" } } }, /"static_response.headers".*"a".*HTTP forbids/],
    [{ route: "/", static_response: { headers: { b: "1", TE: "trailers" } } }, /headers".*server itself.*"TE"/],
    [{ route: "/", static_response: { headers: { Connection: "close" } } }, /server itself sees to "Connection"/],
    [{ route: "/", static_response: { headers: { "transfer-encoding": "chunked" } } }, /sees to "transfer-encoding"/],
    [{ route: "/", static_response: { headers: { "Content-Length": "1" } } }, /sees to "Content-Length"/],
    [{ route: "/", static_response: {}, executor: { type: "http" } }, /"executor".*static response/],
    [{ route: "/", component: "hello", executor: { type: "wasip3-unstable" } }, /does not have "wasip3-unstable"/],
    [{ route: "/", component: "hello", executor: { type: "wagi", entrypoint: "main" } }, /"main" is not "_start"/],
    [{ route: "/", component: "hello", executor: { type: "http", argv: "a" } }, /"executor.argv".*unknown/],
  ];
  for (const [config, message] of bad) {
    it(`refuses ${JSON.stringify(config)}`, () => {
      expect(() => parse(config)).to.throw(message);
    });
  }
});
