import { expect } from "chai";
import { describe, it } from "mocha";
import { errorFromAnswer, errorFromStatus, parseJson, type Answer } from "./kube-answer.ts";

function status(code: number, reason: string, message = "said"): Answer {
  return { status: code, body: { kind: "Status", code, reason, message } };
}

const CASES: readonly (readonly [name: string, answer: Answer, code: string])[] = [
  ["a name that is taken", status(409, "AlreadyExists"), "AlreadyExists"],
  ["a lost race", status(409, "Conflict"), "Conflict"],
  ["an old resource version", status(410, "Expired"), "Gone"],
  ["an old continue token", status(410, "Gone"), "Gone"],
  ["a schema that does not fit", status(422, "Invalid"), "Invalid"],
  ["a malformed request", status(400, "BadRequest"), "Invalid"],
  ["a missing permission", status(403, "Forbidden"), "Forbidden"],
  ["an expired token", status(401, "Unauthorized"), "Unauthorized"],
  ["a server that asks to try again", status(504, "ServerTimeout"), "Unavailable"],
  ["a server that ran out of time", status(504, "Timeout"), "Timeout"],
  ["a webhook that failed", status(500, "InternalError"), "Unavailable"],
  ["an unknown reason", status(404, "Whatever"), "NotFound"],
  ["text of a proxy", { status: 502, body: "Bad gateway\n" }, "Unavailable"],
  ["nothing", { status: 503, body: undefined }, "Unavailable"],
  ["too many requests", { status: 429, body: "slow down", retryAfter: "2" }, "TooManyRequests"],
];

describe("errorFromAnswer()", () => {
  for (const [name, answer, code] of CASES) {
    it(`calls ${name} ${code}`, () => {
      expect(errorFromAnswer("get nodes", answer)).to.include({ code, status: answer.status });
    });
  }

  it("says what was tried and what the server said", () => {
    expect(errorFromAnswer('get nodes "a"', status(404, "NotFound", 'nodes "a" not found')).message).to.equal(
      'Cannot get nodes "a": nodes "a" not found',
    );
    expect(errorFromAnswer("list nodes", { status: 502, body: " Bad gateway\n" }).message).to.equal(
      "Cannot list nodes: Bad gateway",
    );
    expect(errorFromAnswer("list nodes", { status: 503, body: "" }).message).to.equal(
      "Cannot list nodes: HTTP status 503",
    );
  });

  it("takes the time to stay away from the header, then from the Status", () => {
    const body = { details: { retryAfterSeconds: 7 } };
    expect(errorFromAnswer("x", { status: 429, body, retryAfter: "2" }).retryAfterMs).to.equal(2000);
    expect(errorFromAnswer("x", { status: 429, body }).retryAfterMs).to.equal(7000);
    expect(errorFromAnswer("x", { status: 429, body: "", retryAfter: "Wed, 21 Oct" }).retryAfterMs).to.equal(undefined);
  });

  it("cuts a message that is far too long", () => {
    expect(errorFromAnswer("x", { status: 500, body: "y".repeat(100_000) }).message.length).to.be.lessThan(3000);
  });
});

describe("errorFromStatus()", () => {
  it("takes the HTTP status from the object, as 500 when it has none", () => {
    expect(errorFromStatus("watch nodes", { code: 410, message: "too old" })).to.include({ code: "Gone", status: 410 });
    expect(errorFromStatus("watch nodes", {})).to.include({ code: "Unavailable", status: 500 });
  });
});

describe("parseJson()", () => {
  it("names what is not JSON by its beginning", () => {
    expect(() => parseJson("get nodes", "<html>")).to.throw(
      'Cannot get nodes: the answer is not JSON, it begins with "<html>"',
    );
  });
});
