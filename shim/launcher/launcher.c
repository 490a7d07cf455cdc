/*
 * The entry point of containerd-shim-spin-v2: runs Node on a machine that need not have its C library.
 *
 * The kernel starts this code instead of a loader (the file has no PT_INTERP). It makes sure that the libraries, which
 * are stored at the end of the same file, lie in a folder beside it, maps the loader from there as the kernel would, and
 * jumps to it. So /proc/self/exe stays this file, its pages are shared by all processes, and nothing is unpacked twice.
 *
 * It has no C library itself and no writable data: everything is on the stack, strings are in the code.
 */
#include "system.h"

#define LAUNCHER_FD "RCM_LAUNCHER_FD="

enum { MAX_PATH = 4096, MAX_FILES = 16, CHUNK = 1 << 16 };

/* What the build appends: scripts/build.d/launcher-config.ts writes the same fields. */
struct config {
  u64 entry;       /* Address of Node's own _start. */
  u64 table;       /* Address of the table of segments for the loader. */
  u64 table_count; /* Its segments. */
  u64 count;       /* Of files; the first is the loader. */
  char folder[64]; /* Relative to the folder of the executable. */
  struct {
    u64 offset; /* In the executable. */
    u64 size;
    char name[48];
  } files[MAX_FILES];
};

extern const struct config config __attribute__((visibility("hidden")));

struct start {
  u64 entry; /* Where to jump. */
  u64 *stack;
};

/* ---- Text ---- */

static u64 length(const char *text) {
  u64 n = 0;
  while (text[n]) n++;
  return n;
}

static int starts(const char *text, const char *prefix) {
  while (*prefix)
    if (*text++ != *prefix++) return 0;
  return 1;
}

static int same(const char *a, const char *b) {
  return starts(a, b) && !a[length(b)];
}

/* Appends to a text in a buffer of MAX_PATH bytes; what does not fit is cut. */
static void append(char *buffer, const char *text) {
  u64 n = length(buffer);
  while (*text && n < MAX_PATH - 1) buffer[n++] = *text++;
  buffer[n] = 0;
}

static void append_number(char *buffer, u64 number) {
  char digits[24], *at = digits + 23;
  *at = 0;
  do *--at = '0' + number % 10;
  while (number /= 10);
  append(buffer, at);
}

static void join(char *path, const char *folder, const char *name) {
  path[0] = 0;
  append(path, folder);
  append(path, "/");
  append(path, name);
}

/* ---- What needs no Node ---- */

#include "find-sandbox.h"
#include "answer.h"

/* ---- Failing ---- */

static const char *reason(long error) {
  switch (-error) {
    case EPERM: return "not permitted";
    case ENOENT: return "there is no such file or folder";
    case EIO: return "input/output error";
    case EACCES: return "permission denied";
    case ENOSPC: return "no space is left";
    case EROFS: return "the file system is read-only";
    case EDQUOT: return "the quota is used up";
    default: return 0;
  }
}

/* Cannot <what> "<path>": <why>. */
static void __attribute__((noreturn)) fail(const char *what, const char *path, long error) {
  char line[MAX_PATH];
  line[0] = 0;
  append(line, "Cannot ");
  append(line, what);
  append(line, " \"");
  append(line, path);
  append(line, "\": ");
  const char *known = reason(error);
  if (known) append(line, known);
  else {
    append(line, "error ");
    append_number(line, -error);
  }
  append(line, "\n");
  sys_write(2, line, length(line));
  sys_exit(1);
}

/* ---- Unpacking ---- */

struct place {
  int executable;        /* File descriptor, or -1 while it is not open. */
  u64 random;            /* Nobody else's. */
  u64 base;              /* Length of the executable's own folder. */
  char folder[MAX_PATH]; /* Of the libraries, absolute. */
};

static int is_whole(const char *path, u64 size) {
  struct statx info;
  return sys_statx(path, &info) == 0 && (info.mode & S_IFMT) == S_IFREG && info.size == size;
}

static void make_folder(const char *path) {
  long result = sys_mkdir(path, 0755);
  if (result == 0) result = sys_chmod(path, 0755); /* Whatever the umask is. */
  if (result < 0 && result != -EEXIST) fail("make the folder", path, result);
}

/* The folder of the executable is there; those below it may not be. */
static void make_folders(struct place *place) {
  for (char *at = place->folder + place->base + 1; *at; at++) {
    if (*at != '/') continue;
    *at = 0;
    make_folder(place->folder);
    *at = '/';
  }
  make_folder(place->folder);
}

/* Copies a part of the executable. Returns 0 or an error. */
static long copy(int from, u64 offset, u64 size, int to) {
  char chunk[CHUNK];
  while (size > 0) {
    long n = sys_pread(from, chunk, size < CHUNK ? size : CHUNK, offset);
    if (n == 0) return -EIO; /* The executable was cut. */
    if (n < 0) return n;
    offset += n;
    size -= n;
    for (long done = 0; done < n;) {
      long m = sys_write(to, chunk + done, n - done);
      if (m < 0) return m;
      done += m;
    }
  }
  return 0;
}

