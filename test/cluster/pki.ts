import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { runCommand } from "./run-command.ts";

const OPENSSL_TIMEOUT_MS = 30_000;
const DAYS = "365";
const NEW_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-batch"];

export interface Certificate {
  /** File name without `.crt` and `.key`. */
  readonly name: string;
  /** As openssl wants it: `/O=system:masters/CN=admin`. */
  readonly subject: string;
  /** `DNS:…` and `IP:…`; for servers. */
  readonly names?: readonly string[];
}

/** Makes the certificate authority `ca` and the service account keys `sa` in the folder. */
export async function makeAuthority(folder: string, signal: AbortSignal): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const options = { cwd: folder, timeoutMs: OPENSSL_TIMEOUT_MS };
  const authority = [
    "-x509",
    ...NEW_KEY,
    "-subj",
    "/CN=rcm-cluster",
    "-days",
    DAYS,
    "-keyout",
    "ca.key",
    "-out",
    "ca.crt",
  ];
  await Promise.all([
    runCommand(["openssl", "req", ...authority], options, signal),
    runCommand(
      ["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-out", "sa.key"],
      options,
      signal,
    ),
  ]);
  await runCommand(["openssl", "pkey", "-in", "sa.key", "-pubout", "-out", "sa.pub"], options, signal);
}

/** Issues certificates for clients and servers, with their keys. */
export async function issueCertificates(
  folder: string,
  certificates: readonly Certificate[],
  signal: AbortSignal,
): Promise<void> {
  await Promise.all(
    certificates.map(async ({ name, subject, names = ["DNS:none"] }) => {
      const purpose = "extendedKeyUsage=clientAuth,serverAuth";
      const extensions = [purpose, `subjectAltName=${names.join(",")}`, "basicConstraints=critical,CA:FALSE"];
      const argv = ["openssl", "req", "-x509", ...NEW_KEY, "-subj", subject, "-days", DAYS].concat(
        ["-CA", "ca.crt", "-CAkey", "ca.key", "-keyout", `${name}.key`, "-out", `${name}.crt`],
        extensions.flatMap((extension) => ["-addext", extension]),
      );
      await runCommand(argv, { cwd: folder, timeoutMs: OPENSSL_TIMEOUT_MS }, signal);
    }),
  );
}

/** Writes a kubeconfig that holds the certificate and key, so that it can be copied elsewhere. */
export async function writeKubeconfig(file: string, pki: string, user: string, server: string): Promise<void> {
  const [authority, certificate, key] = await Promise.all(
    ["ca.crt", `${user}.crt`, `${user}.key`].map(async (name) => readFile(join(pki, name), "base64")),
  );
  const config = {
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "rcm", cluster: { server, "certificate-authority-data": authority } }],
    users: [{ name: user, user: { "client-certificate-data": certificate, "client-key-data": key } }],
    contexts: [{ name: "rcm", context: { cluster: "rcm", user } }],
    "current-context": "rcm",
  };
  await writeFile(file, `${JSON.stringify(config, undefined, 2)}\n`, { mode: 0o600 }); // JSON is YAML.
}
