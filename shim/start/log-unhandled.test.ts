import { EventEmitter } from "node:events";
import { expect } from "chai";
import { describe, it } from "mocha";
import { logUnhandled } from "./log-unhandled.ts";

describe("logUnhandled()", () => {
  for (const event of ["uncaughtException", "unhandledRejection"]) {
    it(`logs what ${event} tells of, and where it was thrown`, () => {
      const lines: unknown[] = [];
      const log = { debug: fail, info: fail, warn: fail, error: (...line: unknown[]) => lines.push(line) };
      const process = new EventEmitter();
      logUnhandled(process, log);
      process.emit(event, new Error("ENFILE: file table overflow", { cause: new Error("of the node") }));
      process.emit(event, undefined);
      expect(lines).to.have.length(2);
      expect(lines[0]).to.have.nested.property("[0]", "An error was not handled, and the shim goes on");
      expect(lines[0]).to.have.nested.property("[1].event", event);
      const words = /ENFILE: file table overflow\n {4}at .*log-unhandled\.test\.ts[^]*of the node/;
      expect(lines[0]).to.have.nested.property("[1].error").that.matches(words);
      expect(lines[1]).to.have.nested.property("[1].error", "undefined");
    });
  }
});

function fail(): never {
  throw new Error("It is an error");
}
