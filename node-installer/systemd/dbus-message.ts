import { marshal } from "./dbus-marshal.ts";
import { unmarshal, type ByteOrder } from "./dbus-unmarshal.ts";
import { listFrom, Variant, type DBusValue } from "./dbus-value.ts";
import { SystemdError } from "./systemd-error.ts";

export type MessageKind = "call" | "return" | "error" | "signal";

/** A D-Bus message. https://dbus.freedesktop.org/doc/dbus-specification.html#message-protocol-messages */
export interface DBusMessage {
  readonly kind: MessageKind;
  /** Never 0; the reply names it in `replySerial`. */
  readonly serial: number;
  readonly path?: string;
  readonly interface?: string;
  readonly member?: string;
  readonly errorName?: string;
  readonly replySerial?: number;
  readonly destination?: string;
  readonly signature: string;
  readonly body: readonly DBusValue[];
}

/** Larger messages are refused. The specification allows 128 MiB; all properties of a service are some 30 KiB. */
export const MESSAGE_MAX_BYTES = 4 * 1024 * 1024;

/** What must be there to know the length of a message: fixed fields and the length of the header's array. */
export const FIXED_HEADER_BYTES = 16;

const PROTOCOL_VERSION = 1;
const KINDS: readonly (MessageKind | undefined)[] = [undefined, "call", "return", "error", "signal"];

/** https://dbus.freedesktop.org/doc/dbus-specification.html#message-protocol-header-fields */
const FIELDS = [
  { code: 1, name: "path", signature: "o" },
  { code: 2, name: "interface", signature: "s" },
  { code: 3, name: "member", signature: "s" },
  { code: 4, name: "errorName", signature: "s" },
  { code: 5, name: "replySerial", signature: "u" },
  { code: 6, name: "destination", signature: "s" },
  { code: 8, name: "signature", signature: "g" },
] as const;

export function encodeMessage(message: DBusMessage): Buffer {
  const body = marshal(message.signature, message.body);
  const fields = FIELDS.flatMap(({ code, name, signature }) => {
    const value = message[name];
    return value === undefined || value === "" ? [] : [[code, new Variant(signature, value)]];
  });
  const kind = KINDS.indexOf(message.kind);
  const header = marshal("yyyyuua(yv)", [0x6c, kind, 0, PROTOCOL_VERSION, body.length, message.serial, fields]);
  const encoded = Buffer.concat([header, Buffer.alloc(padding(header.length)), body]);
  if (encoded.length <= MESSAGE_MAX_BYTES) return encoded;
  throw new SystemdError("INVALID_ARGUMENT", `Cannot write a D-Bus message: ${encoded.length} bytes are too many`);
}

/**
 * The length in bytes of the message that starts with `start` (at least `FIXED_HEADER_BYTES`).
 *
 * @throws {SystemdError} `PROTOCOL` if it is no message, or one above `MESSAGE_MAX_BYTES`.
 */
export function messageLength(start: Buffer): number {
  const little = byteOrder(start) === "little";
  if (start[3] !== PROTOCOL_VERSION) throw refuse(`its protocol version is ${start[3]}`);
  const bodyBytes = little ? start.readUInt32LE(4) : start.readUInt32BE(4);
  const fieldBytes = little ? start.readUInt32LE(12) : start.readUInt32BE(12);
  const total = FIXED_HEADER_BYTES + fieldBytes + padding(fieldBytes) + bodyBytes;
  if (total > MESSAGE_MAX_BYTES) throw refuse(`its ${total} bytes are more than ${MESSAGE_MAX_BYTES}`);
  return total;
}

/**
 * Reads one whole message. Unknown header fields and kinds are for the caller to ignore: such a message is `undefined`.
 *
 * @throws {SystemdError} `PROTOCOL` if the bytes break the rules.
 */
export function decodeMessage(bytes: Buffer): DBusMessage | undefined {
  const order = byteOrder(bytes);
  const bodyBytes = order === "little" ? bytes.readUInt32LE(4) : bytes.readUInt32BE(4);
  const bodyAt = bytes.length - bodyBytes;
  const headerBytes = unpadded(bytes, order);
  const [, kindCode, , , , serial, fields] = unmarshal("yyyyuua(yv)", bytes.subarray(0, headerBytes), order);
  if (bytes.subarray(headerBytes, bodyAt).some((byte) => byte !== 0)) throw refuse("padding is not zero");
  if (typeof serial !== "number" || serial === 0) throw refuse("its serial is 0");
  const kind = KINDS[Number(kindCode)];
  if (Number(kindCode) === 0) throw refuse("its kind is 0");
  if (kind === undefined) return undefined;
  const known = knownFields(fields);
  const signature = known.signature ?? "";
  const body = unmarshal(signature, bytes.subarray(bodyAt), order);
  return requireFields({ ...known, kind, serial, signature, body });
}

function unpadded(bytes: Buffer, order: ByteOrder): number {
  return FIXED_HEADER_BYTES + (order === "little" ? bytes.readUInt32LE(12) : bytes.readUInt32BE(12));
}

type Fields = Partial<Omit<DBusMessage, "kind" | "serial" | "body">>;

function knownFields(fields: DBusValue | undefined): Fields {
  const known: Record<string, DBusValue> = {};
  for (const field of listFrom(fields)) {
    const [code, variant] = listFrom(field);
    const expected = FIELDS.find((each) => each.code === code);
    if (expected === undefined || !(variant instanceof Variant)) continue;
    if (variant.signature !== expected.signature) throw refuse(`its field "${expected.name}" has another type`);
    known[expected.name] = variant.value;
  }
  return known;
}

/** Each kind has fields that it cannot do without. */
const REQUIRED: Readonly<Record<MessageKind, readonly (keyof Fields)[]>> = {
  call: ["path", "member"],
  return: ["replySerial"],
  error: ["replySerial", "errorName"],
  signal: ["path", "interface", "member"],
};

function requireFields(message: DBusMessage): DBusMessage {
  const missing = REQUIRED[message.kind].find((name) => message[name] === undefined);
  if (missing !== undefined) throw refuse(`a ${message.kind} has no field "${missing}"`);
  return message;
}

function byteOrder(start: Buffer): ByteOrder {
  if (start[0] === 0x6c) return "little";
  if (start[0] === 0x42) return "big";
  throw refuse(`its first byte is ${start[0]}`);
}

function padding(length: number): number {
  return (8 - (length % 8)) % 8;
}

function refuse(problem: string): SystemdError {
  return new SystemdError("PROTOCOL", `Cannot read a D-Bus message: ${problem}`);
}
