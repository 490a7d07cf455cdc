/** A JSON object of which only the named fields are known; what else there is stays as it is. */
interface Open {
  readonly [field: string]: unknown;
}

/**
 * The fields of an OCI runtime spec that the shim reads or writes. A number that JavaScript cannot hold exactly is a
 * `JSON.rawJSON` value, which `JSON.stringify` writes as it was.
 *
 * @see {@link https://github.com/opencontainers/runtime-spec/blob/v1.2.0/config.md}
 */
export interface OciSpec extends Open {
  readonly ociVersion: string;
  readonly process?: OciProcess;
  readonly root?: OciRoot;
  readonly mounts?: readonly OciMount[];
  readonly annotations?: Readonly<Record<string, string>>;
  readonly linux?: OciLinux;
}

export interface OciProcess extends Open {
  readonly terminal?: boolean;
  readonly user?: OciUser;
  readonly args?: readonly string[];
  readonly env?: readonly string[];
  readonly cwd: string;
}

interface OciUser extends Open {
  readonly uid?: number;
  readonly gid?: number;
}

interface OciRoot extends Open {
  readonly path: string;
  readonly readonly?: boolean;
}

export interface OciMount extends Open {
  readonly destination: string;
  readonly type?: string;
  readonly source?: string;
  readonly options?: readonly string[];
}

export interface OciLinux extends Open {
  readonly cgroupsPath?: string;
  readonly readonlyPaths?: readonly string[];
}
