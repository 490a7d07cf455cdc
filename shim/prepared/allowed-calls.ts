/** Of CLONE_NEW…: all flags that make a namespace. */
const NAMESPACE_FLAGS = 0x7e02_0000;
/** So the C library takes an older call in place of one that is refused. */
const ENOSYS = 38;

const MEMORY = "brk madvise membarrier mmap mprotect mremap munmap pkey_alloc pkey_free pkey_mprotect";
const FILES =
  "access close close_range dup dup2 dup3 faccessat faccessat2 fcntl fstat fstatfs getcwd getdents64 ioctl lseek lstat newfstatat open " +
  "openat pread64 pwrite64 read readlink readlinkat readv stat statx write writev";
const WAITING =
  "clock_getres clock_gettime clock_nanosleep epoll_create1 epoll_ctl epoll_pwait epoll_pwait2 epoll_wait eventfd2 futex " +
  "gettimeofday nanosleep pipe2 poll ppoll sched_yield time";
const PROCESS =
  "arch_prctl capget execve exit exit_group getegid geteuid getgid getpid getppid getrandom getresgid getresuid getrlimit " +
  "getrusage gettid getuid prctl prlimit64 restart_syscall rseq rt_sigaction rt_sigprocmask rt_sigreturn rt_sigtimedwait " +
  "sched_getaffinity sched_getparam sched_getscheduler set_robust_list set_tid_address sigaltstack sysinfo tgkill uname";

/**
 * The system calls of Node and of the last steps of runc: to read and to write what is open, to open what the root has,
 * memory, threads, time. No sockets, no namespaces, no other process, nothing that changes a file system.
 *
 * @see {@link https://github.com/opencontainers/runtime-spec/blob/v1.2.0/config-linux.md#seccomp}
 */
export const ALLOWED_CALLS = {
  defaultAction: "SCMP_ACT_ERRNO",
  defaultErrnoRet: ENOSYS,
  syscalls: [
    { names: [MEMORY, FILES, WAITING, PROCESS].join(" ").split(" "), action: "SCMP_ACT_ALLOW" },
    {
      names: ["clone"],
      action: "SCMP_ACT_ALLOW",
      args: [{ index: 0, value: NAMESPACE_FLAGS, valueTwo: 0, op: "SCMP_CMP_MASKED_EQ" }],
    },
  ],
} as const;
