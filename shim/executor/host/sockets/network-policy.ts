/** Which sockets a guest may use. Asked for every address, bound or connected to. */
export interface NetworkPolicy {
  /** Whether the guest may bind, connect or send there. */
  isAllowed(use: NetworkUse): boolean;
  /** Whether the guest may look names up. */
  readonly mayResolve: boolean;
}

export interface NetworkUse {
  readonly kind: "tcp-bind" | "tcp-connect" | "udp-bind" | "udp-connect" | "udp-send";
  readonly address: string;
  readonly port: number;
}

/** No sockets: what a component gets unless it was given more. */
export const NO_NETWORK: NetworkPolicy = { isAllowed: () => false, mayResolve: false };
