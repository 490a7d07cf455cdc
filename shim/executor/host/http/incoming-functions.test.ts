import { expect } from "chai";
import { describe, it } from "mocha";
import type { HostServices } from "../services.ts";
import { HostState } from "../state.ts";
import { Fields } from "./fields.ts";
import { incomingFunctions } from "./incoming-functions.ts";
import { ResponseOutparam } from "./response-outparam.ts";

describe("response-outparam.send-informational", () => {
  const seen: number[] = [];
  const param = new ResponseOutparam({
    informational(status) {
      seen.push(status);
      return undefined;
    },
    respond: () => expect.fail("No response was set"),
    fail: () => expect.fail("No error was set"),
  });
  const state = new HostState({} as HostServices, { deadlineMs: performance.now() + 1000, computeMs: 1000 });

  for (const [status, isSent] of [
    [99, false],
    [100, true],
    [199, true],
    [200, false],
  ] as const) {
    it(`${isSent ? "hands on" : "refuses"} ${status}`, () => {
      const send = incomingFunctions["[method]response-outparam.send-informational"];
      const result = send?.call(state, param, status, Fields.empty(1000));
      expect(result).to.deep.include(isSent ? { tag: "ok" } : { tag: "err", val: { tag: "HTTP-protocol-error" } });
      expect(seen.splice(0)).to.deep.equal(isSent ? [status] : []);
    });
  }
});