/* Another process may do the same at the same time: each writes a file of its own, and either may take the place. */
static void unpack(struct place *place, const char *path, u64 offset, u64 size) {
  char temporary[MAX_PATH];
  if (place->executable < 0) {
    long fd = sys_open("/proc/self/exe", O_RDONLY | O_CLOEXEC, 0);
    if (fd < 0) fail("unpack libraries from", "/proc/self/exe", fd);
    place->executable = fd;
    make_folders(place);
  }
  temporary[0] = 0;
  append(temporary, path);
  append(temporary, ".new-");
  append_number(temporary, place->random); /* A process's number is no name: it may be in another container. */
  long fd = sys_open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0755);
  if (fd < 0) fail("unpack a library to", temporary, fd);
  long result = copy(place->executable, offset, size, fd);
  if (result == 0) result = sys_fchmod(fd, 0755);
  if (result == 0) result = sys_fsync(fd);
  sys_close(fd);
  if (result == 0) result = sys_rename(temporary, path);
  if (result < 0) {
    sys_unlink(temporary);
    fail("unpack a library to", path, result);
  }
}

/* The loader looks for the libraries by the same link: DT_RPATH has $ORIGIN. */
static void find_folder(struct place *place) {
  long end = sys_readlink("/proc/self/exe", place->folder, MAX_PATH - 1);
  if (end < 0) fail("read", "/proc/self/exe", end);
  while (end > 0 && place->folder[end] != '/') end--;
  place->folder[end] = 0;
  place->base = end;
  append(place->folder, "/");
  append(place->folder, config.folder);
}

/* Leaves the path of the loader in `loader`. */
static void provide_libraries(char *loader, u64 random) {
  struct place place;
  place.executable = -1;
  place.random = random;
  find_folder(&place);
  for (u64 i = config.count; i-- > 0;) { /* The loader, the first, comes last. */
    join(loader, place.folder, config.files[i].name);
    if (!is_whole(loader, config.files[i].size)) unpack(&place, loader, config.files[i].offset, config.files[i].size);
  }
  if (place.executable >= 0) sys_close(place.executable);
}

/* ---- Loading ---- */

static int protection(u32 flags) {
  return (flags & PF_R ? PROT_READ : 0) | (flags & PF_W ? PROT_WRITE : 0) | (flags & PF_X ? PROT_EXEC : 0);
}

struct loader {
  int fd;
  const char *path;
  u64 base;
  u64 page;
};

static void map_at(const struct loader *loader, u64 at, u64 size, int protect, int flags, int fd, u64 offset) {
  long result = sys_mmap(at, size, protect, flags | MAP_PRIVATE | MAP_FIXED, fd, offset);
  if (result < 0 && result > -4096) fail("map", loader->path, result);
}

static void map_segment(const struct loader *loader, const struct segment *segment) {
  u64 mask = loader->page - 1, inside = segment->address & mask;
  u64 at = loader->base + segment->address - inside;
  u64 file_end = loader->base + segment->address + segment->file_size;
  u64 page_end = (file_end + mask) & ~mask, end = loader->base + segment->address + segment->memory_size;
  int protect = protection(segment->flags);
  if (segment->file_size) {
    map_at(loader, at, segment->file_size + inside, protect, 0, loader->fd, segment->offset - inside);
  }
  if (segment->memory_size == segment->file_size) return;
  /* To the end of the page, as the kernel does: the loader allocates there. */
  for (volatile char *zero = (volatile char *)file_end; (u64)zero < page_end; zero++) *zero = 0;
  if (end > page_end) map_at(loader, page_end, (end - page_end + mask) & ~mask, protect, MAP_ANONYMOUS, -1, 0);
}

