import { expect } from "chai";
import { describe, it } from "mocha";
import { Fields } from "../../host/http/fields.ts";
import { OutgoingResponse } from "../../host/http/messages.ts";
import type { OutgoingCall } from "../../host/http/outgoing-service.ts";
import { ChainedAnswer } from "./chained-answer.ts";

describe("ChainedAnswer", () => {
  it("is an error where the body is announced and never opened", () => {
    const answers: unknown[] = [];
    const call = {
      method: "GET",
      maxFieldBytes: 1000,
      onResponse: (response: unknown) => answers.push(response),
      onEnd: () => undefined,
    };
    const answer = new ChainedAnswer(call as unknown as OutgoingCall, () => undefined);
    answer.respond(new OutgoingResponse(Fields.ofMessage(["content-length", "5"], 1000)));
    expect(answers).to.deep.equal([]);
    expect(answer.errorCode).to.have.property("tag", "internal-error");
  });
});
