/*
 * Finds the id of a container's pod in its config.json: in one pass, without memory of its own. What is not plain JSON
 * gives no answer, and neither does anything that leaves a doubt: Node is asked then.
 */
enum { MAX_DEPTH = 64, MAX_NAME = 76 };

#define SANDBOX_KEY "io.kubernetes.cri.sandbox-id"
/* What goes before it: shim/spec/container-kind.ts. */
#define GROUP_KEY "io.containerd.runc.v2.group"

struct reader {
  const char *at, *end;
};

/* A string of the text, as it is written there. */
struct word {
  const char *from;
  u64 length;
  int plain; /* No escapes: it means what is written. */
};

struct found {
  int annotations;
  struct word sandbox, group;
};

/* What an object is. */
enum role { SPEC, ANNOTATIONS, OTHER };

static int is_digit(char c) { return c >= '0' && c <= '9'; }

static int is_letter_or_digit(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static int is_hexadecimal(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static int is_one_of(char c, const char *some) {
  while (*some)
    if (*some++ == c) return 1;
  return 0;
}

/* The next character, or 0 at the end. */
static char peek(const struct reader *reader) { return reader->at < reader->end ? *reader->at : 0; }

static int accept(struct reader *reader, char c) {
  if (reader->at >= reader->end || *reader->at != c) return 0;
  reader->at++;
  return 1;
}

static void skip_space(struct reader *reader) {
  while (is_one_of(peek(reader), " \t\r\n")) reader->at++;
}

static int accept_token(struct reader *reader, char c) {
  skip_space(reader);
  return accept(reader, c);
}

static int accept_text(struct reader *reader, const char *text) {
  while (*text)
    if (!accept(reader, *text++)) return 0;
  return 1;
}

static int accept_escape(struct reader *reader) {
  if (accept(reader, 'u')) {
    for (int i = 0; i < 4; i++) {
      if (!is_hexadecimal(peek(reader))) return 0;
      reader->at++;
    }
    return 1;
  }
  if (!is_one_of(peek(reader), "\"\\/bfnrt")) return 0;
  reader->at++;
  return 1;
}

static int read_string(struct reader *reader, struct word *word) {
  if (!accept_token(reader, '"')) return 0;
  word->from = reader->at;
  word->plain = 1;
  while (reader->at < reader->end) {
    u8 c = (u8)*reader->at++;
    if (c < ' ') return 0;
    if (c == '"') {
      word->length = (u64)(reader->at - 1 - word->from);
      return 1;
    }
    if (c != '\\') continue;
    word->plain = 0;
    if (!accept_escape(reader)) return 0;
  }
  return 0;
}

static int read_digits(struct reader *reader) {
  if (!is_digit(peek(reader))) return 0;
  while (is_digit(peek(reader))) reader->at++;
  return 1;
}

static int read_number(struct reader *reader) {
  accept(reader, '-');
  if (!accept(reader, '0') && !read_digits(reader)) return 0;
  if (accept(reader, '.') && !read_digits(reader)) return 0;
  if (!accept(reader, 'e') && !accept(reader, 'E')) return 1;
  if (!accept(reader, '+')) accept(reader, '-');
  return read_digits(reader);
}

static int read_object(struct reader *reader, int depth, enum role role, struct found *found);

static int read_value(struct reader *reader, int depth) {
  struct word word;
  if (depth > MAX_DEPTH) return 0;
  if (accept_token(reader, '{')) return read_object(reader, depth, OTHER, 0);
  if (accept(reader, '[')) {
    if (accept_token(reader, ']')) return 1;
    do
      if (!read_value(reader, depth + 1)) return 0;
    while (accept_token(reader, ','));
    return accept_token(reader, ']');
  }
  switch (peek(reader)) {
    case '"': return read_string(reader, &word);
    case 't': return accept_text(reader, "true");
    case 'f': return accept_text(reader, "false");
    case 'n': return accept_text(reader, "null");
    default: return read_number(reader);
  }
}

static int is_word(const struct word *word, const char *text) {
  for (u64 i = 0; i < word->length; i++)
    if (text[i] != word->from[i] || !text[i]) return 0;
  return !text[word->length];
}

/* The value of something that may be there once. */
static int read_once(struct reader *reader, struct word *word) {
  return !word->from && read_string(reader, word) && word->plain;
}

static int read_member(struct reader *reader, int depth, enum role role, struct found *found) {
  struct word name;
  if (!read_string(reader, &name) || !accept_token(reader, ':')) return 0;
  if (role == OTHER) return read_value(reader, depth + 1);
  if (!name.plain) return 0; /* It could be one of ours, written in another way. */
  if (role == SPEC && is_word(&name, "annotations")) {
    if (found->annotations++) return 0;
    return accept_token(reader, '{') && read_object(reader, depth + 1, ANNOTATIONS, found);
  }
  if (role == ANNOTATIONS && is_word(&name, SANDBOX_KEY)) return read_once(reader, &found->sandbox);
  if (role == ANNOTATIONS && is_word(&name, GROUP_KEY)) return read_once(reader, &found->group);
  return read_value(reader, depth + 1);
}

/* Behind its opening brace. */
static int read_object(struct reader *reader, int depth, enum role role, struct found *found) {
  if (accept_token(reader, '}')) return 1;
  do
    if (!read_member(reader, depth, role, found)) return 0;
  while (accept_token(reader, ','));
  return accept_token(reader, '}');
}

/* containerd's rule for identifiers, as in shim/flags.ts. */
static int is_name(const char *text, u64 length) {
  int separated = 1;
  if (length == 0 || length > MAX_NAME) return 0;
  for (u64 i = 0; i < length; i++) {
    int separator = is_one_of(text[i], "._-");
    if (!separator && !is_letter_or_digit(text[i])) return 0;
    if (separator && separated) return 0;
    separated = separator;
  }
  return !separated;
}

static int same_words(const struct word *a, const struct word *b) {
  if (a->length != b->length) return 0;
  for (u64 i = 0; i < a->length; i++)
    if (a->from[i] != b->from[i]) return 0;
  return 1;
}

/* Whether the text has the id of a pod, which is put into `id` (of MAX_NAME + 1 bytes). */
static int find_sandbox(const char *text, u64 size, char *id) {
  struct reader reader = {text, text + size};
  struct found found = {0, {0, 0, 0}, {0, 0, 0}};
  if (!accept_token(&reader, '{') || !read_object(&reader, 0, SPEC, &found)) return 0;
  skip_space(&reader);
  if (reader.at != reader.end) return 0;
  if (!found.sandbox.from || !is_name(found.sandbox.from, found.sandbox.length)) return 0;
  if (found.group.from && !same_words(&found.sandbox, &found.group)) return 0;
  for (u64 i = 0; i < found.sandbox.length; i++) id[i] = found.sandbox.from[i];
  id[found.sandbox.length] = 0;
  return 1;
}
