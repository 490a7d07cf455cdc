/* What the launcher needs of the kernel: types, numbers and calls, for both architectures. */
typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;

/* https://gabi.xinuos.com/elf/02-eheader.html, 07-pheader.html */
struct elf {
  u8 ident[16];
  u16 type, machine;
  u32 version;
  u64 entry, phoff, shoff;
  u32 flags;
  u16 ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
};

struct segment {
  u32 type, flags;
  u64 offset, address, physical, file_size, memory_size, align;
};

enum { PT_LOAD = 1, PF_X = 1, PF_W = 2, PF_R = 4 };
enum { AT_NULL = 0, AT_PHDR = 3, AT_PHNUM = 5, AT_PAGESZ = 6, AT_BASE = 7, AT_ENTRY = 9, AT_RANDOM = 25 };

/* Linux's own numbers, the same on x86-64 and arm64. */
enum { EPERM = 1, ENOENT = 2, EINTR = 4, EIO = 5, ENOEXEC = 8, EACCES = 13, EEXIST = 17, ENOSPC = 28, EROFS = 30, EDQUOT = 122 };
enum { O_RDONLY = 0, O_WRONLY = 1, O_CREAT = 0100, O_EXCL = 0200, O_TRUNC = 01000, O_NONBLOCK = 04000, O_CLOEXEC = 02000000 };
enum { AF_UNIX = 1, SOCK_STREAM = 1, SOCK_NONBLOCK = 04000, SOCK_CLOEXEC = 02000000 };
enum { PROT_NONE = 0, PROT_READ = 1, PROT_WRITE = 2, PROT_EXEC = 4 };
enum { MAP_PRIVATE = 2, MAP_FIXED = 16, MAP_ANONYMOUS = 32 };
enum { AT_FDCWD = -100, SIGCHLD = 17, S_IFMT = 0170000, S_IFREG = 0100000, STATX_BASIC = 0x7ff };

struct statx {
  u32 mask, blksize;
  u64 attributes;
  u32 nlink, uid, gid;
  u16 mode, spare;
  u64 ino, size, rest[26];
};

struct unix_address {
  u16 family;
  char path[108];
};

#if defined(__x86_64__)
enum {
  SYS_read = 0, SYS_write = 1, SYS_close = 3, SYS_mmap = 9, SYS_pread = 17, SYS_getpid = 39, SYS_socket = 41, SYS_connect = 42,
  SYS_clone = 56, SYS_wait4 = 61,
  SYS_fsync = 74, SYS_fchmod = 91, SYS_setsid = 112, SYS_exit_group = 231, SYS_openat = 257, SYS_mkdirat = 258, SYS_unlinkat = 263,
  SYS_readlinkat = 267, SYS_fchmodat = 268, SYS_pipe2 = 293, SYS_renameat2 = 316, SYS_statx = 332
};

static inline long call(long number, u64 a, u64 b, u64 c, u64 d, u64 e, u64 f) {
  long result;
  register u64 r10 __asm__("r10") = d;
  register u64 r8 __asm__("r8") = e;
  register u64 r9 __asm__("r9") = f;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                   : "rcx", "r11", "memory");
  return result;
}

/* Makes room for the tables below the kernel's stack, calls launch() still lower, and goes on with what it returns. */
__asm__(".section .text.start,\"ax\",@progbits\n"
        ".globl _start\n_start:\n"
        "  xor %ebp, %ebp\n  mov %rsp, %rbx\n  mov %rsp, %rdi\n  and $-16, %rsp\n  call table_bytes\n"
        "  mov %rbx, %rsi\n  sub %rax, %rsi\n  and $-16, %rsi\n  mov %rbx, %rdi\n  mov %rsi, %rsp\n  call launch\n"
        "  mov %rdx, %rsp\n  xor %edx, %edx\n  jmp *%rax\n"
        ".text\n");
#elif defined(__aarch64__)
enum {
  SYS_mkdirat = 34, SYS_unlinkat = 35, SYS_fchmod = 52, SYS_fchmodat = 53, SYS_openat = 56, SYS_close = 57, SYS_pipe2 = 59,
  SYS_read = 63, SYS_write = 64, SYS_pread = 67, SYS_readlinkat = 78, SYS_fsync = 82, SYS_exit_group = 94, SYS_setsid = 157,
  SYS_getpid = 172, SYS_socket = 198, SYS_connect = 203, SYS_clone = 220, SYS_mmap = 222, SYS_wait4 = 260, SYS_renameat2 = 276, SYS_statx = 291
};

