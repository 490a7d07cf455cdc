import { CA_FILE, CONFIG_FILE } from "./references.ts";
import type { ExecutorObject, SpinAppObject } from "./spinapp-object.ts";

interface Volumes {
  readonly volumes: readonly object[];
  readonly mounts: readonly object[];
}

export const CONFIG_PATH = `/${CONFIG_FILE}`;
const CA_PATH = `/etc/ssl/certs/${CA_FILE}`;

/** Name of the Secret with certificates; undefined when none is mounted. */
export function caSecretName({ spec }: ExecutorObject): string | undefined {
  const { caCertSecret = "", installDefaultCACerts = false } = spec.deploymentConfig ?? {};
  if (caCertSecret !== "") return caCertSecret;
  return installDefaultCACerts ? "spin-ca" : undefined;
}

/** The runtime configuration, what the SpinApp mounts, and certificates unless it mounts its own, in this order. */
export function volumesOf(
  { spec }: SpinAppObject,
  executor: ExecutorObject,
  configSecret: string | undefined,
): Volumes {
  const config = fileFromSecret("spin-runtime-config", configSecret, CONFIG_PATH);
  const hasOwn = (spec.volumeMounts ?? []).some(({ mountPath }) => mountPath === CA_PATH);
  const certificates = fileFromSecret("spin-ca", hasOwn ? undefined : caSecretName(executor), CA_PATH);
  return {
    volumes: [...config.volumes, ...(spec.volumes ?? []), ...certificates.volumes],
    mounts: [...config.mounts, ...(spec.volumeMounts ?? []), ...certificates.mounts],
  };
}

/** One file of a Secret, at a path of its own. */
function fileFromSecret(name: string, secretName: string | undefined, mountPath: string): Volumes {
  if (secretName === undefined) return { volumes: [], mounts: [] };
  const file = mountPath.slice(mountPath.lastIndexOf("/") + 1);
  return {
    volumes: [{ name, secret: { secretName, optional: true, items: [{ key: file, path: file }] } }],
    mounts: [{ name, mountPath, subPath: file, readOnly: true }],
  };
}
