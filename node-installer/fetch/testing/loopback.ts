import { type RequestListener, type Server, createServer } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { Certificate } from "./certificate.ts";

export interface Loopback extends AsyncDisposable {
  /** `http://127.0.0.1:port` or `https://…`, no slash at the end. */
  readonly url: string;
  /** What was asked for, in order. */
  readonly asked: readonly string[];
  readonly server: Server;
}

/** A server on 127.0.0.1 for one test; by https if it has a certificate. */
export async function serve(listener: RequestListener, certificate?: Certificate): Promise<Loopback> {
  const asked: string[] = [];
  const server = certificate === undefined ? createServer() : createTlsServer(certificate);
  server.on("request", (request, response) => {
    asked.push(request.url ?? "");
    listener(request, response);
  });
  const { promise, resolve } = Promise.withResolvers<undefined>();
  server.listen(0, "127.0.0.1", () => {
    resolve(undefined);
  });
  await promise;
  const address = server.address();
  const port = typeof address === "object" ? address?.port : undefined;
  return {
    url: `${certificate === undefined ? "http" : "https"}://127.0.0.1:${String(port)}`,
    asked,
    server,
    async [Symbol.asyncDispose]() {
      const closed = Promise.withResolvers<undefined>();
      server.close(() => {
        closed.resolve(undefined);
      });
      server.closeAllConnections();
      await closed.promise;
    },
  };
}