static inline long call(long number, u64 a, u64 b, u64 c, u64 d, u64 e, u64 f) {
  register long x8 __asm__("x8") = number;
  register u64 x0 __asm__("x0") = a;
  register u64 x1 __asm__("x1") = b;
  register u64 x2 __asm__("x2") = c;
  register u64 x3 __asm__("x3") = d;
  register u64 x4 __asm__("x4") = e;
  register u64 x5 __asm__("x5") = f;
  __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5) : "memory");
  return x0;
}

__asm__(".section .text.start,\"ax\",@progbits\n"
        ".globl _start\n_start:\n"
        "  mov x29, #0\n  mov x30, #0\n  mov x19, sp\n  mov x0, sp\n  bl table_bytes\n"
        "  sub x1, x19, x0\n  and x1, x1, #-16\n  mov x0, x19\n  mov sp, x1\n  bl launch\n"
        "  mov sp, x1\n  mov x16, x0\n  mov x0, #0\n  mov x30, #0\n  br x16\n"
        ".text\n");
#else
#error "The launcher knows x86-64 and arm64 only"
#endif

static inline long sys_read(int fd, void *to, u64 n) { return call(SYS_read, fd, (u64)to, n, 0, 0, 0); }
static inline long sys_write(int fd, const void *from, u64 n) { return call(SYS_write, fd, (u64)from, n, 0, 0, 0); }
static inline long sys_pread(int fd, void *to, u64 n, u64 at) { return call(SYS_pread, fd, (u64)to, n, at, 0, 0); }
static inline long sys_close(int fd) { return call(SYS_close, fd, 0, 0, 0, 0, 0); }
static inline long sys_fsync(int fd) { return call(SYS_fsync, fd, 0, 0, 0, 0, 0); }
static inline long sys_fchmod(int fd, int mode) { return call(SYS_fchmod, fd, mode, 0, 0, 0, 0); }
static inline long sys_getpid(void) { return call(SYS_getpid, 0, 0, 0, 0, 0, 0); }
static inline long sys_socket(int family, int type) { return call(SYS_socket, family, type, 0, 0, 0, 0); }
static inline long sys_connect(int fd, const void *to, u64 n) { return call(SYS_connect, fd, (u64)to, n, 0, 0, 0); }
static inline long sys_setsid(void) { return call(SYS_setsid, 0, 0, 0, 0, 0, 0); }
static inline long sys_fork(void) { return call(SYS_clone, SIGCHLD, 0, 0, 0, 0, 0); }
static inline long sys_wait(int pid, int *status) { return call(SYS_wait4, pid, (u64)status, 0, 0, 0, 0); }
static inline long sys_pipe(int *ends, int flags) { return call(SYS_pipe2, (u64)ends, flags, 0, 0, 0, 0); }
static inline long sys_unlink(const char *path) { return call(SYS_unlinkat, AT_FDCWD, (u64)path, 0, 0, 0, 0); }
static inline long sys_mkdir(const char *path, int mode) { return call(SYS_mkdirat, AT_FDCWD, (u64)path, mode, 0, 0, 0); }
static inline long sys_chmod(const char *path, int mode) { return call(SYS_fchmodat, AT_FDCWD, (u64)path, mode, 0, 0, 0); }

static inline long sys_open(const char *path, int flags, int mode) {
  return call(SYS_openat, AT_FDCWD, (u64)path, flags, mode, 0, 0);
}

static inline long sys_readlink(const char *path, char *to, u64 n) {
  return call(SYS_readlinkat, AT_FDCWD, (u64)path, (u64)to, n, 0, 0);
}

static inline long sys_rename(const char *from, const char *to) {
  return call(SYS_renameat2, AT_FDCWD, (u64)from, AT_FDCWD, (u64)to, 0, 0);
}

static inline long sys_statx(const char *path, struct statx *info) {
  return call(SYS_statx, AT_FDCWD, (u64)path, 0, STATX_BASIC, (u64)info, 0);
}

static inline long sys_mmap(u64 at, u64 size, int protect, int flags, int fd, u64 offset) {
  return call(SYS_mmap, at, size, protect, flags, fd, offset);
}

static inline void __attribute__((noreturn)) sys_exit(int code) {
  for (;;) call(SYS_exit_group, code, 0, 0, 0, 0, 0);
}
