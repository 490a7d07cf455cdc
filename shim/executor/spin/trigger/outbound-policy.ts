import type { OutgoingTarget } from "../../host/http/outgoing-service.ts";
import type { NetworkPolicy, NetworkUse } from "../../host/sockets/network-policy.ts";
import type { PodLog } from "../../server/pod-log.ts";
import { type AllowedHosts, isAllowed, isSelfAllowed, isUdpAllowed } from "../outbound/allowed-hosts.ts";
import type { NetworkSet } from "../outbound/networks.ts";
import { bareHost, parseAddress } from "../outbound/outbound-target.ts";
import { SELF_HOST } from "./spin-outgoing.ts";

/** Of what was denied, so much is logged: a guest makes names up as it likes. */
const MAX_LOGGED = 100;

export interface OutboundPolicyOptions {
  readonly component: string;
  readonly hosts: AllowedHosts;
  /** What no guest may reach. */
  readonly blocked: NetworkSet;
  readonly log: PodLog;
}

/** Where one component may connect to, by its manifest and the runtime configuration. */
export class OutboundPolicy implements NetworkPolicy {
  readonly #options: OutboundPolicyOptions;
  readonly #logged = new Set<string>();

  constructor(options: OutboundPolicyOptions) {
    this.#options = options;
  }

  /** Whoever may connect to nothing learns nothing about names either. */
  get mayResolve(): boolean {
    return this.#options.hosts.length > 0;
  }

  /** Sockets: as Spin has it, by address, never to be listened on by TCP. */
  isAllowed({ kind, address, port }: NetworkUse): boolean {
    if (kind === "tcp-bind") return false;
    const scheme = kind === "tcp-connect" ? "tcp" : "udp";
    // Who sends datagrams has to bind first; to a port that the system chooses, if it does not matter which.
    if (kind === "udp-bind" && port === 0 && isUdpAllowed(this.#options.hosts)) return true;
    return this.#check({ scheme, host: address, port }) && (kind === "udp-bind" || !this.isBlocked(address));
  }

  allowsHttp({ scheme, host, port }: OutgoingTarget): boolean {
    if (host === SELF_HOST) return isSelfAllowed(this.#options.hosts) || this.#deny(`${scheme}://self`);
    return this.#check({ scheme, host: bareHost(host), port });
  }

  /** Whether the runtime configuration keeps guests from the address, whatever their manifests say. That is logged. */
  isBlocked(address: string): boolean {
    if (!this.#options.blocked.has(bareHost(address))) return false;
    this.#logOnce(
      "Outgoing connection blocked",
      address,
      "change block_networks of the runtime configuration if it is to go there",
    );
    return true;
  }

  async mayConnect(scheme: string, address: string): Promise<boolean> {
    const target = parseAddress(address, scheme);
    return Promise.resolve(target !== undefined && this.#check(target) && !this.isBlocked(target.host));
  }

  #check(target: { readonly scheme: string; readonly host: string; readonly port: number | undefined }): boolean {
    if (isAllowed(this.#options.hosts, target)) return true;
    const host = target.host.includes(":") ? `[${target.host}]` : target.host;
    return this.#deny(`${target.scheme}://${host}${target.port === undefined ? "" : `:${target.port}`}`);
  }

  #deny(destination: string): false {
    const remedy = `add "${destination}" to its allowed_outbound_hosts if it is to go there`;
    this.#logOnce("Outgoing connection denied", destination, remedy);
    return false;
  }

  #logOnce(message: string, destination: string, remedy: string): void {
    const { component, log } = this.#options;
    if (this.#logged.has(destination) || this.#logged.size >= MAX_LOGGED) return;
    this.#logged.add(destination);
    log.error(message, { component, destination, remedy });
  }
}
