/** Where this executor answers otherwise than wasmtime on purpose. One that is no difference any more fails the test. */
export interface Difference {
  /** The guest's table of calls. */
  readonly table: string;
  /** The calls, as the guest names them. */
  readonly call: RegExp;
  readonly ours: RegExp;
  readonly theirs: RegExp;
  readonly why: string;
}

/** The name of an error, and nothing done. */
const REFUSED = /^[a-z-]+$/;

const FILES: readonly Difference[] = [
  {
    table: "paths",
    call: /^(stat|metadata-hash)-at ".*\/\.?"/,
    ours: /^(not-directory|no-entry|loop|not-permitted|ok\(\("Directory)/,
    theirs: /^ok\(/,
    why: "as POSIX has it, what is before a slash is a folder, and a link there is followed; wasmtime leaves the slash out",
  },
  {
    table: "paths",
    call: /^remove-directory-at ".*\/"/,
    ours: /^(ok|not-empty|not-directory)/,
    theirs: /^(invalid|loop|no-entry|not-permitted)$/,
    why: "as POSIX has it, a slash may follow the name of a folder; wasmtime refuses it, and looks where links lead first",
  },
  {
    table: "paths",
    call: /^(unlink-file-at|symlink-at from) ".*\/"/,
    ours: REFUSED,
    theirs: REFUSED,
    why: "both refuse; ours says what the kernel says, wasmtime looks first where the path without the slash leads",
  },
  {
    table: "paths",
    call: /^open-at directory "/,
    ours: /^not-directory$/,
    theirs: /^loop$/,
    why: "a link that is not followed is no folder: the kernel says so first",
  },
  {
    table: "paths",
    call: /\\0"/,
    ours: /^invalid$/,
    theirs: /^no-entry$/,
    why: "a path with a zero byte is none, whatever is before that byte",
  },
  {
    table: "two-paths",
    call: /^link-at "[^"]*\/" to /,
    ours: REFUSED,
    theirs: REFUSED,
    why: "both refuse; ours looks first whether the old path leads to a folder",
  },
  {
    table: "two-paths",
    call: /^link-at ".*" to ".*\/"/,
    ours: /^(exist|no-entry)$/,
    theirs: REFUSED,
    why: "both refuse; ours says what the kernel says of a slash after what is there",
  },
  {
    table: "two-paths",
    call: /nul\\0byte/,
    ours: /^invalid$/,
    theirs: REFUSED,
    why: "a path with a zero byte is none, wherever the other path leads",
  },
  {
    table: "flags",
    call: /(CREATE|TRUNCATE).* DescriptorFlags\((0x0|READ|READ \| MUTATE_DIRECTORY)\)$/,
    ours: /flags ok\(DescriptorFlags\(READ\)\).* write bad-descriptor/,
    theirs: /flags ok\(DescriptorFlags\(READ \| WRITE\)\).* write ok/,
    why: "a file is open for what was asked for, also when it was made or cut then",
  },
  {
    table: "flags",
    call: /SYNC/,
    ours: /^ok\(RegularFile\)/,
    theirs: /^unsupported$/,
    why: "the kernel can write that way, and does for us",
  },
  {
    table: "flags",
    call: /DIRECTORY/,
    ours: /^not-directory$/,
    theirs: /^loop$/,
    why: "a link that is not followed is no folder: the kernel says so first",
  },
  {
    table: "flags",
    call: / follow dir | dir |dirlink/,
    ours: /^ok\(Directory\) .* read is-directory/,
    theirs: /^ok\(Directory\) .* read bad-descriptor/,
    why: "POSIX has a code of its own for a folder that is read as a file, which wasmtime gives for streams only",
  },
  {
    table: "flags",
    call: /MUTATE_DIRECTORY/,
    ours: /^ok\(Directory\) flags ok\(DescriptorFlags\(READ \| MUTATE_DIRECTORY\)\)/,
    theirs: /^ok\(Directory\) flags ok\(DescriptorFlags\(READ\)\)/,
    why: "the flags of a folder are those that it was opened with",
  },
  {
    table: "descriptors",
    call: /^dir .*MUTATE_DIRECTORY\) get-flags$/,
    ours: /READ \| MUTATE_DIRECTORY/,
    theirs: /^ok\(DescriptorFlags\(READ\)\)$/,
    why: "the flags of a folder are those that it was opened with",
  },
  {
    table: "descriptors",
    call: /read (nothing|length 0)/,
    ours: /^ok\(.*, false\)\)/,
    theirs: /^ok\(.*, true\)\)/,
    why: "who asks for nothing has not reached the end of the file",
  },
  {
    table: "descriptors",
    call: /^dir .* read( nothing)?$/,
    ours: /^is-directory$/,
    theirs: /^bad-descriptor$/,
    why: "POSIX has a code of its own for a folder that is read as a file, which wasmtime gives for streams only",
  },
  {
    table: "descriptors",
    call: /(read|write|append)-via-stream/,
    ours: /^(bad-descriptor|invalid)\b/,
    theirs: /^stream failed/,
    why: "a stream that can not work is refused at once, with the reason; the interface has an error for that",
  },
  {
    table: "streams",
    call: /^write beyond the end of all files$/,
    ours: /^invalid$/,
    theirs: /^ok/,
    why: "a stream that can not work is refused at once, with the reason; the interface has an error for that",
  },
  {
    table: "times",
    call: / 1\.(1000000000|4294967295)$/,
    ours: /^invalid/,
    theirs: /^ok/,
    why: "by the definition of `datetime` there are fewer nanoseconds than 1,000,000,000",
  },
];

