import { getCACertificates } from "node:tls";
import { Agent, type Dispatcher, Pool, ProxyAgent } from "undici";
import { proxyFor } from "./proxy.ts";
import type { FetchOrder } from "./request.ts";

/** Makes what carries one request: directly or through the proxy. HTTP/1.1 only, which says the length that is to come. */
export function createDispatcher(url: URL, { proxies, limits, caBundle }: FetchOrder): Dispatcher {
  const { connectTimeoutMs: timeout, idleTimeoutMs } = limits;
  const timeouts = { headersTimeout: idleTimeoutMs, bodyTimeout: idleTimeoutMs };
  const tls = { timeout, allowH2: false, ...(caBundle === undefined ? {} : { ca: authorities(caBundle) }) };
  const proxy = proxyFor(url, proxies);
  if (proxy === undefined) return new Agent({ ...timeouts, allowH2: false, connect: tls });
  return new ProxyAgent({
    ...timeouts,
    allowH2: false,
    uri: proxy.href,
    requestTls: tls,
    proxyTls: tls,
    clientFactory: (origin, options) => new Pool(origin, { ...options, ...timeouts }),
  });
}

function authorities(bundle: string): string[] {
  return [...getCACertificates("default"), bundle];
}
