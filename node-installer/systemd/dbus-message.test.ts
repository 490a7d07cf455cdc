import { expect } from "chai";
import { describe, it } from "mocha";
import { MessageFrames } from "./dbus-frames.ts";
import { decodeMessage, encodeMessage, MESSAGE_MAX_BYTES, messageLength, type DBusMessage } from "./dbus-message.ts";

const CALL: DBusMessage = {
  kind: "call",
  serial: 7,
  path: "/org/freedesktop/systemd1",
  interface: "org.freedesktop.systemd1.Manager",
  member: "RestartUnit",
  destination: "org.freedesktop.systemd1",
  signature: "ss",
  body: ["containerd.service", "replace"],
};
const SIGNAL: DBusMessage = {
  kind: "signal",
  serial: 8,
  path: "/",
  interface: "a.b",
  member: "C",
  signature: "",
  body: [],
};

/** An error of a big-endian peer: reply to serial 1, named "a.b", with the string "no". */
const BIG_ENDIAN = Buffer.from(
  "42030001 00000007 00000002 0000001f 05017500 00000001 04017300 00000003 612e6200 00000000 08016700 01730000 00000002 6e6f00".replaceAll(
    " ",
    "",
  ),
  "hex",
);

describe("encodeMessage() and decodeMessage()", () => {
  for (const message of [CALL, SIGNAL]) {
    it(`agree on a ${message.kind}`, () => {
      const bytes = encodeMessage(message);
      expect(decodeMessage(bytes)).to.deep.equal(message);
      expect(messageLength(bytes)).to.equal(bytes.length);
    });
  }
});

describe("encodeMessage()", () => {
  it("refuses a message above the limit", () => {
    const body = ["x".repeat(MESSAGE_MAX_BYTES)];
    expect(() => encodeMessage({ ...SIGNAL, signature: "s", body }))
      .to.throw()
      .with.property("code", "INVALID_ARGUMENT");
  });
});

describe("decodeMessage()", () => {
  const table: readonly (readonly [name: string, at: number, byte: number])[] = [
    ["an unknown byte order", 0, 0x6d],
    ["the kind 0", 1, 0],
    ["the serial 0", 8, 0],
    ["a field of another type", 18, 0x73],
    ["padding in the header that is not zero", 23, 1],
  ];
  for (const [name, at, byte] of table) {
    it(`refuses ${name}`, () => {
      const bytes = encodeMessage(SIGNAL);
      bytes[at] = byte;
      expect(() => decodeMessage(bytes))
        .to.throw()
        .with.property("code", "PROTOCOL");
    });
  }

  const incomplete: readonly DBusMessage[] = [
    { kind: "call", serial: 1, path: "/", signature: "", body: [] },
    { kind: "return", serial: 1, signature: "", body: [] },
    { kind: "error", serial: 1, replySerial: 1, signature: "", body: [] },
    { kind: "signal", serial: 1, path: "/", member: "A", signature: "", body: [] },
  ];
  for (const message of incomplete) {
    it(`refuses a ${message.kind} without the fields it needs`, () => {
      expect(() => decodeMessage(encodeMessage(message)))
        .to.throw()
        .with.property("code", "PROTOCOL");
    });
  }

  it("passes over a kind of message that is not known yet", () => {
    const bytes = encodeMessage(SIGNAL);
    bytes[1] = 5;
    expect(decodeMessage(bytes)).to.equal(undefined);
  });
});

describe("messageLength()", () => {
  it("refuses another version of the protocol", () => {
    const bytes = encodeMessage(SIGNAL);
    bytes[3] = 2;
    expect(() => messageLength(bytes)).to.throw("protocol version is 2");
  });

  for (const at of [4, 12]) {
    it(`refuses a message above the limit by the length at ${at}`, () => {
      const bytes = encodeMessage(SIGNAL);
      bytes.writeUInt32LE(MESSAGE_MAX_BYTES, at);
      expect(() => messageLength(bytes)).to.throw("are more than");
    });
  }
});

describe("MessageFrames", () => {
  const stream = Buffer.concat([CALL, SIGNAL, CALL].map(encodeMessage));
  for (const size of [1, 2, 7, 16, stream.length]) {
    it(`cuts chunks of ${size} bytes into messages`, () => {
      const frames = new MessageFrames();
      const messages: (DBusMessage | undefined)[] = [];
      for (let at = 0; at < stream.length; at += size) {
        messages.push(...frames.push(stream.subarray(at, at + size)).map(decodeMessage));
      }
      expect(messages).to.deep.equal([CALL, SIGNAL, CALL]);
    });
  }

  it("refuses a stream that is no D-Bus as soon as it sees a header's length", () => {
    const frames = new MessageFrames();
    expect(frames.push(Buffer.from("HTTP/1.1 400 Ba"))).to.deep.equal([]);
    expect(() => frames.push(Buffer.from("d")))
      .to.throw()
      .with.property("code", "PROTOCOL");
  });
});

describe("a big-endian peer", () => {
  it("is understood", () => {
    const message: DBusMessage = {
      kind: "error",
      serial: 2,
      replySerial: 1,
      errorName: "a.b",
      signature: "s",
      body: ["no"],
    };
    expect(messageLength(BIG_ENDIAN)).to.equal(BIG_ENDIAN.length);
    expect(decodeMessage(BIG_ENDIAN)).to.deep.equal(message);
  });
});