const STREAMS: readonly Difference[] = [
  {
    table: "streams",
    call: /^read what was added$/,
    ours: /^ok/,
    theirs: /^closed$/,
    why: "as POSIX has it, a file that has grown is read on: guests of WASI's first version keep their stream at the end",
  },
  {
    table: "streams",
    call: /^stdin.* end: .* 0$/,
    ours: /^closed$/,
    theirs: /^ok/,
    why: "the interface says that reading 0 bytes fails where the stream is closed",
  },
  {
    table: "clocks",
    call: /^subscribe-(instant|duration) (0|now) ready$/,
    ours: /^true$/,
    theirs: /^false$/,
    why: "an instant that is over is over; wasmtime says so only to those who block",
  },
  {
    table: "clocks",
    call: /^insecure-seed stays$/,
    ours: /^false$/,
    theirs: /^true$/,
    why: "a guest is to ask once; what it gets then is left open, and ours is always new",
  },
];

const SOCKETS: readonly Difference[] = [
  {
    table: "tcp",
    call: / bind started local-address$/,
    ours: /^invalid-state$/,
    theirs: /^ok/,
    why: "by the interface a socket is bound from the state `bound` on",
  },
  {
    table: "tcp",
    call: / listen started is-listening$/,
    ours: /^false$/,
    theirs: /^true$/,
    why: "by the interface a socket listens in the state `listening`, which `finish-listen` begins",
  },
  {
    table: "tcp",
    call: / listen started accept$/,
    ours: /^invalid-state$/,
    theirs: /^would-block$/,
    why: "by the interface a socket listens in the state `listening`, which `finish-listen` begins",
  },
  {
    table: "tcp",
    call: / listen(ing| started) set-listen-backlog-size/,
    ours: /^not-supported$/,
    theirs: /^ok/,
    why: "Node can not change it then, and the interface has this error for that",
  },
  {
    table: "tcp",
    call: / refused (local|remote)-address$/,
    ours: /^invalid-state$/,
    theirs: /^connection-refused$/,
    why: "the interface has this error for the state `closed`",
  },
  {
    table: "tcp",
    call: / refused set-listen-backlog-size/,
    ours: /^ok/,
    theirs: /^connection-refused$/,
    why: "by the interface no value but 0 is an error",
  },
  {
    table: "tcp-options",
    call: / refused /,
    ours: /ok\(/,
    theirs: /connection-refused$/,
    why: "what is set on a socket holds until it is dropped; that there was no connection was said before",
  },
  {
    table: "udp",
    call: / bind started local-address$/,
    ours: /^invalid-state$/,
    theirs: /^ok/,
    why: "by the interface a socket is bound when `finish-bind` says so",
  },
  {
    table: "udp",
    call: / bind started stream/,
    ours: /^invalid-state$/,
    theirs: /^ok/,
    why: "by the interface a socket is bound when `finish-bind` says so",
  },
  {
    table: "udp",
    call: / bind (240|192|2001|ff02|where another is)/,
    ours: /^ok\(\(\)\), then (address-|invalid-argument)/,
    theirs: /^(address-|invalid-argument).*, then not-in-progress/,
    why: "Node tells of it later: then it is `finish-bind` that fails, which the interface has both ways",
  },
];

export const DIFFERENCES: readonly Difference[] = [...FILES, ...STREAMS, ...SOCKETS];
