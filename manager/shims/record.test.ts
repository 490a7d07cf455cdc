import { expect } from "chai";
import { describe, it } from "mocha";
import { exampleRecord, failedRecord } from "./build-examples.ts";
import { parseRecord, recordText } from "./record.ts";

describe("parseRecord()", () => {
  it("reads what recordText() wrote", () => {
    const whole = failedRecord({ rolledBack: true, untouched: true, users: ["default/x"] });
    for (const record of [exampleRecord(), whole]) {
      expect(parseRecord(recordText(record))).to.deep.equal(record);
    }
  });

  const whole = exampleRecord();
  const broken: readonly [says: string, text: string | undefined][] = [
    ["nothing", undefined],
    ["no JSON", "{"],
    ["null", "null"],
    ["a list", "[]"],
    ["a text", '"x"'],
    ["a record without a machine", JSON.stringify({ ...whole, machineId: undefined })],
    ["a record with a strange attempt", JSON.stringify({ ...whole, attempt: "1" })],
    ["a record with a strange count of failures", JSON.stringify({ ...whole, failures: 0.5 })],
    ["a record with a strange time", JSON.stringify({ ...whole, at: "yesterday" })],
    ["a record with strange users", JSON.stringify({ ...whole, users: "default/x" })],
    ["a record with users without names", JSON.stringify({ ...whole, users: [1] })],
    ["a record that is neither good nor bad", JSON.stringify({ ...whole, ok: "yes" })],
    ["a record with a level that there is not", JSON.stringify({ ...whole, level: "Anything" })],
    ["a record with a reason that is no word", JSON.stringify({ ...whole, reason: { a: 1 } })],
    ["a record with a message that is no text", JSON.stringify({ ...whole, message: 1 })],
    ["a record with a digest as long as a book", JSON.stringify({ ...whole, digest: "d".repeat(129) })],
    ["a record with a strange operation", JSON.stringify({ ...whole, operation: "explode" })],
    ["a record with an attempt that is no integer in Go", JSON.stringify({ ...whole, attempt: 1e300 })],
    [
      "a record with a user that would change a selector",
      JSON.stringify({ ...whole, users: ["a/b,status.phase=Running"] }),
    ],
    ["a record with more users than a report may name", JSON.stringify({ ...whole, users: Array(21).fill("a/b") })],
    ["a record that is rolled back in words", JSON.stringify({ ...whole, rolledBack: "yes" })],
  ];
  for (const [says, text] of broken) {
    it(`does not understand ${says}`, () => {
      expect(parseRecord(text)).to.equal(undefined);
    });
  }
});

describe("recordText()", () => {
  it("is short, whatever the message", () => {
    const text = recordText(failedRecord({ message: "x".repeat(10_000) }));
    expect(text.length).to.be.below(1400);
    expect(parseRecord(text)?.message).to.equal("x".repeat(480));
  });

  it("has no half of a character at the end of a message that was cut", () => {
    const text = recordText(failedRecord({ message: `${"x".repeat(479)}😀` }));
    expect(parseRecord(text)?.message).to.equal(`${"x".repeat(479)}\u{FFFD}`);
  });
});
