import { expect } from "chai";
import { describe, it } from "mocha";
import type { HostServices } from "../services.ts";
import { HostState } from "../state.ts";
import { OutgoingBody } from "./outgoing-body.ts";
import type { OutgoingCall } from "./outgoing-service.ts";
import { refuseCall } from "./refuse-call.ts";

describe("refuseCall()", () => {
  it("tells why, and has a guest write its whole body before it looks", async () => {
    const state = new HostState({} as HostServices, { deadlineMs: performance.now() + 1000, computeMs: 1000 });
    const body = new OutgoingBody(state, { bytes: undefined, mismatch: "HTTP-request-body-size" });
    const ends: (Error | undefined)[] = [];
    const call = { body, onEnd: (error: Error | undefined) => ends.push(error) } as unknown as OutgoingCall;
    body.openStream();
    body.write(Buffer.alloc(65_536));
    expect(body.isReady()).to.equal(false);
    refuseCall(call, { tag: "loop-detected" });
    for (let written = 0; written < 4; written += 1) {
      await state.wait([body]);
      body.write(Buffer.alloc(65_536));
    }
    body.close();
    expect(body.finish(undefined)).to.equal(undefined);
    expect(ends.map((error) => error?.message)).to.deep.equal(["loop-detected"]);
  });
});
