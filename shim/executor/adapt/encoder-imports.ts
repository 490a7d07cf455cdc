/** Of WASI's first version: the file is not open, so there are none. */
const BADF = 8;

type Preview1 = Readonly<Record<string, (...args: readonly number[]) => number>>;

/** What the encoder asks of its host: random bytes, an empty environment, no files. It is given all that it needs. */
export function encoderImports(memory: () => ArrayBuffer): Preview1 {
  return {
    random_get: (at = 0, length = 0) => {
      crypto.getRandomValues(new Uint8Array(memory(), at, length));
      return 0;
    },
    environ_get: () => 0,
    environ_sizes_get: (countAt = 0, bytesAt = 0) => {
      const view = new DataView(memory());
      view.setUint32(countAt, 0, true);
      view.setUint32(bytesAt, 0, true);
      return 0;
    },
    proc_exit: (code = 0) => {
      throw new Error(`The encoder ended with ${String(code)}`);
    },
    fd_close: none,
    fd_fdstat_get: none,
    fd_filestat_get: none,
    fd_prestat_get: none,
    fd_prestat_dir_name: none,
    fd_read: none,
    fd_readdir: none,
    fd_write: none,
    path_filestat_get: none,
    path_open: none,
  };
}

function none(): number {
  return BADF;
}
