/** `wasi:http/types.request-options`, in nanoseconds; `undefined`: the host's own. */
export class RequestOptions {
  connectTimeoutNs: bigint | undefined = undefined;
  firstByteTimeoutNs: bigint | undefined = undefined;
  betweenBytesTimeoutNs: bigint | undefined = undefined;
}
