/** `wasi:filesystem/types.error-code` */
export type FilesystemErrorCode = (typeof BY_ERRNO)[keyof typeof BY_ERRNO] | "unsupported";

const BY_ERRNO = {
  EACCES: "access",
  EAGAIN: "would-block",
  EALREADY: "already",
  EBADF: "bad-descriptor",
  EBUSY: "busy",
  EDEADLK: "deadlock",
  EDQUOT: "quota",
  EEXIST: "exist",
  EFBIG: "file-too-large",
  EILSEQ: "illegal-byte-sequence",
  EINPROGRESS: "in-progress",
  EINTR: "interrupted",
  EINVAL: "invalid",
  EIO: "io",
  EISDIR: "is-directory",
  ELOOP: "loop",
  EMLINK: "too-many-links",
  EMSGSIZE: "message-size",
  ENAMETOOLONG: "name-too-long",
  ENODEV: "no-device",
  ENOENT: "no-entry",
  ENOLCK: "no-lock",
  ENOMEM: "insufficient-memory",
  ENOSPC: "insufficient-space",
  ENOTDIR: "not-directory",
  ENOTEMPTY: "not-empty",
  ENOTRECOVERABLE: "not-recoverable",
  ENOTTY: "no-tty",
  ENXIO: "no-such-device",
  EOVERFLOW: "overflow",
  EPERM: "not-permitted",
  EPIPE: "pipe",
  EROFS: "read-only",
  ESPIPE: "invalid-seek",
  ETXTBSY: "text-file-busy",
  EXDEV: "cross-device",
} as const;

/** Errors without a code of their own: the nearest. */
const NEAREST: Readonly<Record<string, FilesystemErrorCode>> = {
  EMFILE: "insufficient-memory",
  ENFILE: "insufficient-memory",
  ENOSYS: "unsupported",
  EOPNOTSUPP: "unsupported",
  ENOTSUP: "unsupported",
};

const CODES: ReadonlyMap<string, FilesystemErrorCode> = new Map([
  ...Object.entries(BY_ERRNO),
  ...Object.entries(NEAREST),
]);

/** Refused by Node before the kernel could: a path with a zero byte, a read at the last offsets that there are. */
const NODE_REFUSALS: ReadonlySet<string> = new Set(["ERR_INVALID_ARG_VALUE", "ERR_OUT_OF_RANGE"]);

/** Refused by the host and not by the kernel. */
export class FilesystemError extends Error {
  override readonly name = "FilesystemError";
  readonly filesystemCode: FilesystemErrorCode;

  constructor(filesystemCode: FilesystemErrorCode) {
    super(filesystemCode);
    this.filesystemCode = filesystemCode;
  }
}

/** The guest's code for an error of the host's functions or of Node. `undefined`: not an error of a file system. */
export function filesystemErrorCode(error: unknown): FilesystemErrorCode | undefined {
  if (error instanceof FilesystemError) return error.filesystemCode;
  if (!(error instanceof Error) || !("code" in error) || typeof error.code !== "string") return undefined;
  if (NODE_REFUSALS.has(error.code)) return "invalid";
  return CODES.get(error.code);
}
