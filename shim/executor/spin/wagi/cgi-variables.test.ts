import { expect } from "chai";
import { describe, it } from "mocha";
import { type CgiRequest, cgiArguments, cgiVariables, isLengthKnown } from "./cgi-variables.ts";

const REQUEST: CgiRequest = {
  method: "POST",
  pathWithQuery: "/base/7/a%20b?q=1&r",
  authority: "example.test:8080",
  headers: ["content-type", "text/plain", "content-length", "5", "cookie", "a", "authorization", "x", "cookie", "b"],
  spinHeaders: [
    "spin-path-info",
    "/a%20b",
    "spin-full-url",
    "http://example.test:8080/base/7/a%20b?q=1&r",
    "spin-component-route",
    "/base/:id",
    "spin-client-addr",
    "[::1]:55000",
    "spin-path-match-user-id",
    "7",
  ],
  bodyBytes: 0,
};

describe("cgiVariables()", () => {
  const variables = Object.fromEntries(cgiVariables(REQUEST));

  it("tells what the RFC asks for, and what Spin adds", () => {
    expect(variables).to.include({
      AUTH_TYPE: "",
      CONTENT_LENGTH: "5",
      CONTENT_TYPE: "text/plain",
      GATEWAY_INTERFACE: "CGI/1.1",
      PATH_INFO: "/a%20b",
      PATH_TRANSLATED: "/a b",
      QUERY_STRING: "q=1&r",
      REMOTE_ADDR: "::1",
      REQUEST_METHOD: "POST",
      SCRIPT_NAME: "/base/:id",
      SERVER_NAME: "example.test",
      SERVER_PORT: "8080",
      SERVER_PROTOCOL: "HTTP/1.1",
      X_RAW_PATH_INFO: "/a%20b",
      X_FULL_URL: "http://example.test:8080/base/7/a%20b?q=1&r",
      X_COMPONENT_ROUTE: "/base/:id",
      X_CLIENT_ADDR: "[::1]:55000",
      X_PATH_MATCH_USER_ID: "7",
    });
  });

  it("always tells the length of the body", () => {
    expect(lengthOf([], 0)).to.equal("0");
    expect(lengthOf(["transfer-encoding", "chunked"], 7)).to.equal("7");
    expect(lengthOf(["content-length", "5"], 0)).to.equal("5");
  });

  it("hands headers on, but for credentials", () => {
    expect(variables).to.include({ HTTP_COOKIE: "a, b", HTTP_CONTENT_TYPE: "text/plain" });
    expect(Object.keys(variables)).not.to.include("HTTP_AUTHORIZATION");
  });

  it("lets no client set the proxy of the program's own requests", () => {
    const headers = ["proxy", "http://attacker.example", "cookie", "a"];
    const names = cgiVariables({ ...REQUEST, headers }).map(([name]) => name);
    expect(names).to.include("HTTP_COOKIE").and.not.include("HTTP_PROXY");
  });

  it("takes what is missing, or no UTF-8, as it is", () => {
    const spinHeaders = ["spin-path-info", "/%ff"];
    const bare = Object.fromEntries(
      cgiVariables({ ...REQUEST, pathWithQuery: "/", authority: "h", headers: [], spinHeaders }),
    );
    expect(bare).to.include({
      QUERY_STRING: "",
      CONTENT_TYPE: "",
      SERVER_NAME: "h",
      SERVER_PORT: "80",
      REMOTE_ADDR: "",
    });
    expect(bare).to.include({ PATH_TRANSLATED: "/%ff" });
  });
});

describe("isLengthKnown()", () => {
  it("looks at names of headers, not at values", () => {
    expect(isLengthKnown(["accept", "*/*", "content-length", "5"])).to.equal(true);
    expect(isLengthKnown(["trailer", "content-length", "transfer-encoding", "chunked"])).to.equal(false);
  });
});

describe("cgiArguments()", () => {
  const cases: readonly (readonly [template: string, path: string, args: readonly string[]])[] = [
    ["${SCRIPT_NAME} ${ARGS}", "/a/b?c=1&d", ["/a/b", "c=1", "d"]],
    ["${SCRIPT_NAME} ${ARGS}", "/a", ["/a", ""]],
    ["fixed ${ARGS} ${ARGS}", "/a?b", ["fixed", "b", "b"]],
    ["${SCRIPT_NAME}", "/$&?x", ["/$&"]],
  ];
  for (const [template, path, args] of cases) {
    it(`makes ${JSON.stringify(args)} of "${template}" and "${path}"`, () => {
      expect(cgiArguments(template, path)).to.deep.equal(args);
    });
  }
});

function lengthOf(headers: readonly string[], bodyBytes: number): string | undefined {
  return Object.fromEntries(cgiVariables({ ...REQUEST, headers, bodyBytes }))["CONTENT_LENGTH"];
}
