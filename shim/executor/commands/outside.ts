import { readFileSync } from "node:fs";
import { nodeTls } from "@rcm/lib/late-modules";
import { type TlsOptions, type HttpClientOptions, HttpClientService } from "../host/http/http-client-service.ts";
import type { OutgoingCall, OutgoingService } from "../host/http/outgoing-service.ts";
import { SpinError } from "../spin/errors.ts";
import { parseBlockedNetworks } from "../spin/outbound/blocked-networks.ts";
import type { ClientTlsConfig, RuntimeConfig } from "../spin/runtime-config/runtime-config.ts";
import { lookupUnlessBlocked } from "../spin/trigger/blocked-lookup.ts";
import { MAX_CONNECTIONS } from "./host-services.ts";
import { inRoot } from "./in-root.ts";
import { RequestGate } from "./request-gate.ts";
import { certificatesIn } from "./trusted-certificates.ts";

type Sender = Pick<OutgoingService, "send">;

/** The way from components to other servers, as the runtime configuration has it. */
export class Outside implements Disposable {
  readonly #options: HttpClientOptions;
  readonly #common: HttpClientService;
  readonly #own: HttpClientService[] = [];
  /** By component and host. */
  readonly #byHost = new Map<string, ReadonlyMap<string, HttpClientService>>();
  readonly #gate: RequestGate | undefined;

  /**
   * @param root - the folder that paths of the configuration are in.
   * @param beforeFirst - called before the first request: it changes which authorities are trusted.
   * @throws {SpinError} `MISSING` for certificates that are not there, `INVALID` for those that are none, and for two ways
   *   to one host.
   */
  constructor({ outboundHttp, blockNetworks, clientTls }: RuntimeConfig, root: string, beforeFirst: () => void) {
    this.#options = {
      isAllowed: () => true, // Each component's own policy has been asked.
      maxConnections: MAX_CONNECTIONS,
      connections: outboundHttp.connectionPooling ? "kept" : "closed",
      beforeFirst,
      ...(blockNetworks.length === 0 ? {} : { lookup: lookupUnlessBlocked(parseBlockedNetworks(blockNetworks)) }),
    };
    const { maxConcurrentRequests: max } = outboundHttp;
    this.#gate = max === undefined ? undefined : new RequestGate(max);
    this.#common = new HttpClientService(this.#options);
    for (const config of clientTls) this.#add(config, root, beforeFirst);
  }

  /** Whether what is sent has a limit that only one thread can keep. */
  get isCounted(): boolean {
    return this.#gate !== undefined;
  }

  of(component: string): Sender {
    return {
      send: (call) => {
        const service = this.#serviceFor(component, call);
        if (this.#gate === undefined) service.send(call);
        else {
          this.#gate.send(call, (admitted) => {
            service.send(admitted);
          });
        }
      },
    };
  }

  #serviceFor(component: string, { target: { scheme, host } }: OutgoingCall): HttpClientService {
    return (scheme === "https" ? this.#byHost.get(component)?.get(host) : undefined) ?? this.#common;
  }

  #add(config: ClientTlsConfig, root: string, trust: () => void): void {
    const service = new HttpClientService({ ...this.#options, tls: tlsOptions(config, root, trust) });
    this.#own.push(service);
    for (const component of config.componentIds) {
      const byHost = new Map(this.#byHost.get(component));
      for (const host of config.hosts) {
        if (byHost.has(host)) {
          throw new SpinError(
            "INVALID",
            `Cannot use [[client_tls]] of the runtime configuration: two have component "${component}" and host "${host}": take one out`,
          );
        }
        byHost.set(host, service);
      }
      this.#byHost.set(component, byHost);
    }
  }

  [Symbol.dispose](): void {
    for (const service of [this.#common, ...this.#own]) void service.close();
  }
}

/** @param trust - has the container's authorities take the place of Node's. */
function tlsOptions(config: ClientTlsConfig, root: string, trust: () => void): TlsOptions {
  const { clientCertFile, clientPrivateKeyFile } = config;
  const ca = authorities(config, root, trust);
  const own = {
    ...(clientCertFile === undefined ? {} : { cert: readPem(root, clientCertFile) }),
    ...(clientPrivateKeyFile === undefined ? {} : { key: readPem(root, clientPrivateKeyFile) }),
  };
  checkOwn(own, config);
  return { ...(ca === undefined ? {} : { ca }), ...own };
}

/**
 * Without a file of authorities those that are trusted anyway, or none if these are not wanted; with one, only the
 * file's, unless the others are wanted too. `undefined`: those that are trusted anyway.
 */
function authorities(
  { caRootsFile, usesWebpkiRoots }: ClientTlsConfig,
  root: string,
  trust: () => void,
): readonly string[] | undefined {
  if (caRootsFile === undefined) return usesWebpkiRoots === false ? [] : undefined;
  const own = certificatesIn(readPem(root, caRootsFile));
  if (own.length === 0) throw unusable(caRootsFile, "there is no certificate in it");
  if (usesWebpkiRoots !== true) return own;
  trust();
  return [...own, ...nodeTls().getCACertificates("default")];
}

/** Else it would be found at the first request. */
function checkOwn(
  own: Pick<TlsOptions, "cert" | "key">,
  { clientCertFile, clientPrivateKeyFile }: ClientTlsConfig,
): void {
  if (clientCertFile === undefined || clientPrivateKeyFile === undefined) return;
  try {
    nodeTls().createSecureContext(own);
  } catch (error) {
    const is = `it is no certificate in PEM, or the key in "${clientPrivateKeyFile}" is not its own`;
    throw unusable(clientCertFile, is, error);
  }
}

function unusable(path: string, is: string, cause?: unknown): SpinError {
  const what = `"${path}" of [[client_tls]] in the runtime configuration`;
  return new SpinError("INVALID", `Cannot use ${what}: ${is}: mount another file`, { cause });
}

function readPem(root: string, path: string): string {
  try {
    return readFileSync(inRoot(root, path), "utf8");
  } catch (error) {
    throw new SpinError("MISSING", `Cannot read "${path}" of [[client_tls]] in the runtime configuration: mount it`, {
      cause: error,
    });
  }
}
