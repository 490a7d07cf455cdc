import { X509Certificate } from "node:crypto";
import { fileURLToPath } from "node:url";
import { knownArchitectures } from "./elf.ts";
import { type FetchError, cannotFetch } from "./fetch-error.ts";
import { DEFAULT_LIMITS, type FetchLimits } from "./limits.ts";
import { type ProxySettings, parseProxyEnv } from "./proxy.ts";
import { printable, shownLocation } from "./shown-location.ts";

/** What to fetch, and how. */
export interface FetchRequest {
  /** `https:` or `http:` URL; `file:` only if `allowFile`. A user and password in it are sent as basic authentication. */
  readonly location: string;
  /** sha256 of what `location` serves, hex, any case. Absent: anything is taken, and the result says so. */
  readonly sha256?: string | undefined;
  /** Name of the executable in the archive: `containerd-shim-spin-v2`. */
  readonly binaryName: string;
  /** Of the node, as in `node.status.nodeInfo.architecture`: `amd64`, `arm64` and so on. */
  readonly architecture: string;
  /** Existing folder that the executable is put into. Nothing is written outside of it. */
  readonly destination: string;
  /** What the executable is called there; `binaryName` unless told. */
  readonly fileName?: string | undefined;
  /** For use by hand: `location` may be a file of this machine. */
  readonly allowFile?: boolean | undefined;
  readonly limits?: Partial<FetchLimits> | undefined;
  /** Environment variables, of which those for proxies are looked at, in lower and upper case. */
  readonly proxyEnv?: Readonly<Record<string, string | undefined>> | undefined;
  /** Certificates in PEM of authorities that are trusted besides the well-known ones. */
  readonly caBundle?: string | undefined;
}

/** A request that has been looked at. */
export interface FetchOrder {
  readonly url: URL;
  /** The location for messages. */
  readonly shown: string;
  /** Lower case. */
  readonly sha256: string | undefined;
  readonly binaryName: string;
  readonly fileName: string;
  readonly architecture: string;
  readonly destination: string;
  readonly limits: FetchLimits;
  readonly proxies: ProxySettings;
  readonly caBundle: string | undefined;
}

const SHA256 = /^[0-9a-f]{64}$/iu;
/** A file's name that needs no escaping anywhere and is no hidden file, at most 128 characters. */
const FILE_NAME = /^[A-Za-z0-9_][A-Za-z0-9._+-]{0,127}$/u;
const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/gu;

/** @throws {FetchError} `RequestInvalid` */
export function parseRequest(request: FetchRequest): FetchOrder {
  const shown = shownLocation(request.location);
  function invalid(theCase: string, cause?: unknown): FetchError {
    return cannotFetch("RequestInvalid", shown, theCase, { cause });
  }
  const { sha256, binaryName, fileName = binaryName, architecture } = request;
  if (sha256 !== undefined && !SHA256.test(sha256)) {
    throw invalid(`its sha256 "${printable(sha256.slice(0, 80))}" is not 64 hexadecimal digits`);
  }
  for (const name of [binaryName, fileName]) {
    if (!FILE_NAME.test(name)) throw invalid(`"${printable(name.slice(0, 80))}" cannot be the name of the executable`);
  }
  if (!knownArchitectures().includes(architecture)) {
    const known = knownArchitectures().join(", ");
    throw invalid(`the node's architecture "${printable(architecture.slice(0, 40))}" is none of ${known}`);
  }
  const url = parseLocation(request, invalid);
  const limits = parseLimits(request.limits ?? {}, invalid);
  checkBundle(request.caBundle, invalid);
  return {
    url,
    shown,
    sha256: sha256?.toLowerCase(),
    binaryName,
    fileName,
    architecture,
    destination: request.destination,
    limits,
    proxies: parseProxies(request.proxyEnv ?? {}, invalid),
    caBundle: request.caBundle,
  };
}

type Invalid = (theCase: string, cause?: unknown) => FetchError;

function parseLocation({ location, allowFile }: FetchRequest, invalid: Invalid): URL {
  const url = URL.canParse(location) ? new URL(location) : undefined;
  if (url === undefined) throw invalid("it is no absolute URL: write https://host/path");
  if (url.protocol === "https:" || url.protocol === "http:") return url;
  if (url.protocol !== "file:") throw invalid("it is no https or http URL");
  if (allowFile !== true) throw invalid("files of the machine are only taken by hand: serve it by https");
  try {
    fileURLToPath(url);
  } catch (cause) {
    throw invalid("it is no file of this machine: write file:///path", cause);
  }
  return url;
}

function parseLimits(given: Partial<FetchLimits>, invalid: Invalid): FetchLimits {
  const limits = { ...DEFAULT_LIMITS, ...given };
  for (const [name, value] of Object.entries(limits)) {
    if (Number.isSafeInteger(value) && value > 0) continue;
    throw invalid(`its limit ${name} is ${String(value)}, not a number from 1`);
  }
  return limits;
}

function parseProxies(env: Readonly<Record<string, string | undefined>>, invalid: Invalid): ProxySettings {
  try {
    return parseProxyEnv(env);
  } catch (cause) {
    throw invalid(cause instanceof Error ? cause.message : "the proxy is wrong");
  }
}

/** TLS passes over what it cannot read, which shows much later as a server that nobody trusts. */
function checkBundle(bundle: string | undefined, invalid: Invalid): void {
  if (bundle === undefined) return;
  const certificates = bundle.match(CERTIFICATE) ?? [];
  if (certificates.length === 0) throw invalid("the CA bundle holds no certificate in PEM");
  try {
    for (const certificate of certificates) void new X509Certificate(certificate);
  } catch (cause) {
    throw invalid("a certificate in the CA bundle is damaged", cause);
  }
}
