import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** A real HTTP server that the cluster's nodes reach, with a path for each artifact or fault. */
export interface ArtifactServer {
  url(path: string): string;
  serve(path: string, body: Buffer): void;
  handle(path: string, handler: Handler): void;
  /** What `serve` was given. */
  bytes(path: string): Buffer | undefined;
  /** How often the path was asked for. */
  hits(path: string): number;
  close(): Promise<void>;
}

export async function startArtifactServer(address: string): Promise<ArtifactServer> {
  const handlers = new Map<string, Handler>();
  const hits = new Map<string, number>();
  const bodies = new Map<string, Buffer>();
  const server = createServer((request, response) => {
    const path = request.url ?? "";
    hits.set(path, (hits.get(path) ?? 0) + 1);
    const handler = handlers.get(path);
    if (handler !== undefined) handler(request, response);
    else response.writeHead(404, { "content-type": "text/html" }).end("<html>no such file</html>");
  });
  server.listen(0, address);
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: (path) => `http://${address}:${port}${path}`,
    serve: (path, body) => {
      bodies.set(path, body);
      handlers.set(path, (_request, response) => response.end(body));
    },
    handle: (path, handler) => {
      handlers.set(path, handler);
    },
    bytes: (path) => bodies.get(path),
    hits: (path) => hits.get(path) ?? 0,
    close: async () => closed(server),
  };
}

async function closed(server: Server): Promise<void> {
  server.closeAllConnections();
  server.close();
  await once(server, "close");
}

export function sha256(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}
