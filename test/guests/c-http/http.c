// An HTTP handler without any library: its memory is one page, its allocator only goes forward.
//
// /        says hello, and how often this instance was called
// /echo    gives the body of the request back
// /trap    executes an unreachable instruction
// /spin    never comes back
// /grow    asks for 4 MiB of memory first
typedef unsigned int u32;
typedef unsigned char u8;

#define HTTP "wasi:http/types@0.2.12"
#define STREAMS "wasi:io/streams@0.2.12"
#define IMPORT(module, name) __attribute__((import_module(module), import_name(name)))
#define EXPORT(name) __attribute__((export_name(name)))
#define LENGTH(text) (sizeof(text) - 1)

// A result or option in memory: the tag, then a handle, or a pointer and a length.
typedef struct {
  u32 tag, first, second;
} Answer;

IMPORT(HTTP, "[constructor]fields") u32 fields_new(void);
IMPORT(HTTP, "[method]fields.append") void fields_append(u32, const char *, u32, const char *, u32, Answer *);
IMPORT(HTTP, "[method]incoming-request.path-with-query") void request_path(u32, Answer *);
IMPORT(HTTP, "[method]incoming-request.consume") void request_consume(u32, Answer *);
IMPORT(HTTP, "[method]incoming-body.stream") void incoming_stream(u32, Answer *);
IMPORT(HTTP, "[constructor]outgoing-response") u32 response_new(u32);
IMPORT(HTTP, "[method]outgoing-response.body") void response_body(u32, Answer *);
IMPORT(HTTP, "[method]outgoing-body.write") void body_write(u32, Answer *);
IMPORT(HTTP, "[static]outgoing-body.finish") void body_finish(u32, u32, u32, void *);
IMPORT(HTTP, "[static]response-outparam.set")
void outparam_set(u32, u32, u32, u32, unsigned long long, u32, u32, u32, u32);
IMPORT(HTTP, "[resource-drop]incoming-request") void request_drop(u32);
IMPORT(HTTP, "[resource-drop]incoming-body") void incoming_drop(u32);
IMPORT(STREAMS, "[method]input-stream.blocking-read") void stream_read(u32, unsigned long long, Answer *);
IMPORT(STREAMS, "[method]output-stream.blocking-write-and-flush") void stream_write(u32, const u8 *, u32, Answer *);
IMPORT(STREAMS, "[resource-drop]input-stream") void input_drop(u32);
IMPORT(STREAMS, "[resource-drop]output-stream") void output_drop(u32);

extern u8 __heap_base;
static u8 *next;
static u32 calls;

// Never gives memory back, and grows the memory when there is no more.
EXPORT("cabi_realloc") void *cabi_realloc(void *old, u32 old_size, u32 align, u32 size) {
  (void)old, (void)old_size;
  if (next == 0) next = &__heap_base;
  u8 *start = (u8 *)(((u32)next + align - 1) & ~(align - 1));
  next = start + size;
  u32 pages = __builtin_wasm_memory_size(0);
  if ((u32)next > pages * 65536) {
    u32 more = ((u32)next - pages * 65536 + 65535) / 65536;
    if (__builtin_wasm_memory_grow(0, more) == (u32)-1) __builtin_trap();
  }
  return start;
}

static int is(const Answer *path, const char *text, u32 length) {
  if (path->tag == 0 || path->second != length) return 0;
  for (u32 at = 0; at < length; at++)
    if (((const u8 *)path->first)[at] != (u8)text[at]) return 0;
  return 1;
}

static void echo(u32 request, u32 out) {
  u8 *start = next;
  Answer body, stream, chunk, written;
  request_consume(request, &body);
  incoming_stream(body.first, &stream);
  for (;;) {
    next = start; // What was read before was written.
    stream_read(stream.first, 4096, &chunk);
    if ((chunk.tag & 0xff) != 0) break;
    if (chunk.second > 0) stream_write(out, (const u8 *)chunk.first, chunk.second, &written);
  }
  input_drop(stream.first);
  incoming_drop(body.first);
}

static void hello(u32 out) {
  static const char text[] = "hello from c, call ";
  u8 line[LENGTH(text) + 11];
  u32 length = 0;
  for (; length < LENGTH(text); length++) line[length] = (u8)text[length];
  u32 digits = 1;
  for (u32 rest = calls / 10; rest > 0; rest /= 10) digits++;
  for (u32 rest = calls, at = digits; at > 0; rest /= 10) line[length + --at] = (u8)('0' + rest % 10);
  length += digits;
  line[length++] = '\n';
  Answer written;
  stream_write(out, line, length, &written);
}

EXPORT("wasi:http/incoming-handler@0.2.12#handle") void handle(u32 request, u32 outparam) {
  static const char name[] = "content-type", value[] = "text/plain";
  Answer path, answer, body, out;
  u8 finished[64];
  calls++;
  request_path(request, &path);
  if (is(&path, "/trap", 5)) __builtin_trap();
  if (is(&path, "/spin", 5))
    for (;;) __asm__ volatile("");
  if (is(&path, "/grow", 5)) cabi_realloc(0, 0, 1, 4 << 20);
  u32 fields = fields_new();
  fields_append(fields, name, LENGTH(name), value, LENGTH(value), &answer);
  u32 response = response_new(fields);
  response_body(response, &body);
  outparam_set(outparam, 0, response, 0, 0, 0, 0, 0, 0);
  body_write(body.first, &out);
  if (is(&path, "/echo", 5)) echo(request, out.first);
  else hello(out.first);
  output_drop(out.first);
  body_finish(body.first, 0, 0, finished);
  request_drop(request);
}
