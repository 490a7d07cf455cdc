// Node's own modules that take milliseconds to load, and that most processes of a program never need: they are loaded
// when they are first asked for.
import type * as Crypto from "node:crypto";
import type * as Dgram from "node:dgram";
import type * as Tls from "node:tls";
import type * as Tty from "node:tty";
import type * as V8 from "node:v8";
import type * as Vm from "node:vm";
import type * as Zlib from "node:zlib";

export function nodeCrypto(): typeof Crypto {
  return process.getBuiltinModule("node:crypto");
}

export function nodeDgram(): typeof Dgram {
  return process.getBuiltinModule("node:dgram");
}

export function nodeTls(): typeof Tls {
  return process.getBuiltinModule("node:tls");
}

export function nodeTty(): typeof Tty {
  return process.getBuiltinModule("node:tty");
}

export function nodeV8(): typeof V8 {
  return process.getBuiltinModule("node:v8");
}

export function nodeVm(): typeof Vm {
  return process.getBuiltinModule("node:vm");
}

export function nodeZlib(): typeof Zlib {
  return process.getBuiltinModule("node:zlib");
}
