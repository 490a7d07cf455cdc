import { randomInt } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:net";

/** Above Kubernetes' own ports, below those that it gives to Services (30000) and Linux to outgoing connections (32768). */
const [LOWEST, HIGHEST] = [11_000, 29_999];
const TRIES = 100;

/**
 * A port that nobody listens on just now. Connections of others do not take it either while a server is started again.
 *
 * @throws {Error} if none of 100 is free.
 */
export async function freePort(address = "127.0.0.1"): Promise<number> {
  for (let attempt = 0; attempt < TRIES; attempt += 1) {
    const port = randomInt(LOWEST, HIGHEST + 1);
    if (await isPortFree(port, address)) return port;
  }
  throw new Error(`Cannot find a free port at ${address}: ${TRIES} were taken`);
}

/** Whether nobody listens there just now. */
export async function isPortFree(port: number, address: string): Promise<boolean> {
  const server = createServer();
  try {
    await once(server.listen(port, address), "listening");
  } catch {
    return false;
  }
  server.close();
  await once(server, "close");
  return true;
}
