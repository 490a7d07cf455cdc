/*
 * Answers in a millisecond what containerd asks most often. Returns where Node is to be asked, which is so in each case
 * that is not plain.
 */
enum { MAX_SPEC = 1 << 18, MAX_ADDRESS = 8 + 106, MAX_RECORD = 64, MAX_BUNDLE = MAX_PATH - 16 };

struct flags {
  const char *id, *bundle;
};

static int is_text_flag(const char *flag) {
  return same(flag, "-namespace") || same(flag, "-address") || same(flag, "-publish-binary") || same(flag, "-id") ||
         same(flag, "-bundle");
}

/* Whether the arguments are just those that containerd gives. */
static int read_flags(u64 count, const char **arguments, struct flags *flags) {
  u64 i = 1;
  flags->id = flags->bundle = 0;
  while (i + 1 < count) {
    if (same(arguments[i], "-debug")) {
      i++;
      continue;
    }
    if (!is_text_flag(arguments[i])) return 0;
    const char *value = arguments[i + 1];
    if (same(arguments[i], "-namespace") && !is_name(value, length(value))) return 0;
    if (same(arguments[i], "-id")) flags->id = value;
    if (same(arguments[i], "-bundle")) flags->bundle = value;
    i += 2;
  }
  return i + 1 == count && flags->id && is_name(flags->id, length(flags->id));
}

/* Bytes of a small file, or -1 if it is missing or has more. */
static long read_small(const char *path, char *to, u64 most) {
  u64 size = 0;
  long fd = sys_open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK, 0), n;
  if (fd < 0) return -1;
  do {
    n = sys_read(fd, to + size, most - size);
    if (n > 0) size += n;
  } while (n > 0 && size < most);
  sys_close(fd);
  return n < 0 || size == most ? -1 : (long)size;
}

static void sibling(char *path, const char *container, const char *name) {
  path[0] = 0;
  append(path, "../");
  append(path, container);
  append(path, "/");
  append(path, name);
}

/* `unix://` and an absolute path, and nothing that could be taken for something else in what is printed. */
static int is_address(const char *text, long size) {
  if (size < 9 || !starts(text, "unix:///")) return 0;
  for (long i = 0; i < size; i++)
    if (text[i] <= ' ' || text[i] > '~' || text[i] == '"') return 0;
  return 1;
}

/* 0 if somebody serves there, or why not. */
static long try_connect(const char *address) {
  struct unix_address to;
  const char *path = address + length("unix://");
  u64 n = 0;
  while (path[n] && n < sizeof to.path - 1) {
    to.path[n] = path[n];
    n++;
  }
  to.path[n] = 0;
  to.family = AF_UNIX;
  long fd = sys_socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (fd < 0) return fd;
  long result = sys_connect(fd, &to, sizeof to.family + n + 1);
  sys_close(fd);
  return result;
}

/* Whether it is an address, which is put into `address` (of MAX_ADDRESS + 1 bytes). */
static int read_address(const char *path, char *address) {
  long size = read_small(path, address, MAX_ADDRESS);
  if (size < 0) return 0;
  address[size] = 0;
  return is_address(address, size);
}

static int write_address(const char *address, long size) {
  long fd = sys_open("address", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (fd < 0) return 0;
  long n = sys_write(fd, address, size);
  sys_close(fd);
  return n == size;
}

/* Of `start`, for a container whose pod has a shim, as shim/start does: containerd up to 1.7 asks for each container. */
static void __attribute__((noinline)) answer_start(u64 count, const char **arguments) {
  char spec[MAX_SPEC], path[MAX_PATH], address[MAX_ADDRESS + 1], sandbox[MAX_NAME + 1];
  struct statx info;
  struct flags flags;
  if (!read_flags(count, arguments, &flags)) return;
  long size = read_small("config.json", spec, sizeof spec);
  if (size < 0 || !find_sandbox(spec, size, sandbox) || same(sandbox, flags.id)) return;
  /* From 2.0 on containerd writes this, and wants another answer. */
  sibling(path, sandbox, "bootstrap.json");
  if (sys_statx(path, &info) != -ENOENT) return;
  sibling(path, sandbox, "address");
  if (!read_address(path, address) || try_connect(address) != 0) return;
  size = (long)length(address);
  if (write_address(address, size) && sys_write(1, address, size) == size) sys_exit(0);
}

/*
 * Of `delete`, after an orderly end: containerd waits for it each time. The shim has taken everything away then, and left
 * the answer in the bundle (shim/task/deletion-record.ts). Only its socket may still be there, if it was killed after that.
 */
static void answer_delete(u64 count, const char **arguments) {
  char record[MAX_RECORD], path[MAX_PATH], address[MAX_ADDRESS + 1];
  struct flags flags;
  if (!read_flags(count, arguments, &flags) || !flags.bundle || length(flags.bundle) > MAX_BUNDLE) return;
  join(path, flags.bundle, "deleted");
  long size = read_small(path, record, sizeof record);
  if (size <= 0) return;
  join(path, flags.bundle, "address");
  if (!read_address(path, address)) return;
  long result = try_connect(address);
  if (result != 0 && result != -ENOENT) return;
  if (sys_write(1, record, size) == size) sys_exit(0);
}
