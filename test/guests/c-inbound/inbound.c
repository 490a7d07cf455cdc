// A handler of Spin 1 without any library. Answers with the method's number in a header, and the URI, the request's
// headers and its body as text. The URI /empty is answered with a status alone, /bad with one that is none.
typedef unsigned int u32;
typedef unsigned short u16;
typedef unsigned char u8;

#define EXPORT(name) __attribute__((export_name(name)))

typedef struct {
  const u8 *bytes;
  u32 length;
} Text;

typedef struct {
  Text name, value;
} Field;

typedef struct {
  u16 status;
  u32 has_headers; // One byte and padding.
  Text headers;
  u32 has_body;
  Text body;
} Response;

extern u8 __heap_base;
static u8 *next;

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

static u8 *append(u8 *to, const u8 *bytes, u32 length) {
  for (u32 at = 0; at < length; at++) *to++ = bytes[at];
  return to;
}

static int is(const u8 *bytes, u32 length, const char *text) {
  u32 at = 0;
  for (; at < length && text[at] != 0; at++)
    if (bytes[at] != (u8)text[at]) return 0;
  return at == length && text[at] == 0;
}

static Response response;
static Field header;
static u8 digit;

EXPORT("fermyon:spin/inbound-http#handle-request")
Response *handle(u32 method, const u8 *uri, u32 uri_length, const Field *headers, u32 header_count, const Field *params,
                 u32 param_count, u32 has_body, const u8 *body, u32 body_length) {
  (void)params, (void)param_count;
  u32 length = uri_length + 1 + (has_body ? body_length : 0);
  for (u32 at = 0; at < header_count; at++) length += headers[at].name.length + headers[at].value.length + 2;
  if (is(uri, uri_length, "/empty")) {
    response = (Response){.status = 204};
    return &response;
  }
  u8 *text = cabi_realloc(0, 0, 1, length), *to = append(text, uri, uri_length);
  *to++ = '\n';
  for (u32 at = 0; at < header_count; at++) {
    to = append(to, headers[at].name.bytes, headers[at].name.length);
    *to++ = '=';
    to = append(to, headers[at].value.bytes, headers[at].value.length);
    *to++ = '\n';
  }
  if (has_body) append(to, body, body_length);
  digit = (u8)('0' + method);
  header = (Field){{(const u8 *)"x-method", 8}, {&digit, 1}};
  response = (Response){is(uri, uri_length, "/bad") ? 7 : 200, 1, {(const u8 *)&header, 1}, 1, {text, length}};
  return &response;
}
