import { jco } from "./component-tools.ts";
import { cacheFolder } from "./guest-cache.ts";
import { witFolder } from "./wit-folder.ts";

/** What the guest is to be like. */
export interface FirstStateOptions {
  /** Of its memory: up to 2 are put back by copying, more by what was written. */
  readonly pages: number;
  /** Whether it also changes what can not be put back: tables, segments, variables that hold references. */
  readonly changes: "what can be put back" | "everything";
  /** So often it turns round before it answers. */
  readonly turns: number;
}

/** What the guest says of itself, in the order in which it does, and what a guest says that is the first of all. */
const FIRST = {
  memory: 0,
  "memory, data": 0x5eed,
  "memory, last word": 0,
  "memory, passive data": 0,
  "variable i32": 1,
  "variable i64": 2,
  "variable f32": 0x3f800000,
  "variable f64": 0x40000000,
  "handle of its own resource": 3,
  "handle of a folder": 4,
  "handle of a file": 5,
  "handle of a stream": 6,
  "read from the file": 0x64636261,
  "handle of fields": 7,
} as const;
const FIRST_OF_ALL_KINDS = {
  "table, size": 2,
  "table, slot is empty": 1,
  "variable with a reference is empty": 1,
  "segment of data is there": 0x44332211,
} as const;
/** What it says of a page that it has asked for. */
const FIRST_GROWN = { "new page, first word": 0, "new page, last word": 0 } as const;

/** The handle of a file that each request leaves open. */
const LEFT_HANDLE: number = FIRST["handle of a file"];
/** What the file `/data/file` must hold at least. */
export const FILE_TEXT = "abcdefgh";

/** How the guest answers on `/` and on `/grow`. */
export function firstAnswers({ pages, changes }: FirstStateOptions): {
  readonly plain: string;
  readonly grown: string;
} {
  const all = { ...FIRST, ...(changes === "everything" ? FIRST_OF_ALL_KINDS : {}) };
  return { plain: textOf({ ...all, pages }), grown: textOf({ ...all, pages, ...FIRST_GROWN }) };
}

function textOf(values: Readonly<Record<string, number>>): string {
  return Object.values(values)
    .map((value) => `${value.toString(16).padStart(8, "0")} `)
    .join("");
}

const WORLD = `package rcm:guest;
interface things { resource thing { constructor(); } }
world guest {
  import wasi:http/types@0.2.12;
  import wasi:filesystem/types@0.2.12;
  import wasi:filesystem/preopens@0.2.12;
  export things;
  export wasi:http/incoming-handler@0.2.12;
}`;

/**
 * A component that looks at all that could be left of an earlier request, then changes all of it, leaves handles open, and
 * answers with what it saw. It does so on every path; `/grow` makes its memory larger, `/left` uses a handle of a request
 * before.
 */
export async function buildFirstState(options: FirstStateOptions): Promise<Uint8Array> {
  const tools = await jco();
  const binary = await tools.parse(moduleText(options));
  const witPath = await witFolder(cacheFolder("first-state"), WORLD);
  return tools.componentNew(await tools.componentEmbed({ binary, witPath }));
}

const HTTP = "wasi:http/types@0.2.12";
const FILES = "wasi:filesystem/types@0.2.12";
const STREAMS = "wasi:io/streams@0.2.12";
const OWN = "[export]rcm:guest/things";

