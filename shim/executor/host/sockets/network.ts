/** `wasi:sockets/network.network`: a permission to be asked; the policy answers, whichever handle the guest holds. */
export class Network {
  readonly kind = "network";
}