/* Maps the loader where the kernel finds room. Returns the address of its first instruction. */
static u64 map_loader(const char *path, u64 page, u64 *base) {
  union {
    struct elf elf;
    char bytes[2048];
  } head;
  long fd = sys_open(path, O_RDONLY | O_CLOEXEC, 0);
  if (fd < 0) fail("open", path, fd);
  long n = sys_pread(fd, head.bytes, sizeof head, 0);
  if (n < (long)sizeof head || head.elf.phoff + head.elf.phnum * sizeof(struct segment) > sizeof head) {
    fail("load", path, -ENOEXEC);
  }
  const struct segment *segments = (const struct segment *)(head.bytes + head.elf.phoff);
  u64 end = 0;
  for (int i = 0; i < head.elf.phnum; i++) {
    const struct segment *one = segments + i;
    if (one->type == PT_LOAD && one->address + one->memory_size > end) end = one->address + one->memory_size;
  }
  long room = sys_mmap(0, end, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (room < 0 && room > -4096) fail("map", path, room);
  struct loader loader = {fd, path, room, page};
  for (int i = 0; i < head.elf.phnum; i++)
    if (segments[i].type == PT_LOAD) map_segment(&loader, segments + i);
  sys_close(fd);
  *base = room;
  return room + head.elf.entry;
}

/* ---- The environment and `start` ---- */

/*
 * What could put foreign code or settings into the loader or Node. LD_LIBRARY_PATH cannot (the file has a DT_RPATH), and
 * runc may need it.
 */
static int is_dangerous(const char *variable) {
  if (starts(variable, "LD_LIBRARY_PATH=")) return 0;
  return starts(variable, "LD_") || starts(variable, "NODE_") || starts(variable, "GLIBC_TUNABLES=") ||
         starts(variable, "GCONV_PATH=") || starts(variable, "MALLOC_") || starts(variable, "OPENSSL_") ||
         starts(variable, LAUNCHER_FD);
}

/* As containerd calls it: `-namespace default ... start`. A guest's arguments may end with the same word. */
static int is_command(u64 count, const char **arguments, const char *command) {
  return count > 2 && arguments[1][0] == '-' && same(arguments[count - 1], command);
}

/*
 * `start` must end while the shim goes on. It is forked here, where there is nothing yet that a fork could break: the
 * child becomes Node, and this process waits until the child says that it serves (one byte) or has ended.
 * Returns the child's end of the pipe, in the child.
 */
static int fork_server(void) {
  int pipe[2], status = 0;
  long result = sys_pipe(pipe, O_CLOEXEC);
  if (result < 0) fail("start", "containerd-shim-spin-v2", result);
  long child = sys_fork();
  if (child < 0) fail("start", "containerd-shim-spin-v2", child);
  if (child == 0) {
    sys_close(pipe[0]);
    sys_setsid();
    return pipe[1];
  }
  sys_close(pipe[1]);
  char byte;
  do result = sys_read(pipe[0], &byte, 1);
  while (result == -EINTR);
  if (result == 1) sys_exit(0);
  do result = sys_wait(child, &status);
  while (result == -EINTR);
  sys_exit(status & 0x7f ? 128 + (status & 0x7f) : status >> 8 & 0xff);
}

/* Moves the tables on the stack down by two words, for one more variable, without those that are dangerous. */
static u64 *copy_tables(u64 *old, u64 *stack, char *extra) {
  u64 *out = stack, count = old[0];
  for (u64 i = 0; i < count + 2; i++) *out++ = *old++;
  for (; *old; old++)
    if (!is_dangerous((const char *)*old)) *out++ = *old;
  if (extra) *out++ = (u64)extra;
  *out++ = *old++;
  do {
    *out++ = old[0];
    *out++ = old[1];
    old += 2;
  } while (old[-2] != AT_NULL);
  return stack;
}

static u64 *find(u64 *auxv, u64 type) {
  while (auxv[0] != type && auxv[0] != AT_NULL) auxv += 2;
  return auxv[0] == type ? auxv + 1 : 0;
}

static void set(u64 *auxv, u64 type, u64 value) {
  u64 *at = find(auxv, type);
  if (at) *at = value;
}

/* Words of the tables: argc, arguments, environment, auxiliary vector. */
static u64 table_words(const u64 *stack) {
  u64 n = 1 + stack[0] + 1;
  while (stack[n]) n++;
  n++;
  while (stack[n] != AT_NULL) n += 2;
  return n + 2;
}

u64 table_bytes(const u64 *stack) {
  return (table_words(stack) + 2) * 8 + 48; /* And room for the text of the extra variable. */
}

static u64 *find_auxv(u64 *stack) {
  u64 n = 1 + stack[0] + 1;
  while (stack[n]) n++;
  return stack + n + 1;
}

/* Called by _start: `stack` is the kernel's, `lower` has table_bytes() below it. Returns where to go on. */
struct start launch(u64 *stack, u64 *lower) {
  char loader[MAX_PATH];
  char *extra = 0;
  u64 base, *page = find(find_auxv(stack), AT_PAGESZ), *random = find(find_auxv(stack), AT_RANDOM);
  const char **arguments = (const char **)stack + 1;
  int starting = is_command(stack[0], arguments, "start");
  if (starting) answer_start(stack[0], arguments);
  if (is_command(stack[0], arguments, "delete")) answer_delete(stack[0], arguments);
  provide_libraries(loader, random ? *(u64 *)*random : (u64)sys_getpid());
  if (starting) {
    int fd = fork_server();
    extra = (char *)(lower + table_words(stack) + 2);
    extra[0] = 0;
    append(extra, LAUNCHER_FD);
    append_number(extra, fd);
  }
  struct start start;
  start.entry = map_loader(loader, page ? *page : 4096, &base);
  start.stack = copy_tables(stack, lower, extra);
  u64 *auxv = find_auxv(start.stack);
  set(auxv, AT_PHDR, config.table);
  set(auxv, AT_PHNUM, config.table_count);
  set(auxv, AT_BASE, base);
  set(auxv, AT_ENTRY, config.entry);
  return start;
}