const IMPORTS = `
  (import "${HTTP}" "[constructor]fields" (func $fields (result i32)))
  (import "${HTTP}" "[constructor]outgoing-response" (func $response (param i32) (result i32)))
  (import "${HTTP}" "[method]outgoing-response.body" (func $body (param i32 i32)))
  (import "${HTTP}" "[method]outgoing-body.write" (func $write (param i32 i32)))
  (import "${HTTP}" "[static]outgoing-body.finish" (func $finish (param i32 i32 i32 i32)))
  (import "${HTTP}" "[static]response-outparam.set"
    (func $set (param i32 i32 i32 i32 i64 i32 i32 i32 i32)))
  (import "${HTTP}" "[method]incoming-request.path-with-query" (func $path (param i32 i32)))
  (import "${STREAMS}" "[method]output-stream.blocking-write-and-flush" (func $say (param i32 i32 i32 i32)))
  (import "${STREAMS}" "[resource-drop]output-stream" (func $end-output (param i32)))
  (import "${STREAMS}" "[method]input-stream.blocking-read" (func $read (param i32 i64 i32)))
  (import "wasi:filesystem/preopens@0.2.12" "get-directories" (func $folders (param i32)))
  (import "${FILES}" "[method]descriptor.open-at" (func $open (param i32 i32 i32 i32 i32 i32 i32)))
  (import "${FILES}" "[method]descriptor.read-via-stream" (func $stream (param i32 i64 i32)))
  (import "${FILES}" "[method]descriptor.get-type" (func $type-of (param i32 i32)))
  (import "${OWN}" "[resource-new]thing" (func $new-thing (param i32) (result i32)))`;

/** Notes what can be put back, then changes it. */
const LOOK = `
  (call $put (i32.load (i32.const 64)))
  (i32.store (i32.const 64) (i32.const -1))
  (call $put (i32.load (i32.const 68)))
  (i32.store (i32.const 68) (i32.const -1))
  (call $put (i32.load (global.get $last)))
  (i32.store (global.get $last) (i32.const -1))
  (call $put (i32.load (i32.const 76)))
  (memory.init $passive (i32.const 76) (i32.const 0) (i32.const 4))
  (call $put (global.get $a))
  (global.set $a (i32.const -1))
  (call $put (i32.wrap_i64 (global.get $b)))
  (global.set $b (i64.const -1))
  (call $put (i32.reinterpret_f32 (global.get $c)))
  (global.set $c (f32.const nan))
  (call $put (i32.wrap_i64 (i64.shr_u (i64.reinterpret_f64 (global.get $d)) (i64.const 32))))
  (global.set $d (f64.const nan))`;

/** Opens handles, notes their numbers, and keeps them open; of the file it reads a part. */
const OPEN = `
  (call $put (call $new-thing (i32.const 9)))
  (call $folders (i32.const 0))
  (local.set $handle (i32.load (i32.load (i32.const 0))))
  (call $put (local.get $handle))
  (call $open (local.get $handle) (i32.const 0) (i32.const 72) (i32.const 4) (i32.const 0) (i32.const 1) (i32.const 0))
  (local.set $handle (i32.load (i32.const 4)))
  (call $put (local.get $handle))
  (call $stream (local.get $handle) (i64.const 0) (i32.const 0))
  (local.set $handle (i32.load (i32.const 4)))
  (call $put (local.get $handle))
  (call $read (local.get $handle) (i64.const 4) (i32.const 0))
  (call $put (i32.load (i32.load (i32.const 4))))
  (call $put (call $fields))`;

/** Notes what can not be put back, then changes it. */
const LASTING = `
  (call $put (table.size $table))
  (call $put (ref.is_null (table.get $table (i32.const 0))))
  (table.set $table (i32.const 0) (ref.func $nothing))
  (table.init $table $elements (i32.const 1) (i32.const 0) (i32.const 1))
  (elem.drop $elements)
  (drop (table.grow $table (ref.func $nothing) (i32.const 5)))
  (call $put (ref.is_null (global.get $reference)))
  (global.set $reference (ref.func $nothing))
  (call $put (i32.load (i32.const 76)))
  (data.drop $passive)`;

const GROW = `
  (call $put (i32.load (i32.mul (memory.grow (i32.const 1)) (i32.const 65536))))
  (local.set $handle (i32.sub (i32.mul (memory.size) (i32.const 65536)) (i32.const 4)))
  (call $put (i32.load (local.get $handle)))
  (i32.store (local.get $handle) (i32.const -1))
  (i32.store (i32.sub (local.get $handle) (i32.const 65532)) (i32.const -1))`;

const ANSWER = `
  (local.set $response (call $response (call $fields)))
  (call $body (local.get $response) (i32.const 0))
  (local.set $body (i32.load (i32.const 4)))
  (call $set (local.get $out) (i32.const 0) (local.get $response) (i32.const 0) (i64.const 0)
    (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0))
  (call $write (local.get $body) (i32.const 0))
  (local.set $handle (i32.load (i32.const 4)))
  (call $say (local.get $handle) (i32.const 1024) (i32.sub (global.get $end) (i32.const 1024)) (i32.const 0))
  (call $end-output (local.get $handle))
  (call $finish (local.get $body) (i32.const 0) (i32.const 0) (i32.const 0))`;

/** Memory: 0 what calls return, 64 words to look at, 1024 the answer, 4096 what is allocated. */
function moduleText({ pages, changes, turns }: FirstStateOptions): string {
  const isAll = changes === "everything";
  return `(module ${IMPORTS}
  (memory (export "memory") ${pages})
  (data (i32.const 68) "\\ed\\5e\\00\\00file")
  (data $passive "\\11\\22\\33\\44")
  (global $last i32 (i32.const ${pages * 65536 - 4}))
  (global $a (mut i32) (i32.const 1))
  (global $b (mut i64) (i64.const 2))
  (global $c (mut f32) (f32.const 1))
  (global $d (mut f64) (f64.const 2))
  ${isAll ? "(global $reference (mut funcref) (ref.null func))" : ""}
  (global $end (mut i32) (i32.const 1024))
  (global $next (mut i32) (i32.const 4096))
  (table $table 2 funcref)
  (elem $elements func $nothing)
  (func $nothing)
  (func $digit (param $value i32)
    (i32.store8 (global.get $end) (i32.add (local.get $value)
      (select (i32.const 87) (i32.const 48) (i32.gt_u (local.get $value) (i32.const 9)))))
    (global.set $end (i32.add (global.get $end) (i32.const 1))))
  (func $put (param $value i32) (local $shift i32)
    (local.set $shift (i32.const 32))
    (loop $digits
      (local.set $shift (i32.sub (local.get $shift) (i32.const 4)))
      (call $digit (i32.and (i32.shr_u (local.get $value) (local.get $shift)) (i32.const 15)))
      (br_if $digits (local.get $shift)))
    (i32.store8 (global.get $end) (i32.const 32))
    (global.set $end (i32.add (global.get $end) (i32.const 1))))
  (func $turn (local $left i32)
    (local.set $left (i32.const ${turns}))
    (loop $turns (br_if $turns (local.tee $left (i32.sub (local.get $left) (i32.const 1))))))
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
    (global.get $next)
    (global.set $next (i32.and (i32.add (i32.add (global.get $next) (local.get 3)) (i32.const 7)) (i32.const -8))))
  (func (export "rcm:guest/things#[constructor]thing") (result i32) (call $new-thing (i32.const 0)))
  (func (export "wasi:http/incoming-handler@0.2.12#handle") (param $request i32) (param $out i32)
    (local $handle i32) (local $response i32) (local $body i32) (local $way i32)
    (call $path (local.get $request) (i32.const 0))
    (local.set $way (i32.load (i32.const 8))) ;; The length of the path: 1, 5 for /left and /grow.
    (if (i32.gt_u (local.get $way) (i32.const 1)) (then (local.set $way (i32.load8_u offset=1 (i32.load (i32.const 4))))))
    (if (i32.eq (local.get $way) (i32.const 108)) (then (call $type-of (i32.const ${LEFT_HANDLE}) (i32.const 0))))
    ${LOOK} ${OPEN} ${isAll ? LASTING : ""}
    (call $put (memory.size))
    (if (i32.eq (local.get $way) (i32.const 103)) (then ${GROW}))
    (call $turn)
    ${ANSWER}))`;
}
